import type { LogWrite, SnapshotHead } from '../../raft/index.ts';
import type { Store } from '../../storage/index.ts';
import type { Table, TableLimits } from '../table/index.ts';
import { readTable } from './stored-table.ts';

interface InstallationHandlers {
  /** The table that the snapshot has become. */
  loaded(head: SnapshotHead, table: Table): void;
  failed(error: Error): void;
}

/** A snapshot on its way from the core's word to the table in memory. */
export class Installation {
  readonly #store: Store;
  readonly #limits: TableLimits;
  readonly #handlers: InstallationHandlers;
  #index: number | undefined;

  constructor(store: Store, limits: TableLimits, handlers: InstallationHandlers) {
    this.#store = store;
    this.#limits = limits;
    this.#handlers = handlers;
  }

  /** From the moment it is asked of the disk: the present table is of the past, nothing of it may be checkpointed. */
  get isUnderWay(): boolean {
    return this.#index !== undefined;
  }

  begin(write: LogWrite): void {
    this.#index = write.install?.snapshot.position.index;
  }

  /** The write is durable: reads the table that it made the current one. */
  load(write: LogWrite): void {
    const head = write.install?.snapshot;
    if (head === undefined) return;
    readTable(this.#store.rows(), this.#limits, (outcome) => {
      if (!outcome.ok) return this.#handlers.failed(outcome.error);
      // A newer one is under way already: it will be read in its turn.
      if (this.#index !== head.position.index) return;
      this.#index = undefined;
      this.#handlers.loaded(head, outcome.value);
    });
  }
}
