import {
  type ConfigurationAt,
  decodeConfiguration,
  type Entry,
  type Position,
  type SnapshotHead,
} from '../../raft/index.ts';
import type { RowChange } from '../../storage/index.ts';
import type { Command, Table, TableEvent } from '../table/index.ts';
import { decodeBatch } from './batch-codec.ts';
import { History, type HistoryLimits } from './history.ts';
import { Narrator } from './narrator.ts';
import type { Observer } from './observer.ts';
import { rowChangeOf } from './row-codec.ts';

export interface ApplierHandlers {
  /** In the order of the log, while `table` shows the state after the command that caused it. */
  event(event: TableEvent): void;
  /** A command was executed, whatever came of it. */
  executed(command: Command): void;
  readonly observer: Observer | undefined;
  /** Of the events kept for whoever reads them later. */
  readonly history: HistoryLimits;
}

/** A table as a checkpoint or a snapshot has it. */
export interface Picture {
  readonly head: SnapshotHead;
  readonly table: Table;
}

/** The one place that knows both the log and the table: executes committed entries. */
export class Applier {
  readonly #handlers: ApplierHandlers;
  #table: Table;
  #position: Position;
  #configuration: ConfigurationAt;
  #entriesSinceCheckpoint = 0;
  #bytesSinceCheckpoint = 0;
  readonly #narrator: Narrator;
  /** What came of the entry under way; kept for an observer alone. */
  #events: TableEvent[] = [];

  constructor({ head, table }: Picture, handlers: ApplierHandlers) {
    this.#handlers = handlers;
    this.#narrator = new Narrator(new History(head.position.index, handlers.history), table);
    this.#table = table;
    this.#position = head.position;
    this.#configuration = head.configuration;
  }

  get table(): Table {
    return this.#table;
  }

  /** What came of the log lately. */
  get history(): History {
    return this.#narrator.history;
  }

  /** What a checkpoint taken now would be a picture of. */
  get head(): SnapshotHead {
    return { position: this.#position, configuration: this.#configuration };
  }

  get entriesSinceCheckpoint(): number {
    return this.#entriesSinceCheckpoint;
  }

  get bytesSinceCheckpoint(): number {
    return this.#bytesSinceCheckpoint;
  }

  apply(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.#applyOne(entry);
      this.#position = { index: entry.index, term: entry.term, chain: entry.chain };
      this.#entriesSinceCheckpoint += 1;
      this.#bytesSinceCheckpoint += entry.payload.length;
      if (this.#handlers.observer !== undefined) this.#observed(this.#handlers.observer, entry);
    }
    this.history.reached(this.#position.index);
  }

  /** The rows changed since the last call, frozen now. */
  takeChanges(): readonly RowChange[] {
    this.#entriesSinceCheckpoint = 0;
    this.#bytesSinceCheckpoint = 0;
    return this.#table.takeChanges().map(rowChangeOf);
  }

  /** A snapshot takes the place of everything executed so far. */
  replaceBy({ head, table }: Picture): void {
    this.#table = table;
    this.#position = head.position;
    this.#configuration = head.configuration;
    this.#entriesSinceCheckpoint = 0;
    this.#bytesSinceCheckpoint = 0;
    this.#handlers.observer?.installed(head, this.#table);
    this.#narrator.replacedBy(table, head.position.index);
  }

  readonly #emit = (event: TableEvent): void => {
    if (this.#handlers.observer !== undefined) this.#events.push(event);
    this.#narrator.heard(event);
    this.#handlers.event(event);
  };

  #observed(observer: Observer, entry: Entry): void {
    const events = this.#events;
    this.#events = [];
    observer.applied(entry, events, this.#table);
  }

  #applyOne(entry: Entry): void {
    switch (entry.kind) {
      case 'noop':
        return;
      case 'configuration':
        this.#configuration = { index: entry.index, configuration: decodeConfiguration(entry.payload) };
        this.#narrator.configured(entry.index, this.#configuration.configuration);
        return;
      case 'commands': {
        const { stamp, commands } = decodeBatch(entry.payload);
        for (const command of commands) {
          this.#narrator.begins(entry.index, command);
          this.#table.apply(entry.index, stamp, command, this.#emit);
          this.#narrator.ended();
          this.#handlers.executed(command);
        }
        return;
      }
      default:
        entry.kind satisfies never;
    }
  }
}
