import {
  type Acquire,
  type AcquireAll,
  type Answer,
  type Begun,
  type Cancel,
  type ChangeLimit,
  type Command,
  commandTuple,
  type DelayOver,
  type Downgrade,
  defaultTableLimits,
  type Guarded,
  type HoldOptions,
  type OpenSession,
  type Overdue,
  type Part,
  type PlainRequest,
  type Proclaim,
  parseCommand,
  type Release,
  type RowTuple,
  type RowValue,
  type SessionRequest,
  Table,
  type TableEvent,
  type TableLimits,
  type Upgrade,
  type WriteRegister,
} from '../../src/table/index.ts';

export const incarnationOf = (life: number): string => life.toString(16).padStart(32, 'a');

export const nonceOf = (number: number): string => number.toString(16).padStart(32, '0');

/** One table under test, fed as the log would feed it: through tuples, each command at the next index. */
export class World {
  table: Table;
  readonly events: TableEvent[] = [];
  /** What the disk holds once every `checkpoint` was written. */
  readonly disk = new Map<string, RowValue>();
  readonly #limits: TableLimits;
  #stamp = 1_000;

  constructor(limits: Partial<TableLimits> = {}) {
    this.#limits = { ...defaultTableLimits, ...limits };
    this.table = new Table(this.#limits);
  }

  /** The events of this one command. */
  apply(command: Command, stamp = this.#stamp): readonly TableEvent[] {
    const parsed = parseCommand(JSON.parse(JSON.stringify(commandTuple(command))));
    if (parsed.kind === 'malformed') throw new Error(parsed.reason);
    const events: TableEvent[] = [];
    this.#stamp = stamp + 1;
    this.table.apply(this.table.appliedIndex + 1, stamp, parsed, (event) => events.push(event));
    this.events.push(...events);
    return events;
  }

  /** Opens a session of a remote client and gives its number. */
  open(number: number, home?: OpenSession['home']): number {
    const opened = this.apply({ kind: 'open', nonce: nonceOf(number), ttlMs: 10_000, home, label: `client ${number}` });
    const [event] = opened;
    if (event?.kind !== 'session-opened') throw new Error(`not opened: ${JSON.stringify(opened)}`);
    return event.session;
  }

  /** The answer to this very command; grants to others are in `events`. */
  ask(command: SessionRequest): Answer {
    const answers = this.apply(command).filter(
      (event) => event.kind === 'answered' && event.session === command.session && event.sequence === command.sequence,
    );
    const [answered] = answers;
    if (answers.length !== 1 || answered?.kind !== 'answered') throw new Error(`${answers.length} answers`);
    return answered.answer;
  }

  checkpoint(): readonly RowTuple[] {
    const rows = this.table.takeChanges();
    for (const { key, value } of rows) {
      if (value === undefined) this.disk.delete(key);
      else this.disk.set(key, value);
    }
    return rows;
  }

  /** As after a restart whose log is applied: a table made of what is on disk, or of `rows`. */
  restart(rows: Iterable<RowTuple> = this.#diskRows()): void {
    this.table = Table.restore(this.#limits, rows);
  }

  #diskRows(): readonly RowTuple[] {
    this.checkpoint();
    return [...this.disk].map(([key, value]) => ({ key, value })).sort((a, b) => (a.key < b.key ? -1 : 1));
  }
}

/** A world with sessions 1 to 3. */
export const opened = (): World => {
  const world = new World();
  for (const number of [1, 2, 3]) world.open(number);
  return world;
};

export type Turn = readonly [session: number, sequence: number, mark?: number];

export const acquire = ([session, sequence, mark = 0]: Turn, name: string, waits = true): Acquire => ({
  kind: 'acquire',
  session,
  sequence,
  mark,
  name,
  mode: 'X',
  waits,
});

export const cancel = ([session, sequence, mark = 0]: Turn, target: number): Cancel => ({
  kind: 'cancel',
  session,
  sequence,
  mark,
  target,
});

export const release = ([session, sequence, mark = 0]: Turn, name: string, token: number): Release => ({
  kind: 'release',
  session,
  sequence,
  mark,
  name,
  token,
});

export const read = (name: string): Part => ({ name, mode: 'R', permits: 1, limit: 0 });

export const readUpgradeable = (name: string): Part => ({ name, mode: 'U', permits: 1, limit: 0 });

export const write = (name: string): Part => ({ name, mode: 'W', permits: 1, limit: 0 });

export const exclusive = (name: string): Part => ({ name, mode: 'X', permits: 1, limit: 0 });

export const permits = (name: string, count: number, limit: number): Part => ({
  name,
  mode: 'S',
  permits: count,
  limit,
});

export const acquireAll = (
  [session, sequence, mark = 0]: Turn,
  parts: readonly Part[] | Part,
  waits = true,
): AcquireAll => acquireFor(undefined, [session, sequence, mark], parts, waits);

export const acquireFor = (
  owner: string | undefined,
  [session, sequence, mark = 0]: Turn,
  parts: readonly Part[] | Part,
  waits = true,
  reenters = false,
): AcquireAll => ({
  kind: 'acquire-all',
  session,
  sequence,
  mark,
  parts: 'name' in parts ? [parts] : parts,
  waits,
  owner,
  reenters,
});

/** As `acquireFor`, saying more of the hold. */
export const acquireWith = (options: HoldOptions, ...wish: Parameters<typeof acquireFor>): AcquireAll => ({
  ...acquireFor(...wish),
  options,
});

interface HoldOf {
  readonly name: string;
  readonly token: number;
}

export const begun = ([session, sequence, mark = 0]: Turn, { name, token }: HoldOf): Begun => ({
  kind: 'begun',
  session,
  sequence,
  mark,
  name,
  token,
});

export const overdue = (name: string, token: number): Overdue => ({ kind: 'overdue', name, token });

export const delayOver = (name: string, token: number): DelayOver => ({ kind: 'delay-over', name, token });

export const upgrade = ([session, sequence, mark = 0]: Turn, { name, token }: HoldOf, waits = true): Upgrade => ({
  kind: 'upgrade',
  session,
  sequence,
  mark,
  name,
  token,
  waits,
});

export const downgrade = ([session, sequence, mark = 0]: Turn, { name, token }: HoldOf, to: 'U' | 'R'): Downgrade => ({
  kind: 'downgrade',
  session,
  sequence,
  mark,
  name,
  token,
  to,
});

export const changeLimit = ([session, sequence, mark = 0]: Turn, name: string, limit: number): ChangeLimit => ({
  kind: 'limit',
  session,
  sequence,
  mark,
  name,
  limit,
});

export const proclaim = ([session, sequence, mark = 0]: Turn, { name, token }: HoldOf, metadata: string): Proclaim => ({
  kind: 'proclaim',
  session,
  sequence,
  mark,
  name,
  token,
  metadata,
});

export const guarded = (guard: HoldOf, request: PlainRequest | WriteRegister): Guarded => {
  const { session, sequence, mark } = request;
  return { kind: 'guarded', session, sequence, mark, guard, request };
};

/** `expected`: absent for any version. */
export const writing = (
  [session, sequence, mark = 0]: Turn,
  register: string,
  value: string | null,
  expected?: number,
): WriteRegister => ({ kind: 'write', session, sequence, mark, register, value, expected });

/** The fencing token of a grant. */
export function tokenOf(answer: Answer | undefined): number {
  if (answer?.kind !== 'granted') throw new Error(`not granted: ${JSON.stringify(answer)}`);
  return answer.token;
}

export const rowsOf = (table: Table): readonly RowTuple[] => [...table.canonicalRows()];
