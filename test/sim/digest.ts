import type { Chain, EntryBody, EntryKind } from '../../raft/index.ts';

const kinds: Readonly<Record<EntryKind, number>> = { noop: 1, configuration: 2, commands: 3 };

/** 53 bits over some numbers and bytes; a collision in a run is out of the question, and it needs no native call. */
function digest(numbers: readonly number[], bytes: Uint8Array): number {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (const number of numbers) {
    for (const half of [number | 0, Math.floor(number / 2 ** 32) | 0]) {
      high = Math.imul(high ^ half, 0x9e3779b1);
      low = Math.imul(low ^ half, 0x5f356495);
      high ^= high >>> 15;
      low ^= low >>> 13;
    }
  }
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    high = Math.imul(high ^ byte, 0x9e3779b1);
    low = Math.imul(low ^ byte, 0x5f356495);
  }
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  return 2 ** 32 * (high & 0x1fffff) + (low >>> 0);
}

/** The simulator's chain: covers the whole prefix, like the store's. */
export const chainOf = (previous: Chain, body: EntryBody): Chain =>
  digest([previous, body.index, body.term, kinds[body.kind]], body.payload);

/** The next state of the toy state machine: differs as soon as one entry differs, is missing or comes twice. */
export const nextState = (previous: number, body: EntryBody): number =>
  digest([previous, body.index, kinds[body.kind]], body.payload);
