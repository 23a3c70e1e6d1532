import type { LogWrite, SnapshotHead } from '../../../raft/index.ts';
import type {
  Checkpoint,
  Done,
  Genesis,
  Opened,
  RowReader,
  SnapshotReader,
  SnapshotReceiver,
  Store,
  TakeRows,
} from '../../../storage/index.ts';

/** What is told of a store. Either call may end the life of its process: then nobody hears of the write. */
export interface StoreEvents {
  /** It has been handed to the disk. */
  submitted(write: LogWrite): void;
  /** It is durable, and its node does not know yet. */
  durable(write: LogWrite): void;
  /** A checkpoint has been handed to the disk. */
  saving(checkpoint: Checkpoint): void;
}

/** A node's store, with somebody who watches what is written. */
export class WatchedStore implements Store {
  readonly #store: Store;
  readonly #events: StoreEvents;
  readonly #isAlive: () => boolean;

  constructor(store: Store, events: StoreEvents, isAlive: () => boolean) {
    this.#store = store;
    this.#events = events;
    this.#isAlive = isAlive;
  }

  write(write: LogWrite, done: Done): void {
    this.#store.write(write, (outcome) => {
      if (outcome.ok) this.#events.durable(write);
      if (this.#isAlive()) done(outcome);
    });
    this.#events.submitted(write);
  }

  checkpoint(checkpoint: Checkpoint, done: Done): void {
    this.#store.checkpoint(checkpoint, done);
    this.#events.saving(checkpoint);
  }

  open(take: TakeRows, done: Done<Opened>): void {
    this.#store.open(take, done);
  }

  form(genesis: Genesis, done: Parameters<Store['form']>[1]): void {
    this.#store.form(genesis, done);
  }

  readSnapshot(): SnapshotReader {
    return this.#store.readSnapshot();
  }

  receiveSnapshot(head: SnapshotHead): SnapshotReceiver {
    return this.#store.receiveSnapshot(head);
  }

  rows(): RowReader {
    return this.#store.rows();
  }

  bytesFree(): number | undefined {
    return this.#store.bytesFree();
  }

  condemn(reason: string, done: Done): void {
    this.#store.condemn(reason, done);
  }

  close(done: Done): void {
    this.#store.close(done);
  }
}
