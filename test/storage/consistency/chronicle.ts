import type { Entry, HardState, LogWrite, Position, SnapshotHead } from '../../../raft/index.ts';
import type { LevelStore } from '../../../storage/index.ts';
import { asked, checkpoint, chunksOf, headAt, positionOf, start, write } from '../samples.ts';

/** What one acknowledged write has promised of the log. */
export interface LogState {
  readonly hardState: HardState;
  readonly base: Position;
  readonly entries: readonly Entry[];
  readonly table: number;
}

/** What one acknowledged checkpoint, or an installation, has promised of a table. */
export interface TableState {
  readonly table: number;
  readonly position: Position;
  readonly rows: Readonly<Record<string, string>>;
}

/** All that a store has acknowledged, in order: what the oracle compares with. Knows nothing of how it is stored. */
export interface Chronicle {
  readonly logs: readonly LogState[];
  readonly tables: readonly TableState[];
  /** The newest state of the log that the watermark is known to vouch for: whatever opens must not be older. */
  readonly floor: number;
  /** The newest acknowledged state; what comes after it was under way, and may be there or not. */
  readonly acknowledged: number;
  /** The newest acknowledged state of a table, by the same count. */
  readonly checkpointed: number;
  /** The witness of the newest vote and term was damaged as well. */
  readonly isBlind?: boolean;
}

type Rows = Readonly<Record<string, string | undefined>>;

export const genesisState: LogState = {
  hardState: { term: 0, votedFor: undefined },
  base: start,
  entries: [],
  table: 1,
};

/** What a write makes of a log, by the words of its contract and nothing else. */
export function stateAfter(before: LogState, changes: Partial<LogWrite>, table: number): LogState {
  const { install, base, truncateFrom, entries = [], hardState = before.hardState } = changes;
  let state = { ...before, hardState, table };
  if (install !== undefined) {
    const { position } = install.snapshot;
    const kept = install.keepsSuffix ? state.entries.filter(({ index }) => index > position.index) : [];
    state = { ...state, base: positionOf(position), entries: kept };
  }
  if (base !== undefined && base.index > state.base.index) {
    state = { ...state, base: positionOf(base), entries: state.entries.filter(({ index }) => index > base.index) };
  }
  const kept = truncateFrom === undefined ? state.entries : state.entries.filter(({ index }) => index < truncateFrom);
  return { ...state, entries: [...kept, ...entries] };
}

/** Uses a real store and writes down what it acknowledges. */
export class Chronicler implements Chronicle {
  readonly store: LevelStore;
  readonly #logs: LogState[];
  readonly #tables: TableState[];
  floor = 0;

  /** A member right after it was formed, or what is known of one from an earlier run. */
  constructor(store: LevelStore, before?: Chronicle) {
    this.store = store;
    this.#logs = [...(before?.logs ?? [genesisState])];
    this.#tables = [...(before?.tables ?? [{ table: 1, position: start, rows: {} }])];
    this.floor = this.acknowledged;
  }

  get logs(): readonly LogState[] {
    return this.#logs;
  }

  get tables(): readonly TableState[] {
    return this.#tables;
  }

  get acknowledged(): number {
    return this.#logs.length - 1;
  }

  get checkpointed(): number {
    return this.#tables.length - 1;
  }

  get log(): LogState {
    return this.#logs.at(-1) ?? genesisState;
  }

  get last(): Position {
    return this.log.entries.at(-1) ?? this.log.base;
  }

  /** The position of the entry at `index`. */
  at(index: number): Position {
    const entry = this.log.entries.find((candidate) => candidate.index === index);
    if (entry === undefined) throw new Error(`no entry ${index}`);
    return positionOf(entry);
  }

  async write(changes: Partial<LogWrite>): Promise<void> {
    const table = changes.install === undefined ? this.log.table : this.log.table + 1;
    const before = this.log.hardState;
    const next = stateAfter(this.log, changes, table);
    await write(this.store, changes);
    this.#logs.push(next);
    // A new term or vote is in the watermark before the write is acknowledged, and the last index with it.
    if (next.hardState.term !== before.term || next.hardState.votedFor !== before.votedFor)
      this.floor = this.acknowledged;
  }

  async checkpoint(position: Position, rows: Rows): Promise<void> {
    await checkpoint(this.store, position, rows);
    const former = this.#tables.findLast(({ table }) => table === this.log.table)?.rows ?? {};
    const merged = Object.entries({ ...former, ...rows }).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, value] as const],
    );
    this.#tables.push({ table: this.log.table, position: positionOf(position), rows: Object.fromEntries(merged) });
  }

  /** Receives all of `from`, up to the write that would install it. */
  async receive(from: LevelStore): Promise<SnapshotHead> {
    const reader = from.readSnapshot();
    const receiver = this.store.receiveSnapshot(reader.head);
    for (const chunk of await chunksOf(reader)) await asked<void>((done) => receiver.put(chunk, done));
    await asked<void>((done) => receiver.finish(reader.total, done));
    return reader.head;
  }

  /** Installs what `receive` has brought, with `rows` in it. */
  async install(head: SnapshotHead, rows: Readonly<Record<string, string>>): Promise<void> {
    this.#tables.push({ table: this.log.table + 1, position: positionOf(head.position), rows });
    await this.write({ install: { snapshot: headAt(head.position), keepsSuffix: false } });
  }

  /** The store was closed in good order: the watermark has caught up. */
  stopped(): void {
    this.floor = this.acknowledged;
  }

  /** As it stands now; later writes do not change it. */
  get sofar(): Chronicle {
    const { floor, acknowledged, checkpointed } = this;
    return { logs: [...this.#logs], tables: [...this.#tables], floor, acknowledged, checkpointed };
  }
}
