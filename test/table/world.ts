import {
  type Acquire,
  type AcquireAll,
  type Answer,
  type Cancel,
  type ChangeLimit,
  type Command,
  commandTuple,
  type Downgrade,
  defaultTableLimits,
  type EndSession,
  type ForceRelease,
  type OpenSession,
  type Part,
  parseCommand,
  type Release,
  type RequestRevoke,
  type RowTuple,
  type RowValue,
  type SessionRequest,
  type Steal,
  Table,
  type TableEvent,
  type TableLimits,
  type Upgrade,
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

type Turn = readonly [session: number, sequence: number, mark?: number];

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

interface HoldOf {
  readonly name: string;
  readonly token: number;
}

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

const ann = { actor: 'ann', reason: 'it hangs' } as const;

export const forceRelease = ([session, sequence, mark = 0]: Turn, name: string, token?: number): ForceRelease => ({
  kind: 'force-release',
  session,
  sequence,
  mark,
  name,
  token,
  ...ann,
});

export const requestRevoke = ([session, sequence, mark = 0]: Turn, name: string, token?: number): RequestRevoke => ({
  kind: 'request-revoke',
  session,
  sequence,
  mark,
  name,
  token,
  ...ann,
});

export const endSession = ([session, sequence, mark = 0]: Turn, target: number): EndSession => ({
  kind: 'end-session',
  session,
  sequence,
  mark,
  target,
  ...ann,
});

export const steal = ([session, sequence, mark = 0]: Turn, name: string, mode: 'X' | 'W' = 'X'): Steal => ({
  kind: 'steal',
  session,
  sequence,
  mark,
  name,
  mode,
  ...ann,
});

/** The fencing token of a grant. */
export function tokenOf(answer: Answer | undefined): number {
  if (answer?.kind !== 'granted') throw new Error(`not granted: ${JSON.stringify(answer)}`);
  return answer.token;
}

export const rowsOf = (table: Table): readonly RowTuple[] => [...table.canonicalRows()];

/** A world with rows of all kinds of locks: held, awaited, upgraded, entered again, limited. */
export function furnishedFamily(): World {
  const world = new World();
  for (let number = 1; number <= 3; number += 1) world.open(number);
  world.ask(changeLimit([1, 1], 's\u00e9', 2));
  world.ask(acquireFor('ann', [1, 2], exclusive('a'), true, true));
  world.ask(acquireFor('ann', [1, 3], exclusive('a'), true, true));
  world.ask(acquireAll([1, 4], [readUpgradeable('r'), permits('s\u00e9', 2, 2)]));
  world.ask(acquireAll([2, 1], read('r')));
  world.ask(upgrade([1, 5], { name: 'r', token: 2 }));
  world.ask(acquireFor('bob', [3, 1], [exclusive('a'), write('r')]));
  world.ask(acquireFor('ann', [1, 6], exclusive('a')));
  world.ask(acquireAll([3, 2], permits('s\u00e9', 1, 1)));
  world.ask(acquireAll([3, 3], permits('r', 1, 1)));
  world.ask(upgrade([2, 2], { name: 'r', token: 4 }));
  world.ask(downgrade([2, 3], { name: 'r', token: 9 }, 'R'));
  const token = tokenOf(world.ask(acquireAll([3, 4], write('w'))));
  world.ask(downgrade([3, 5], { name: 'w', token }, 'U'));
  return world;
}

/** A world with rows of all that operators leave behind. */
export function furnishedForced(): World {
  const world = new World();
  for (let number = 1; number <= 2; number += 1) world.open(number);
  world.ask(acquire([1, 1], 'x'));
  world.ask(acquireAll([1, 2], write('w')));
  world.ask(requestRevoke([2, 1], 'x'));
  world.ask(forceRelease([2, 2], 'x'));
  world.ask(steal([2, 3], 'w', 'W'));
  world.ask(forceRelease([2, 4], 'w', 99));
  world.ask(endSession([2, 5], 77));
  world.ask(endSession([2, 6], 2));
  return world;
}

/** A world with a row of every kind. */
export function furnished(): World {
  const world = new World();
  world.apply({ kind: 'started', node: 'n1', incarnation: incarnationOf(1), run: 1, boot: 'b' });
  world.apply({ kind: 'started', node: 'n1', incarnation: incarnationOf(2), run: 4, boot: 'c' });
  world.open(1, { node: 'n1', incarnation: incarnationOf(2), run: 4 });
  world.open(2);
  world.ask(acquire([1, 1], 'x'));
  world.ask(acquire([2, 1], 'x'));
  world.ask(acquire([1, 2], 'x'));
  world.ask(cancel([2, 5], 4));
  world.ask(release([2, 6], 'y', 9));
  world.ask(acquire([2, 7], 'x', false));
  return world;
}
