import type { ChainOf, Configuration, Entry, MemberId, Position } from '../../raft/index.ts';

/** FNV-1a over the previous value and the body: enough to tell logs apart. */
export const chainOf: ChainOf = (previous, { index, term, kind, payload }) => {
  let hash = (previous ^ 0x811c9dc5) >>> 0;
  const fold = (byte: number): void => {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  };
  for (const word of [index, term, kind.length])
    for (let shift = 0; shift < 32; shift += 8) fold((word >>> shift) & 255);
  for (const byte of payload) fold(byte);
  return hash;
};

export const genesis: Position = { index: 0, term: 0, chain: 0 };

export const member = (id: MemberId): { id: string; address: string } => ({ id, address: `${id}:1` });

export const votersOf = (...ids: readonly MemberId[]): Configuration => ({
  voters: ids.map(member),
  outgoing: [],
  learners: [],
});

export const payloadOf = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
export const textOf = (payload: Uint8Array): string => String.fromCharCode(...payload);

/** A log of `commands` entries of these terms: `logOf([1, 1, 2])` is 1/1 2/1 3/2. Payloads differ between `branch`es. */
export const logOf = (terms: readonly number[], branch = ''): readonly Entry[] => logAfter([], terms, branch);

/** `before`, and after it entries of these terms. */
export function logAfter(before: readonly Entry[], terms: readonly number[], branch = ''): readonly Entry[] {
  const entries = [...before];
  let previous = before.at(-1)?.chain ?? 0;
  for (const term of terms) {
    const index = entries.length + 1;
    const body = { index, term, kind: 'commands' as const, payload: payloadOf(`${branch}${index}/${term}`) };
    previous = chainOf(previous, body);
    entries.push({ ...body, chain: previous });
  }
  return entries;
}

/** Where `log` stands at `index`; genesis for 0. */
export function positionOf(log: readonly Entry[], index: number): Position {
  const { term, chain } = log[index - 1] ?? genesis;
  return { index, term, chain };
}
