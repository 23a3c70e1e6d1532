import { isDeepStrictEqual } from 'node:util';
import type { Entry, EntryKind, LogWrite, Position, SnapshotHead } from '../../raft/index.ts';
import {
  chainOf,
  type Done,
  type Opened,
  type Row,
  type RowReader,
  type SnapshotReader,
  type Store,
} from '../../storage/index.ts';

export const configuration = {
  voters: [
    { id: 'a/1', address: 'localhost:1' },
    { id: 'b/1', address: 'localhost:2' },
  ],
  outgoing: [],
  learners: [{ id: 'c/2', address: 'localhost:3', replaces: 'c/1' }],
};

export const genesis = { clusterId: 'cluster-1', configuration };

export const noWrite: LogWrite = {
  hardState: undefined,
  install: undefined,
  base: undefined,
  truncateFrom: undefined,
  entries: [],
};

export const start: Position = { index: 0, term: 0, chain: 0 };

/** `count` entries that continue the chain after `previous`. */
export function entriesAfter(
  previous: Position,
  count: number,
  options: { term?: number; bytes?: number } = {},
): Entry[] {
  const { term = Math.max(1, previous.term), bytes = 16 } = options;
  const entries: Entry[] = [];
  let before = previous;
  for (let index = previous.index + 1; index <= previous.index + count; index += 1) {
    const kind: EntryKind = index % 7 === 0 ? 'noop' : 'commands';
    const body = { index, term, kind, payload: new Uint8Array(bytes).map((_, at) => index * 31 + at * 7 + term) };
    const entry = { ...body, chain: chainOf(before.chain, body) };
    entries.push(entry);
    before = entry;
  }
  return entries;
}

export function lastOf(entries: readonly Entry[]): Entry {
  const last = entries.at(-1);
  if (last === undefined) throw new Error('no entries');
  return last;
}

export const positionOf = ({ index, term, chain }: Position): Position => ({ index, term, chain });

export const headAt = (position: Position): SnapshotHead => ({
  position: positionOf(position),
  configuration: { index: 0, configuration },
});

/** The value of a call that takes a `Done`; rejects with its error. */
export const asked = <T>(call: (done: Done<T>) => void): Promise<T> =>
  new Promise((resolve, reject) => {
    call((outcome) => (outcome.ok ? resolve(outcome.value) : reject(outcome.error)));
  });

export const write = (store: Store, changes: Partial<LogWrite>): Promise<void> =>
  asked((done) => store.write({ ...noWrite, ...changes }, done));

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (from: Uint8Array): string => new TextDecoder().decode(from);

/** Rows as text; an undefined value deletes. */
export const checkpoint = (
  store: Store,
  position: Position,
  rows: Readonly<Record<string, string | undefined>>,
): Promise<void> =>
  asked((done) =>
    store.checkpoint(
      {
        head: headAt(position),
        rows: Object.entries(rows).map(([key, value]) => ({
          key: bytes(key),
          value: value === undefined ? undefined : bytes(value),
        })),
      },
      done,
    ),
  );

export async function rowsOf(reader: RowReader): Promise<Record<string, string>> {
  const rows: Row[] = [];
  for (;;) {
    const batch = await asked<readonly Row[] | undefined>((done) => reader.next(done));
    if (batch === undefined) break;
    rows.push(...batch);
  }
  reader.close();
  return textOf(rows);
}

const textOf = (rows: readonly Row[]): Record<string, string> =>
  Object.fromEntries(rows.map(({ key, value }) => [text(key), text(value)]));

/** What was found, with the rows that came meanwhile. */
export type Found = Opened & { readonly rows: Readonly<Record<string, string>> };

/** Opens `store`; fails if the rows that it gives then are not those that it gives later. */
export async function openStore(store: Store): Promise<Found> {
  const taken: Row[] = [];
  const opened = await asked<Opened>((done) => store.open((rows) => taken.push(...rows), done));
  const rows = textOf(taken);
  if (opened.kind === 'member' && !isDeepStrictEqual(rows, await rowsOf(store.rows()))) {
    throw new Error('the rows that came at open are not those of the table');
  }
  return { ...opened, rows };
}

export async function chunksOf(reader: SnapshotReader, bytesMax = 64): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for (;;) {
    const chunk = await asked<Uint8Array | undefined>((done) => reader.next(bytesMax, done));
    if (chunk === undefined) break;
    chunks.push(chunk);
  }
  reader.close();
  return chunks;
}
