import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { ChainOf, LogWrite, Restored, SnapshotHead } from '../raft/index.ts';
import { chainOf } from './chain.ts';
import { type Layout, layoutOf } from './data-directory.ts';
import { defaultDatabaseOptions, translated } from './database.ts';
import type { DirectoryLock } from './directory-lock.ts';
import { DiskSpace } from './disk-space.ts';
import { demand, StorageError } from './errors.ts';
import { LevelRowReader, LevelSnapshotReader, LevelSnapshotReceiver } from './level-snapshot.ts';
import type { LogPlan } from './log-plan.ts';
import { passVerdict } from './quarantine.ts';
import { formMember, type Parts, type RecoveryOptions, tablePlace } from './recovery.ts';
import { closeAll, settle } from './settle.ts';
import { StallWatch } from './stall-watch.ts';
import { type Entered, enter } from './start.ts';
import type {
  Checkpoint,
  Done,
  Genesis,
  Identity,
  Opened,
  RowReader,
  SnapshotReader,
  SnapshotReceiver,
  Store,
  TakeRows,
} from './store.ts';
import type { TableDatabase } from './table-database.ts';
import { type After, afterByTimer, Watermark } from './watermark.ts';

export interface LevelStoreOptions {
  /** Belongs to this node alone; made if it is not there, closed to other users. */
  readonly dataDir: string;
  /** Must be the one that the directory was made for. */
  readonly nodeId: string;
  /** Makes the incarnation of a new directory: 32 hexadecimal digits that nobody else has. */
  readonly random?: () => string;
  /** Timers for the watermark and the limit of `open`; they must not keep the process up. */
  readonly after?: After;
  /** Must be the one that the core uses: entries are checked with it at open. */
  readonly chainOf?: ChainOf;
  /** How long the last durable index may be missing from the watermark file, in milliseconds; 1,000. */
  readonly watermarkIntervalMs?: number;
  /** How many entries may be missing from it; 1,000. */
  readonly watermarkEntriesMax?: number;
  /** `open` fails after so many milliseconds without any progress; 30,000. */
  readonly openTimeoutMs?: number;
  /** What LevelDB gathers in memory and in one write-ahead log, each for log and table; 16 MiB. */
  readonly writeBufferBytes?: number;
}

/** What a member works on. */
interface Member {
  readonly parts: Parts;
  readonly watermark: Watermark;
  table: TableDatabase;
  nextTable: number;
}

/**
 * Keeps a node's log and table in two LevelDB databases. What is synced when, and what is checked at open, is told in
 * the README beside this file.
 */
export class LevelStore implements Store {
  readonly #layout: Layout;
  readonly #options: LevelStoreOptions;
  readonly #after: After;
  readonly #recovery: RecoveryOptions;
  #lock: DirectoryLock | undefined;
  #blank: Identity | undefined;
  #member: Member | undefined;
  #receiver: LevelSnapshotReceiver | undefined;
  #failure: Error | undefined;
  /** Calls that use the files; `close` waits for them. */
  readonly #underway = new Map<string, Promise<unknown>>();
  /** Open tables that are not the current one: being installed, or replaced and still read. */
  readonly #spare = new Set<TableDatabase>();
  #closing: Promise<void> | undefined;
  #watch: StallWatch | undefined;
  readonly #space: DiskSpace;

  constructor(options: LevelStoreOptions) {
    this.#layout = layoutOf(options.dataDir);
    this.#space = new DiskSpace(this.#layout.root);
    this.#options = options;
    this.#after = options.after ?? afterByTimer;
    const writeBufferBytes = options.writeBufferBytes ?? defaultDatabaseOptions.writeBufferBytes;
    this.#recovery = {
      database: { ...defaultDatabaseOptions, writeBufferBytes },
      chainOf: options.chainOf ?? chainOf,
      progress: () => this.#watch?.progress(),
    };
  }

  open(take: TakeRows, done: Done<Opened>): void {
    demand(this.#lock === undefined && !this.#underway.has('open'), 'a second open of one store');
    const { openTimeoutMs = 30_000 } = this.#options;
    const watch = new StallWatch(this.#after, openTimeoutMs, () => {
      const message = `${this.#layout.root} could not be read for ${openTimeoutMs} ms: look at the disk or file system`;
      this.#failure ??= new StorageError('OPEN_TIMEOUT', message);
      // It may hang for ever; should it end after all, it finds the failure and lets everything go.
      this.#underway.delete('open');
      done({ ok: false, error: this.#failure });
    });
    this.#watch = watch;
    settle(this.#tracked('open', this.#enter(take)), this.#layout.root, (outcome) => {
      const isLate = this.#failure instanceof StorageError && this.#failure.code === 'OPEN_TIMEOUT';
      watch.stop();
      if (!isLate) done(outcome);
    });
  }

  form(genesis: Genesis, done: Done<{ readonly identity: Identity; readonly restored: Restored }>): void {
    if (!this.#answers(done)) return;
    const blank = this.#blank;
    demand(blank !== undefined && !this.#underway.has('form'), 'form on a node that is no blank one');
    settle(this.#latched('form', this.#form(blank, genesis)), this.#layout.root, done);
  }

  write(write: LogWrite, done: Done): void {
    if (!this.#answers(done)) return;
    const member = this.#member;
    demand(member !== undefined, 'write before the node is a member');
    demand(!this.#underway.has('write'), 'a write while another is under way');
    const plan = member.parts.log.plan(write, member.table.head.position.index);
    const installed = write.install && this.#receiver?.finished;
    if (write.install !== undefined) {
      const { index } = write.install.snapshot.position;
      demand(installed?.head.position.index === index, `installation of a snapshot at ${index} that is not there`);
    }
    settle(this.#latched('write', this.#write(member, { write, plan, installed })), this.#layout.root, done);
  }

  checkpoint(checkpoint: Checkpoint, done: Done): void {
    if (!this.#answers(done)) return;
    const table = this.#member?.table;
    demand(table !== undefined, 'checkpoint before the node is a member');
    demand(!this.#underway.has('checkpoint'), 'a checkpoint while another is under way');
    demand(checkpoint.head.position.index >= table.head.position.index, 'a checkpoint behind the newest one');
    settle(this.#latched('checkpoint', table.checkpoint(checkpoint)), table.place.path, done);
  }

  readSnapshot(): SnapshotReader {
    return new LevelSnapshotReader(this.#living().table);
  }

  receiveSnapshot(head: SnapshotHead): SnapshotReceiver {
    const member = this.#living();
    this.#receiver?.abort();
    const options = { ...this.#recovery.database, create: true };
    const place = tablePlace(this.#layout, member.nextTable, { owner: member.parts.owner, options });
    member.nextTable += 1;
    this.#receiver = new LevelSnapshotReceiver(head, place);
    return this.#receiver;
  }

  rows(): RowReader {
    return new LevelRowReader(this.#living().table);
  }

  bytesFree(): number | undefined {
    return this.#space.free();
  }

  condemn(reason: string, done: Done): void {
    if (!this.#answers(done)) return;
    this.#failure = new StorageError('CORRUPT_STORAGE', reason);
    settle(this.#tracked('condemn', passVerdict(this.#layout, reason)), this.#layout.root, done);
  }

  close(done: Done): void {
    const isSound = this.#failure === undefined;
    this.#failure ??= new StorageError('CLOSED', 'this store is closed');
    this.#closing ??= this.#close(isSound);
    settle(this.#closing, this.#layout.root, done);
  }

  async #enter(take: TakeRows): Promise<Opened> {
    const { nodeId, random = () => randomBytes(16).toString('hex') } = this.#options;
    const entered = await enter(this.#layout, { nodeId, random, recovery: this.#recovery, rows: take });
    this.#lock = entered.lock;
    // It came too late: whoever waited was told so and may not be there any more.
    if (this.#failure !== undefined) {
      await this.#abandon(entered);
      throw this.#failure;
    }
    const { identity } = entered;
    if (entered.kind === 'quarantined') {
      this.#failure = new StorageError('CORRUPT_STORAGE', entered.reason);
      return { kind: 'quarantined', identity, reason: entered.reason };
    }
    if (entered.kind === 'blank') {
      this.#blank = identity;
      return { kind: 'blank', identity };
    }
    this.#member = this.#begin(entered.parts);
    return { kind: 'member', identity, restored: entered.restored };
  }

  async #form(blank: Identity, genesis: Genesis): Promise<{ identity: Identity; restored: Restored }> {
    const { identity, parts, restored } = await formMember(this.#layout, blank, { genesis, options: this.#recovery });
    this.#blank = undefined;
    this.#member = this.#begin(parts);
    return { identity, restored };
  }

  #begin(parts: Parts): Member {
    const watermark = new Watermark(parts.watermark, parts.mark, {
      after: this.#after,
      intervalMs: this.#options.watermarkIntervalMs ?? 1_000,
      entriesMax: this.#options.watermarkEntriesMax ?? 1_000,
      failed: (error) => this.#fail(error),
    });
    return { parts, watermark, table: parts.table, nextTable: parts.table.place.number + 1 };
  }

  async #write(
    member: Member,
    task: { write: LogWrite; plan: LogPlan; installed: TableDatabase | undefined },
  ): Promise<void> {
    const { log } = member.parts;
    const { write, plan, installed } = task;
    const before = log.hardState;
    const table = (installed ?? member.table).place.number;
    if (installed !== undefined) this.#adopt(installed);
    await log.write(write, { plan, table, beforeTruncation: (from) => member.watermark.lower(from - 1) });
    if (installed !== undefined) {
      this.#retire(member.table);
      this.#spare.delete(installed);
      member.table = installed;
    }
    const { hardState } = log;
    member.watermark.reached(log.bounds.last);
    if (hardState.term !== before.term || hardState.votedFor !== before.votedFor) {
      await member.watermark.secure(hardState);
    }
  }

  /** From here on a new receiver must not throw `table` away; if the write fails, the next open judges. */
  #adopt(table: TableDatabase): void {
    this.#receiver?.installed();
    this.#receiver = undefined;
    this.#spare.add(table);
  }

  /** The log no longer refers to `table`: it goes once nobody reads it; a crash before that leaves it to the next open. */
  #retire(table: TableDatabase): void {
    this.#spare.add(table);
    const gone = table.idle().then(async () => {
      this.#spare.delete(table);
      const removed = table.close().then(() => rm(table.place.path, { recursive: true, force: true }));
      await this.#tracked(`removal of ${table.place.number}`, removed);
    });
    gone.catch(() => undefined);
  }

  async #close(isSound: boolean): Promise<void> {
    // One after the other until none is left: a call that ends may begin the removal of a table.
    for (const work of this.#underway.values()) await work.catch(() => undefined);
    this.#receiver?.abort();
    await this.#receiver?.settled();
    // Not before: a formation that was under way has made one.
    const member = this.#member;
    await closeAll([
      () => (isSound ? member?.watermark.close() : member?.watermark.abandon()),
      () => member?.parts.log.close(),
      () => member?.table.close(),
      ...[...this.#spare].map((spare) => () => spare.close()),
      () => this.#lock?.close(),
    ]);
  }

  async #abandon(entered: Entered): Promise<void> {
    const parts = entered.kind === 'member' ? [entered.parts.watermark, entered.parts.log, entered.parts.table] : [];
    await closeAll([...parts, entered.lock].map((part) => () => part.close()));
  }

  #living(): Member {
    if (this.#failure !== undefined) throw this.#failure;
    demand(this.#member !== undefined, 'the table is asked for before the node is a member');
    return this.#member;
  }

  /** False if the call is answered already: after an error nothing is tried again, since nobody knows what is there. */
  #answers(done: Done<never>): boolean {
    if (this.#failure === undefined) return true;
    done({ ok: false, error: this.#failure });
    return false;
  }

  /** `work`, whose error is the end of this store. */
  async #latched<T>(name: string, work: Promise<T>): Promise<T> {
    try {
      const value = await this.#tracked(name, work);
      // A write of the watermark that failed behind counts for whatever is acknowledged after it.
      if (this.#failure !== undefined && !isClosing(this.#failure)) throw this.#failure;
      return value;
    } catch (error) {
      throw this.#fail(error);
    }
  }

  /** The end of this store: the first error stays its answer to everything. */
  #fail(error: unknown): Error {
    if (this.#failure === undefined || isClosing(this.#failure)) this.#failure = translated(error, this.#layout.root);
    return this.#failure;
  }

  async #tracked<T>(name: string, work: Promise<T>): Promise<T> {
    this.#underway.set(name, work);
    try {
      return await work;
    } finally {
      this.#underway.delete(name);
    }
  }
}

const isClosing = (failure: Error): boolean => failure instanceof StorageError && failure.code === 'CLOSED';
