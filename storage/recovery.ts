import { rm } from 'node:fs/promises';
import type { ChainOf, Entry, HardState, Position, Restored } from '../raft/index.ts';
import { exists, type Layout, syncDirectory, tableNumbers } from './data-directory.ts';
import { type DatabaseOptions, translated } from './database.ts';
import { corrupt } from './errors.ts';
import { writeIdentity } from './identity.ts';
import { LogDatabase } from './log-database.ts';
import { emptyLog } from './log-plan.ts';
import { isDamage, preflight, wasUsed } from './preflight.ts';
import { copyEvidence, moveAside } from './quarantine.ts';
import { type Owner, ownerOf, type StoredBounds } from './record.ts';
import type { Genesis, Identity, TakeRows } from './store.ts';
import { TableDatabase, type TablePlace } from './table-database.ts';
import { type Mark, WatermarkFile } from './watermark-file.ts';

/** What the store of a member holds open. */
export interface Parts {
  readonly owner: Owner;
  readonly log: LogDatabase;
  readonly table: TableDatabase;
  readonly watermark: WatermarkFile;
  readonly mark: Mark;
}

export interface RecoveryOptions {
  readonly database: Omit<DatabaseOptions, 'create'>;
  readonly chainOf: ChainOf;
  /** Called now and then while a long read goes on. */
  readonly progress: () => void;
}

const firstTable = 1;

/**
 * Opens the data of a member, in the order that keeps evidence: files are judged before LevelDB sees them, records
 * before they are believed, and the whole is compared with the watermark. Throws `CORRUPT_STORAGE` at the first doubt.
 */
export async function recover(
  layout: Layout,
  identity: Identity & { readonly clusterId: string },
  options: RecoveryOptions & { readonly rows: TakeRows },
): Promise<{ readonly parts: Parts; readonly restored: Restored }> {
  const owner = ownerOf(identity.clusterId, identity.incarnation);
  const opened: { close(): Promise<void> }[] = [];
  try {
    const { file, mark } = await WatermarkFile.open(layout, owner);
    opened.push(file);
    const database = { ...options.database, create: false };
    const tornLog = await judge(layout, layout.log, options.progress);
    const log = await LogDatabase.open({ path: layout.log, owner, options: database });
    opened.push(log);
    const entries = await log.readEntries(options.chainOf, options.progress);
    compareWithMark(mark, log, entries);
    const { table: number } = log.bounds;
    const tornTable = await judge(layout, layout.table(number), options.progress);
    const take: TakeRows = (rows) => {
      options.progress();
      options.rows(rows);
    };
    const table = await TableDatabase.open(tablePlace(layout, number, { owner, options: database }), take);
    opened.push(table);
    compareWithTable(table.head.position, log.bounds, entries);
    await removeStaleTables(layout, number);
    // All agrees without what was torn: it was a write that nobody relied on.
    for (const copy of [...tornLog, ...tornTable]) await rm(copy, { recursive: true, force: true });
    const restored = { hardState: log.hardState, checkpoint: table.head, base: log.bounds.base, entries };
    return { parts: { owner, log, table, watermark: file, mark }, restored };
  } catch (error) {
    for (const part of opened.reverse()) await part.close();
    throw translated(error, layout.root);
  }
}

export const tablePlace = (
  layout: Layout,
  number: number,
  context: { readonly owner: Owner; readonly options: DatabaseOptions },
): TablePlace => ({ path: layout.table(number), number, ...context });

/**
 * The files of a database, unless they are damaged. A copy of what LevelDB might rewrite is kept if they are, and also
 * where a write looks torn: what comes later may show that it was not, and by then LevelDB has dropped it. Says where.
 */
async function judge(layout: Layout, directory: string, progress: () => void): Promise<readonly string[]> {
  if (!(await exists(directory))) throw corrupt(`${directory} is missing`);
  try {
    return (await preflight(directory, progress)) === 'torn' ? [await copyEvidence(layout, directory)] : [];
  } catch (error) {
    if (isDamage(error)) await copyEvidence(layout, directory);
    throw error;
  }
}

function compareWithMark(mark: Mark, log: LogDatabase, entries: readonly Entry[]): void {
  const { bounds, hardState } = log;
  if (bounds.last.index < mark.index) {
    throw corrupt(`the log ends at ${bounds.last.index} but had reached ${mark.index}: it was cut or rolled back`);
  }
  if (hardState.term < mark.hardState.term || losesVote(mark.hardState, hardState)) {
    throw corrupt(`the log is of term ${hardState.term} but this node was in ${mark.hardState.term}, or had voted`);
  }
  const at = positionAt(mark.index, bounds, entries);
  if (mark.chain !== undefined && at !== undefined && at.chain !== mark.chain) {
    throw corrupt(`log entry ${mark.index} is not the one that was acknowledged`);
  }
}

const losesVote = (before: HardState, now: HardState): boolean =>
  before.term === now.term && before.votedFor !== undefined && before.votedFor !== now.votedFor;

function compareWithTable(position: Position, bounds: StoredBounds, entries: readonly Entry[]): void {
  const { base, last } = bounds;
  if (position.index < base.index)
    throw corrupt(`the table ends at ${position.index}, the log begins at ${base.index}`);
  if (position.index > last.index) throw corrupt(`the table is at ${position.index}, the log ends at ${last.index}`);
  const at = positionAt(position.index, bounds, entries);
  if (at?.term !== position.term || at.chain !== position.chain) {
    throw corrupt(`the table at ${position.index} is not a picture of this log`);
  }
}

/** The log's position at `index`; undefined outside of it. */
function positionAt(index: number, bounds: StoredBounds, entries: readonly Entry[]): Position | undefined {
  return index === bounds.base.index ? bounds.base : entries[index - bounds.base.index - 1];
}

/** Tables that no log refers to: what was received but never installed, or replaced but not yet removed. */
async function removeStaleTables(layout: Layout, current: number): Promise<void> {
  for (const number of await tableNumbers(layout)) {
    if (number !== current) await rm(layout.table(number), { recursive: true, force: true });
  }
}

/**
 * Clears what a crash left of `form` in a node that is still blank. Throws `CORRUPT_STORAGE` if it is more than that:
 * then the identity is older than the data.
 */
export async function clearUnformed(layout: Layout): Promise<void> {
  const tables = (await tableNumbers(layout)).map((number) => layout.table(number));
  const parts = [layout.log, ...tables, ...layout.watermarks];
  if (!(await Promise.all(parts.map(exists))).includes(true)) return;
  // A watermark torn while it was made says nothing; but then the log was never used either.
  const mark = await WatermarkFile.peek(layout);
  const hasMoved = mark !== undefined && (mark.index > 0 || mark.hardState.term > 0);
  if (hasMoved || ((await exists(layout.log)) && (await wasUsed(layout.log)))) {
    throw corrupt('the identity is that of a blank node, the log beside it is not');
  }
  await moveAside(layout, 'unformed', parts);
}

/** Makes a blank node a member. The identity is written last: without it, all the rest does not count. */
export async function formMember(
  layout: Layout,
  blank: Identity,
  context: { readonly genesis: Genesis; readonly options: RecoveryOptions },
): Promise<{ readonly identity: Identity; readonly parts: Parts; readonly restored: Restored }> {
  const { genesis, options } = context;
  const identity = { ...blank, clusterId: genesis.clusterId };
  const owner = ownerOf(genesis.clusterId, blank.incarnation);
  const database = { ...options.database, create: true };
  const checkpoint = { position: emptyLog.base, configuration: { index: 0, configuration: genesis.configuration } };
  const hardState = { term: 0, votedFor: undefined };
  const mark: Mark = { hardState, index: 0, chain: emptyLog.base.chain };
  const opened: { close(): Promise<void> }[] = [];
  try {
    const table = await TableDatabase.create(tablePlace(layout, firstTable, { owner, options: database }), checkpoint);
    opened.push(table);
    const log = await LogDatabase.create({ path: layout.log, owner, options: database }, firstTable);
    opened.push(log);
    const watermark = await WatermarkFile.create(layout, owner, mark);
    opened.push(watermark);
    for (const path of [table.place.path, layout.log, layout.root]) await syncDirectory(path);
    await writeIdentity(layout, identity);
    const restored = { hardState, checkpoint, base: emptyLog.base, entries: [] };
    return { identity, parts: { owner, log, table, watermark, mark }, restored };
  } catch (error) {
    for (const part of opened.reverse()) await part.close();
    throw translated(error, layout.root);
  }
}
