import { type ChannelCredentials, credentials, ServerCredentials } from '@grpc/grpc-js';
import { type Address, formatAddress, isLoopback } from './address.ts';
import { TransportError } from './errors.ts';

/**
 * How links are protected. Today there is plaintext only, so this decides where plaintext may go; certificates, and
 * the binding of a certificate to a node id and a role, belong here and nowhere else.
 */
export interface Security {
  /** Allows plaintext beyond loopback: for networks that are private by other means. */
  readonly insecure: boolean;
}

/** Undefined when traffic with `address` may flow as it is, or the error to report. */
export function refuseExposure(address: Address, security: Security): TransportError | undefined {
  if (security.insecure || isLoopback(address.host)) return undefined;
  return new TransportError(
    'INSECURE',
    `${formatAddress(address)} is not a loopback address, and plaintext beyond loopback needs the option insecure: true`,
  );
}

export const serverCredentials = (): ServerCredentials => ServerCredentials.createInsecure();

export const channelCredentials = (): ChannelCredentials => credentials.createInsecure();
