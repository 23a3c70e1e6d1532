import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Restored } from '../../../raft/index.ts';
import { LevelStore, StorageError } from '../../../storage/index.ts';
import { readLog } from '../../../storage/leveldb-log.ts';
import { asked, entriesAfter, openStore, type Found as StoreFound, write } from '../samples.ts';
import type { Chronicle, LogState } from './chronicle.ts';
import { copiesRoot, type Image, imageOf, unfold } from './image.ts';

/** What became of a directory that was opened. */
export type Verdict =
  /** Everything that was acknowledged is there. */
  | { readonly kind: 'whole' }
  /** The log lacks its newest writes, none of which the watermark vouched for: a torn tail. */
  | { readonly kind: 'tail lost' }
  /** The rows are those of an older checkpoint, and the log still holds all that came after it. */
  | { readonly kind: 'older checkpoint' }
  /** Refused with a typed error or quarantined, and the evidence is there. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** What must never be. */
  | { readonly kind: 'violation'; readonly what: string };

/** What a store had acknowledged, and the directory that it left. */
export interface Before {
  readonly image: Image;
  readonly chronicle: Chronicle;
}

const violation = (what: string): Verdict => ({ kind: 'violation', what });

/** A timer that never fires: the watermark moves only when a write moves it. */
export const never = (): { cancel(): void } => ({ cancel: () => undefined });

/** The codes that say of stored bytes that they must not be used; a failing disk is none of them. */
const refusals = new Set(['CORRUPT_STORAGE', 'IDENTITY_LOST', 'NEWER_FORMAT', 'WRONG_NODE', 'DATA_DIR_UNSAFE']);

let copies = 0;

/** Opens a copy of `image`, and judges what comes of it by what was acknowledged. */
export async function verdictOn(image: Image, { image: before, chronicle }: Before): Promise<Verdict> {
  copies += 1;
  const dataDir = join(copiesRoot, `holdfast-copy-${process.pid}-${copies}`);
  unfold(image, dataDir);
  try {
    return await opened(dataDir, image, { image: before, chronicle });
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function opened(dataDir: string, image: Image, before: Before): Promise<Verdict> {
  const store = new LevelStore({ dataDir, nodeId: 'n1', after: never });
  let reason: string;
  try {
    const found = await openStore(store);
    if (found.kind === 'blank') return violation('an empty node under an old identity');
    if (found.kind === 'member') return await judged(found, store, { dataDir, chronicle: before.chronicle });
    reason = found.reason;
  } catch (error) {
    if (!(error instanceof StorageError)) return violation(`an error without a type: ${String(error)}`);
    if (!refusals.has(error.code) && !/EISDIR|Is a directory/.test(error.message))
      return violation(`${error.code}: ${error.message}`);
    reason = `${error.code}: ${error.message}`;
  } finally {
    await asked<void>((done) => store.close(done));
  }
  const gone = missingEvidence(dataDir, image, before.image);
  return gone === undefined ? { kind: 'refused', reason } : violation(`${gone} is gone after: ${reason}`);
}

type Found = Extract<StoreFound, { readonly kind: 'member' }>;

async function judged(
  found: Found,
  store: LevelStore,
  { dataDir, chronicle }: { readonly dataDir: string; readonly chronicle: Chronicle },
): Promise<Verdict> {
  const { restored, rows } = found;
  const state = chronicle.logs.findLastIndex((log) => agrees(log, restored));
  const log = chronicle.logs[state];
  if (log === undefined) return violation(`a log that never was: ${summary(restored)}`);
  const { acknowledged, floor, isBlind = false } = chronicle;
  if (state < floor) return violation(`state ${state} of the log, although the watermark vouches for ${floor}`);
  const promised = chronicle.logs[acknowledged]?.hardState;
  if (state < acknowledged && !isBlind && !isDeepStrictEqual(log.hardState, promised))
    return violation('a vote or term is gone');
  const { position } = restored.checkpoint;
  const table = chronicle.tables.findLastIndex(
    (one) => one.table === log.table && isDeepStrictEqual([one.position, one.rows], [position, rows]),
  );
  if (table < 0) return violation(`rows that never were, at ${position.index}`);
  if (position.index < restored.base.index) return violation('rows older than the beginning of the log');
  if (state < acknowledged) return await goesOn(found, store, dataDir);
  const promisedRows = chronicle.tables[chronicle.checkpointed];
  const isOlder = table < chronicle.checkpointed && promisedRows?.table === log.table;
  return { kind: isOlder ? 'older checkpoint' : 'whole' };
}

const agrees = (log: LogState, found: Restored): boolean =>
  log.entries.length === found.entries.length &&
  isDeepStrictEqual([log.hardState, log.base], [found.hardState, found.base]) &&
  isDeepStrictEqual(log.entries, found.entries);

const summary = ({ hardState, base, entries }: Restored): string =>
  `term ${hardState.term}, vote ${hardState.votedFor}, ${entries.length} entries after ${base.index}`;

/** What was written after a torn tail was dropped must survive the next start. */
async function goesOn({ restored }: Found, store: LevelStore, dataDir: string): Promise<Verdict> {
  const more = entriesAfter(restored.entries.at(-1) ?? restored.base, 1, { bytes: 100 });
  const hardState = { term: Math.max(1, restored.hardState.term), votedFor: restored.hardState.votedFor };
  await write(store, { hardState, entries: more });
  await asked<void>((done) => store.close(done));
  const again = new LevelStore({ dataDir, nodeId: 'n1', after: never });
  try {
    const found = await openStore(again);
    const entries = found.kind === 'member' ? found.restored.entries : [];
    if (!isDeepStrictEqual(entries, [...restored.entries, ...more]))
      return violation('a write after a torn tail is gone');
    return { kind: 'tail lost' };
  } finally {
    await asked<void>((done) => again.close(done));
  }
}

/**
 * A damaged file whose bytes a refusal neither left where they were nor kept a copy of. One of LevelDB's logs without
 * damage in it may have become a table file or another MANIFEST: what it said is still there.
 */
function missingEvidence(dataDir: string, image: Image, specimen: Image): string | undefined {
  // LevelDB removes table files that the MANIFEST, as it finds it, does not name.
  const isNamed = [...image].every(([path, bytes]) => !path.includes('MANIFEST') || specimen.get(path)?.equals(bytes));
  const contents = new Set([...imageOf(dataDir).values()].map((bytes) => bytes.toString('latin1')));
  return [...image].find(([path, bytes]) => {
    if (!/^(log|table-\d+)\/(\d|MANIFEST)|^watermark/.test(path) || bytes.length === 0) return false;
    if (specimen.get(path)?.equals(bytes) || (path.endsWith('.ldb') && !isNamed)) return false;
    if (/\d\.log$|MANIFEST/.test(path) && readLog(bytes).damage === undefined) return false;
    return !contents.has(bytes.toString('latin1'));
  })?.[0];
}
