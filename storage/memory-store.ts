import type { LogWrite, Restored, SnapshotHead } from '../raft/index.ts';
import { corrupt, demand, StorageError } from './errors.ts';
import { emptyLog, type LogBounds, planWrite } from './log-plan.ts';
import {
  changedRows,
  type MemoryChange,
  type MemoryDisk,
  type MemoryImage,
  type MemoryLog,
  type MemoryTable,
  type MemoryWriteKind,
} from './memory-disk.ts';
import { MemoryRowReader, MemorySnapshotReader, MemorySnapshotReceiver } from './memory-rows.ts';
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

export interface MemoryStoreOptions {
  readonly nodeId: string;
  /** Becomes the disk's, if it is blank; otherwise the disk keeps its own. */
  readonly incarnation: string;
  /**
   * Decides when a write of about `bytes` becomes durable: then calls `run`, once, in any order. By default at once,
   * within the call, so that `done` is called before `write` returns.
   */
  readonly schedule?: (bytes: number, run: () => void) => void;
}

/** Keeps nothing beyond the life of its `MemoryDisk`. For simulations, tests and nodes that may forget. */
export class MemoryStore implements Store {
  readonly #disk: MemoryDisk;
  readonly #nodeId: string;
  readonly #incarnation: string;
  readonly #schedule: (bytes: number, run: () => void) => void;
  #underway = new Set<MemoryWriteKind>();
  #receiver: MemorySnapshotReceiver | undefined;
  #failure: Error | undefined;
  #closing: Done | undefined;

  constructor(disk: MemoryDisk, options: MemoryStoreOptions) {
    this.#disk = disk;
    this.#nodeId = options.nodeId;
    this.#incarnation = options.incarnation;
    this.#schedule = options.schedule ?? ((_, run) => run());
  }

  open(take: TakeRows, done: Done<Opened>): void {
    const refusal = this.#refusal();
    if (refusal !== undefined) {
      done({ ok: false, error: refusal });
      return;
    }
    const { identity } = this.#disk.image;
    const before = identity ?? { clusterId: undefined, nodeId: this.#nodeId, incarnation: this.#incarnation, run: 0 };
    const raised: Identity = { ...before, run: before.run + 1 };
    this.#submit(
      { kind: 'open', bytes: 64, change: (image) => ({ ...image, identity: raised }) },
      () => this.#found(raised, take),
      done,
    );
  }

  form(genesis: Genesis, done: Done<{ readonly identity: Identity; readonly restored: Restored }>): void {
    const { identity } = this.#disk.image;
    demand(identity !== undefined && identity.clusterId === undefined, 'form on a node that is no blank one');
    const formed: Identity = { ...identity, clusterId: genesis.clusterId };
    const checkpoint = { position: emptyLog.base, configuration: { index: 0, configuration: genesis.configuration } };
    const hardState = { term: 0, votedFor: undefined };
    const restored: Restored = { hardState, checkpoint, base: emptyLog.base, entries: [] };
    const change = (image: MemoryImage): MemoryImage => ({
      ...image,
      identity: formed,
      log: { hardState, base: emptyLog.base, entries: [] },
      table: { head: checkpoint, rows: new Map() },
      watermark: { hardState, index: 0 },
    });
    this.#submit({ kind: 'form', bytes: 256, change }, () => ({ identity: formed, restored }), done);
  }

  write(write: LogWrite, done: Done): void {
    if (!this.#answers(done)) return;
    const { log, table } = this.#disk.image;
    demand(log !== undefined && table !== undefined, 'write before the node is a member');
    demand(!this.#underway.has('write'), 'a write while another is under way');
    const plan = planWrite(boundsOf(log), write, table.head.position.index);
    const installed = write.install === undefined ? undefined : this.#receiver?.finished;
    if (write.install !== undefined) {
      const { index } = write.install.snapshot.position;
      demand(installed?.head.position.index === index, `installation of a snapshot at ${index} that is not there`);
    }
    // From here on a new receiver has nothing to abort: the table of this one is on its way.
    if (installed !== undefined) this.#receiver = undefined;
    const hardState = write.hardState ?? log.hardState;
    const keptFrom = plan.base.index - log.base.index;
    const keptTo = Math.max(keptFrom, plan.staleFrom - log.base.index - 1);
    const change = (image: MemoryImage): MemoryImage => ({
      ...image,
      log: { hardState, base: plan.base, entries: log.entries.slice(keptFrom, keptTo).concat(write.entries) },
      table: installed ?? image.table,
      watermark: { hardState, index: plan.lastIndex },
    });
    const bytes = write.entries.reduce((sum, entry) => sum + entry.payload.length + 64, 64);
    this.#submit({ kind: 'write', bytes, change }, () => undefined, done);
  }

  checkpoint(checkpoint: Checkpoint, done: Done): void {
    if (!this.#answers(done)) return;
    const { table } = this.#disk.image;
    demand(table !== undefined, 'checkpoint before the node is a member');
    demand(!this.#underway.has('checkpoint'), 'a checkpoint while another is under way');
    demand(checkpoint.head.position.index >= table.head.position.index, 'a checkpoint behind the newest one');
    const bytes = checkpoint.rows.reduce((sum, row) => sum + row.key.length + (row.value?.length ?? 0) + 16, 64);
    const change = (image: MemoryImage): MemoryImage =>
      // A snapshot installed meanwhile is newer than what was to be saved here.
      image.table !== table
        ? image
        : { ...image, table: { head: checkpoint.head, rows: changedRows(table.rows, checkpoint.rows) } };
    this.#submit({ kind: 'checkpoint', bytes, change }, () => undefined, done);
  }

  readSnapshot(): SnapshotReader {
    return new MemorySnapshotReader(this.#table());
  }

  receiveSnapshot(head: SnapshotHead): SnapshotReceiver {
    this.#table();
    this.#receiver?.abort();
    this.#receiver = new MemorySnapshotReceiver(head);
    return this.#receiver;
  }

  rows(): RowReader {
    return new MemoryRowReader(this.#table().rows);
  }

  bytesFree(): number | undefined {
    return this.#disk.bytesFree;
  }

  condemn(reason: string, done: Done): void {
    if (!this.#answers(done)) return;
    this.#failure = corrupt(reason);
    const change = (image: MemoryImage): MemoryImage => ({ ...image, damage: reason });
    this.#submit({ kind: 'condemn', bytes: 256, change }, () => undefined, done);
  }

  close(done: Done): void {
    this.#failure ??= new StorageError('CLOSED', 'this store is closed');
    if (!this.#disk.isOwnedBy(this)) this.#underway.clear();
    this.#closing = done;
    this.#leaveWhenIdle();
  }

  /** Why the disk cannot be opened, if it cannot; otherwise it is this store's now. */
  #refusal(): StorageError | undefined {
    const { identity } = this.#disk.image;
    if (identity !== undefined && identity.nodeId !== this.#nodeId) {
      return new StorageError('WRONG_NODE', `this disk belongs to node ${identity.nodeId}, not to ${this.#nodeId}`);
    }
    if (this.#disk.take(this)) return undefined;
    return new StorageError('DATA_DIR_IN_USE', 'this disk is in use by another store');
  }

  #table(): MemoryTable {
    if (this.#failure !== undefined) throw this.#failure;
    const { table } = this.#disk.image;
    demand(table !== undefined, 'the table is asked for before the node is a member');
    return table;
  }

  /** False if the call is settled already: refused after a failure, or made on a machine without power. */
  #answers(done: Done): boolean {
    if (this.#failure !== undefined) done({ ok: false, error: this.#failure });
    return this.#failure === undefined && this.#disk.isOwnedBy(this);
  }

  #found(identity: Identity, take: TakeRows): Opened {
    const { log, table, watermark, damage } = this.#disk.image;
    const quarantined = (reason: string): Opened => {
      this.#failure ??= corrupt(reason);
      return { kind: 'quarantined', identity, reason };
    };
    if (damage !== undefined) return quarantined(damage);
    if (identity.clusterId === undefined) return { kind: 'blank', identity };
    if (log === undefined || table === undefined || watermark === undefined) return quarantined('the log is gone');
    const last = log.base.index + log.entries.length;
    if (last < watermark.index) {
      return quarantined(`the log ends at ${last} but had reached ${watermark.index}: it was rolled back or cut`);
    }
    if (log.hardState.term < watermark.hardState.term) {
      return quarantined(`the log is of term ${log.hardState.term}, this node was in ${watermark.hardState.term}`);
    }
    const restored = { hardState: log.hardState, checkpoint: table.head, base: log.base, entries: log.entries };
    new MemoryRowReader(table.rows).takeAll(take);
    return { kind: 'member', identity, restored };
  }

  #submit<T>(write: MemoryChange, value: () => T, done: Done<T>): void {
    this.#underway.add(write.kind);
    const complete = this.#disk.submit(write);
    this.#schedule(write.bytes, () => {
      // The power was cut meanwhile: nobody is left to be told.
      if (!this.#disk.isOwnedBy(this)) return;
      const error = complete();
      this.#underway.delete(write.kind);
      this.#failure ??= error;
      done(error === undefined ? { ok: true, value: value() } : { ok: false, error });
      this.#leaveWhenIdle();
    });
  }

  #leaveWhenIdle(): void {
    if (this.#closing === undefined || this.#underway.size > 0) return;
    const done = this.#closing;
    this.#closing = undefined;
    this.#disk.leave(this);
    done({ ok: true, value: undefined });
  }
}

const boundsOf = (log: MemoryLog): LogBounds => ({
  base: log.base,
  last: log.entries.at(-1) ?? log.base,
});
