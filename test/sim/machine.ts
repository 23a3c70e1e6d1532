import { type ConfigurationAt, decodeConfiguration, type Entry, type Position } from '../../raft/index.ts';
import { nextState } from './digest.ts';
import type { Table } from './disk.ts';

/** The toy state machine of one process: folds all entries into one number, and knows the configuration as of there. */
export class Machine {
  #position: Position;
  #state: number;
  #configuration: ConfigurationAt;

  constructor(table: Table) {
    this.#position = table.head.position;
    this.#state = table.state;
    this.#configuration = table.head.configuration;
  }

  get table(): Table {
    return { head: { position: this.#position, configuration: this.#configuration }, state: this.#state };
  }

  get index(): number {
    return this.#position.index;
  }

  get state(): number {
    return this.#state;
  }

  apply(entry: Entry): void {
    this.#state = nextState(this.#state, entry);
    this.#position = { index: entry.index, term: entry.term, chain: entry.chain };
    if (entry.kind === 'configuration') {
      this.#configuration = { index: entry.index, configuration: decodeConfiguration(entry.payload) };
    }
  }
}
