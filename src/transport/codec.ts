import { Packr } from 'msgpackr';
import { defaultTransportLimits, type TransportLimits } from './limits.ts';
import { scan } from './scan.ts';
import type { Value } from './transport.ts';

/** What came of bytes from outside; `bad` says why they are not what they should be. */
export type Decoded<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly bad: string };

/** What a decoder needs of `TransportLimits`. */
export type CodecBounds = Pick<TransportLimits, 'messageBytesMax' | 'elementsMax' | 'depthMax'>;

// No records: with them a message would change how the next one is read.
const packr = new Packr({ useRecords: false, variableMapSize: true, mapsAsObjects: true });

/**
 * `value` as bytes. The result is never written to again, but shares a larger buffer: copy what is kept for long.
 * A lone surrogate in a string does not survive; -0 comes back as 0.
 */
export const encodeValue = (value: Value): Buffer => packr.pack(value);

/** Reads what `encodeValue` wrote. Binary parts are views of one private copy. Never throws. */
export function decodeValue(bytes: Uint8Array, bounds: CodecBounds = defaultTransportLimits): Decoded<Value> {
  if (bytes.length > bounds.messageBytesMax) {
    return { ok: false, bad: `${bytes.length} bytes, at most ${bounds.messageBytesMax} are allowed` };
  }
  const wrong = scan(bytes, bounds);
  if (wrong !== undefined) return { ok: false, bad: `malformed message: ${wrong}` };
  // The bytes may be a slice of a network buffer: what is kept of them must not keep that, nor see it reused.
  const copy = new Uint8Array(bytes);
  try {
    return { ok: true, value: packr.unpack(copy) as Value };
  } catch (error) {
    // The scan admits only what the decoder can read; should they ever disagree, the message is bad, not the node.
    return { ok: false, bad: `malformed message: ${error instanceof Error ? error.message : 'not decodable'}` };
  }
}
