import type { HolderView, LockSummary, LockView, SessionView } from '../index.ts';
import { type ClientFlags, connectWith } from './client.ts';
import { columns } from './columns.ts';
import { ago, complain, print, printJson } from './output.ts';

export interface LocksFlags extends ClientFlags {
  readonly json?: boolean;
  /** Answer from the asked node's own table, without asking a quorum. */
  readonly local?: boolean;
  readonly prefix?: string;
  readonly after?: string;
  readonly limit: number;
}

const consistencyOf = (flags: { readonly local?: boolean }): 'local' | 'linearizable' =>
  flags.local === true ? 'local' : 'linearizable';

/** The locks that somebody holds, by name; with a name, that lock and its queue. */
export async function showLocks(name: string | undefined, flags: LocksFlags): Promise<void> {
  await using client = await connectWith(flags);
  const consistency = consistencyOf(flags);
  if (name !== undefined) {
    const lock = await client.inspect(name, { consistency });
    if (flags.json === true) printJson(lock);
    else print(isFree(lock) ? `nobody holds ${JSON.stringify(name)}` : lockText(lock));
    return;
  }
  const { prefix = '', limit, after } = flags;
  const list = await client.list({ prefix, limit, after, consistency });
  if (flags.json === true) printJson(list);
  else print(columns(lockHead, list.locks.flatMap(rowsOf)));
  // A full page may have a next one.
  if (list.locks.length === limit) complain(`only the first ${limit} locks are shown; see --limit and --after`);
}

/** The sessions that live in the cluster. */
export async function showSessions(flags: Omit<LocksFlags, 'prefix' | 'limit' | 'after'>): Promise<void> {
  await using client = await connectWith(flags);
  const list = await client.sessions({ consistency: consistencyOf(flags) });
  if (flags.json === true) printJson(list);
  else print(columns(['SESSION', 'LABEL', 'NODE', 'TTL', 'OPENED', 'HOLDS', 'WAITS'], list.sessions.map(sessionRow)));
}

const lockHead = ['LOCK', 'MODE', 'HOLDER', 'NODE', 'TOKEN', 'SINCE', 'WAITING'] as const;

const isFree = ({ holders, waiting, lockDelay }: Omit<LockView, 'kind'>): boolean =>
  holders.length + waiting === 0 && lockDelay === null;

const rowsOf = (lock: Omit<LockSummary, 'kind'>): readonly (readonly string[])[] =>
  lock.lockDelay === null ? holderRows(lock) : [...holderRows(lock), delayRow(lock)];

/** A name that nobody is granted for a while. */
const delayRow = ({ name, lockDelay, waiting }: Omit<LockSummary, 'kind'>): readonly string[] => [
  name,
  'in delay',
  `nobody for ${lockDelay} ms`,
  ...['', '', ''],
  String(waiting),
];

const holderRows = ({ name, limit, holders, waiting }: Omit<LockSummary, 'kind'>): readonly (readonly string[])[] =>
  holders.map(({ label, session, node, token, since, ...how }) => [
    name,
    modeText(how, limit),
    holderText({ label, session }),
    node ?? '',
    String(token),
    ago(since),
    String(waiting),
  ]);

function lockText(lock: Omit<LockView, 'kind'>): string {
  const held = columns(lockHead, rowsOf(lock));
  if (lock.queue.length === 0) return held;
  const waiters = lock.queue.map(({ position, label, session, node, since, ...how }) => [
    String(position),
    modeText(how, lock.limit),
    holderText({ label, session }),
    node ?? '',
    ago(since),
  ]);
  return `${held}\n\n${columns(['POSITION', 'MODE', 'WAITER', 'NODE', 'SINCE'], waiters)}`;
}

/** The session of a sticky hold may have ended. */
function holderText({ label, session }: Pick<HolderView, 'label' | 'session'>): string {
  if (session === 0) return 'nobody (sticky)';
  return label === '' ? `session ${session}` : label;
}

/** How a lock is held or wanted. */
const modeText = ({ mode, permits }: Pick<HolderView, 'mode' | 'permits'>, limit: number | null): string =>
  mode === 'S' ? `${permits} of ${limit}` : modeWords[mode];

const modeWords = { X: 'exclusive', R: 'read', U: 'upgradeable', W: 'write' } as const;

const sessionRow = ({ session, label, node, ttlMs, openedAt, holds, waiters }: SessionView): readonly string[] => [
  String(session),
  label,
  node ?? '',
  `${ttlMs / 1_000} s`,
  ago(openedAt),
  String(holds),
  String(waiters),
];
