/**
 * - `INVALID_ADDRESS`: not `host:port`.
 * - `INSECURE`: plaintext beyond loopback was not allowed.
 * - `ADDRESS_IN_USE`: another process listens there.
 * - `LISTEN_FAILED`: the address is not one of this host's, or the system refused for another reason (see `cause`).
 * - `CLOSED`: the transport was closed before or meanwhile.
 */
export type TransportErrorCode = 'INVALID_ADDRESS' | 'INSECURE' | 'ADDRESS_IN_USE' | 'LISTEN_FAILED' | 'CLOSED';

/** Why a transport cannot listen or an address cannot be used. Faults of peers are never thrown. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly code: TransportErrorCode;

  constructor(code: TransportErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
