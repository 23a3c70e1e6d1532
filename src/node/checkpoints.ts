import type { SnapshotHead } from '../../raft/index.ts';
import type { RowChange, Store } from '../../storage/index.ts';
import type { Applier } from './applier.ts';
import type { NodeLimits } from './options.ts';

interface CheckpointHandlers {
  /** A checkpoint at this position is durable. */
  taken(head: SnapshotHead): void;
  failed(error: Error): void;
}

/**
 * Decides when the table's changed rows go to disk. Rows are frozen at one applied index, and written only when this
 * node's own log is durable up to it: a checkpoint must never know more than the log (ARCHITECTURE 2).
 */
export class Checkpoints {
  readonly #store: Store;
  readonly #limits: NodeLimits;
  readonly #handlers: CheckpointHandlers;
  #frozen: { readonly head: SnapshotHead; readonly rows: readonly RowChange[] } | undefined;
  #isWriting = false;
  #isClosed = false;

  constructor(store: Store, limits: NodeLimits, handlers: CheckpointHandlers) {
    this.#store = store;
    this.#limits = limits;
    this.#handlers = handlers;
  }

  /** Once per turn. */
  consider(applier: Applier, durableIndex: number): void {
    if (this.#isWriting || this.#isClosed) return;
    if (this.#frozen === undefined && this.#isDue(applier)) {
      this.#frozen = { head: applier.head, rows: applier.takeChanges() };
    }
    if (this.#frozen !== undefined && durableIndex >= this.#frozen.head.position.index) this.#write(this.#frozen);
  }

  /** A snapshot was installed: what was frozen belongs to the former table. */
  forget(): void {
    this.#frozen = undefined;
  }

  /** True while rows of the present table are on their way to disk: an installation must not overtake them. */
  get isWriting(): boolean {
    return this.#isWriting;
  }

  close(): void {
    this.#isClosed = true;
  }

  #isDue(applier: Applier): boolean {
    return (
      applier.entriesSinceCheckpoint >= this.#limits.checkpointEntries ||
      applier.bytesSinceCheckpoint >= this.#limits.checkpointBytes ||
      applier.table.changedRows >= this.#limits.checkpointRows
    );
  }

  #write(checkpoint: { readonly head: SnapshotHead; readonly rows: readonly RowChange[] }): void {
    this.#frozen = undefined;
    this.#isWriting = true;
    this.#store.checkpoint(checkpoint, (outcome) => {
      this.#isWriting = false;
      if (this.#isClosed) return;
      if (outcome.ok) this.#handlers.taken(checkpoint.head);
      else this.#handlers.failed(outcome.error);
    });
  }
}
