import { crc32 } from 'node:zlib';
import type { Chain, EntryBody, EntryKind } from '../raft/index.ts';

/** How kinds are numbered in chain values and records; never renumbered. */
export const kindNumber: Readonly<Record<EntryKind, number>> = { noop: 0, configuration: 1, commands: 2 };

const above32 = 2 ** 32;

/**
 * The chain of every Holdfast cluster: crc32 over the previous value, term, index, kind and payload. Made only of what
 * is replicated, so that it is equal on all nodes.
 */
export function chainOf(previous: Chain, body: EntryBody): Chain {
  // Allocated per call: a shared scratch buffer would save little and make the function unsafe to re-enter.
  const head = Buffer.allocUnsafe(21);
  head.writeUInt32BE(previous, 0);
  writeIndex(head, body.term, 4);
  writeIndex(head, body.index, 12);
  head[20] = kindNumber[body.kind];
  return crc32(body.payload, crc32(head));
}

/** Eight big-endian bytes, so that byte order is number order; exact up to 2^53. */
export function writeIndex(into: Buffer, value: number, at: number): void {
  into.writeUInt32BE(Math.floor(value / above32), at);
  into.writeUInt32BE(value % above32, at + 4);
}

export const readIndex = (from: Buffer, at: number): number =>
  from.readUInt32BE(at) * above32 + from.readUInt32BE(at + 4);
