import { createHash } from 'node:crypto';
import {
  type CoreStatus,
  type Effects,
  type Entry,
  type HardState,
  type Input,
  nodeIdOf,
  type Restored,
  type SnapshotHead,
  type Term,
} from '../../raft/index.ts';
import type { Table, TableEvent } from '../table/index.ts';
import type { Observer } from './observer.ts';
import { digestOf } from './row-codec.ts';

/** Where a journal is written. Neither call may throw: what an observer throws ends its node. */
export interface JournalSink {
  /** One or more whole lines, each with its end. */
  append(lines: string): void;
  close(): void;
}

/** The digest costs the whole table. Nodes agree on the indexes, or nothing could be compared. */
const stateEveryDefault = 64;

/** Hex digits of an entry's hash: enough that no two entries share it by chance. */
const hashDigits = 32;

/**
 * Writes down what a node has done, a JSON line each: what it applied and what came of it, which ballots of it are
 * durable, which terms it led. The journals of all nodes of a cluster together show whether they ever disagreed.
 */
export class NodeJournal implements Observer {
  readonly #sink: JournalSink;
  readonly #stateEvery: number;
  #node = '';
  #run = 0;
  #lines = '';
  #ledTerm: Term = 0;
  /** Of writes that are not durable yet, by the number of the write. */
  #ballots: { readonly write: number; readonly hardState: HardState }[] = [];

  /** The state of the table is written at each index that `stateEvery` divides. */
  constructor(sink: JournalSink, stateEvery: number = stateEveryDefault) {
    this.#sink = sink;
    this.#stateEvery = stateEvery;
  }

  began({ self }: CoreStatus, { hardState }: Restored, run: number): void {
    this.#node = nodeIdOf(self);
    this.#run = run;
    // The process before may have died between its vote and the line of it.
    this.#voted(hardState);
    this.#flush();
  }

  stepped(input: Input, core: { readonly status: CoreStatus }): void {
    if (input.kind === 'durable') this.#durable(input.write);
    // Only these make a leader. It may have been succeeded before it asks for anything.
    const isElecting = input.kind === 'durable' || (input.kind === 'message' && input.message.kind === 'vote-reply');
    if (isElecting) this.#saw(core.status);
    this.#flush();
  }

  asked({ persist }: Effects): void {
    if (persist === undefined) return;
    const { hardState } = persist.write;
    if (hardState?.votedFor !== undefined) this.#ballots.push({ write: persist.id, hardState });
  }

  applied(entry: Entry, _events: readonly TableEvent[], table: Table): void {
    const { index, term } = entry;
    const state = index % this.#stateEvery === 0 ? digestOf(table) : undefined;
    this.#add({ ev: 'apply', node: this.#node, run: this.#run, index, term, hash: hashOf(entry), state });
  }

  installed({ position }: SnapshotHead): void {
    this.#add({ ev: 'snapshot', node: this.#node, run: this.#run, index: position.index });
  }

  /** Writes what waits. Nothing of what comes later is written. */
  close(): void {
    this.#flush();
    this.#sink.close();
  }

  /** A ballot counts once it is durable: until then its node may forget it and cast another. */
  #durable(write: number): void {
    const durable = this.#ballots.filter((ballot) => ballot.write <= write);
    this.#ballots = this.#ballots.slice(durable.length);
    for (const { hardState } of durable) this.#voted(hardState);
  }

  #voted({ term, votedFor }: HardState): void {
    if (votedFor !== undefined) this.#add({ ev: 'vote', node: this.#node, term, for: nodeIdOf(votedFor) });
  }

  #saw({ role, term }: CoreStatus): void {
    if (role !== 'leader' || term === this.#ledTerm) return;
    this.#ledTerm = term;
    this.#add({ ev: 'leader', node: this.#node, term });
  }

  #add(line: object): void {
    this.#lines += `${JSON.stringify(line)}\n`;
  }

  /** All that one batch of entries came to is one write. */
  #flush(): void {
    if (this.#lines === '') return;
    const lines = this.#lines;
    this.#lines = '';
    this.#sink.append(lines);
  }
}

const hashOf = ({ kind, payload }: Entry): string =>
  createHash('sha256').update(`${kind}\n`).update(payload).digest('hex').slice(0, hashDigits);
