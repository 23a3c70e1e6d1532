import type { Holder, LockSettings, Mode } from './history.ts';

/** One hold of a lock in some order of events. */
export interface Hold {
  readonly client: string;
  readonly owner: string | undefined;
  /** Undefined where nothing in the history tells it. */
  readonly token: number | undefined;
  readonly mode: Mode;
  /** Re-entries or permits. */
  readonly count: number;
  /** Of these, how many its client never heard of: they may be gone at any moment, as the library gives them back. */
  readonly loose: number;
  /** Of the semaphore, as its request had it. */
  readonly limit: number | undefined;
  /** It is the write that an upgrade has made of it. */
  readonly isConverted?: boolean;
}

/** A lock between two events. */
export interface LockState {
  readonly holds: readonly Hold[];
  /** The highest token so far, and the highest that was not a shared read's. */
  readonly last: number;
  readonly lastWrite: number;
  /** How many permits it has since that was changed, which was certainly done at `doneBy`. */
  readonly limit: { readonly permits: number; readonly doneBy: number } | undefined;
}

/** What somebody wants of a lock. */
export interface Want {
  readonly name: string;
  readonly client: string;
  readonly owner: string | undefined;
  readonly reenters: boolean;
  readonly mode: Mode;
  readonly permits: number;
  readonly limit: number | undefined;
  /** When it was asked for. */
  readonly from: number;
  readonly waits: boolean;
}

interface GrantOf {
  readonly token: number | undefined;
  readonly isLoose: boolean;
}

export const unheld: LockState = { holds: [], last: -1, lastWrite: -1, limit: undefined };

/** Whether `want` can be granted beside what is held. */
export function fits(settings: LockSettings, state: LockState, want: Want): boolean {
  const { holds } = state;
  switch (settings.kind) {
    case 'mutex':
      return holds.length === 0;
    case 'rw':
      return want.mode === 'w' ? holds.length === 0 : holds.every(({ mode }) => isBeside(mode, want.mode));
    case 'semaphore':
      return holds.reduce((sum, { count }) => sum + count, 0) + want.permits <= permitsOf(settings, state, want);
    default:
      return settings.kind satisfies never;
  }
}

/** Whether two holds of a reader-writer lock may stand side by side. */
export const isBeside = (one: Mode, other: Mode): boolean =>
  one !== 'w' && other !== 'w' && (one === 'r' || other === 'r');

const permitsOf = (settings: LockSettings, { limit, holds }: LockState, want: Want): number =>
  limit?.permits ?? holds[0]?.limit ?? want.limit ?? settings.permits;

/** The state after a grant; undefined where the law forbids it. An undefined token is above all earlier ones. */
export function granted(settings: LockSettings, state: LockState, grant: Want & GrantOf): LockState | undefined {
  const { client, owner, token, mode, permits, limit, isLoose } = grant;
  const own = ownHold(settings, state, grant);
  if (own !== undefined) return reentered(settings, state, grant, own);
  if (!fits(settings, state, grant) || !mayAskSo(state, grant)) return undefined;
  const isShared = settings.kind === 'rw' && settings.readTokens === 'shared' && mode === 'r';
  if (token !== undefined && token <= (isShared ? state.lastWrite : state.last)) return undefined;
  const count = settings.kind === 'semaphore' ? permits : 1;
  return {
    ...state,
    holds: [...state.holds, { client, owner, token, mode, count, loose: isLoose ? count : 0, limit }],
    last: Math.max(state.last, token ?? -1),
    lastWrite: isShared ? state.lastWrite : Math.max(state.lastWrite, token ?? -1),
  };
}

/** With another limit than the one in force only a request can be granted that waited already when it was changed. */
function mayAskSo({ limit, holds }: LockState, want: Want): boolean {
  if (want.limit === undefined) return true;
  if (limit !== undefined) return want.limit === limit.permits || (want.waits && want.from < limit.doneBy);
  return holds.every((hold) => hold.limit === undefined || hold.limit === want.limit);
}

/** The hold that a request of this client enters again instead of waiting for it. */
export function ownHold(settings: LockSettings, { holds }: LockState, want: Want): Hold | undefined {
  if (settings.kind === 'semaphore' || (settings.reentrant === 'no' && !want.reenters)) return undefined;
  return holds.find(
    ({ client, mode, owner }) =>
      client === want.client && mode === want.mode && (settings.reentrant !== 'no' || owner === want.owner),
  );
}

function reentered(settings: LockSettings, state: LockState, grant: Want & GrantOf, own: Hold): LockState | undefined {
  // The client of a loose hold was never told its token, so it may be whichever it is told now.
  if (grant.token !== undefined && own.token !== undefined && own.token !== grant.token) return undefined;
  if (grant.token === undefined && settings.reentrant === 'idempotent') return undefined;
  const counts = settings.reentrant !== 'idempotent';
  const count = counts ? own.count + 1 : own.count;
  if (count > settings.maxCount) return undefined;
  if (own.token === undefined && grant.token !== undefined && grant.token <= state.last) return undefined;
  const loose = grant.isLoose ? own.loose + 1 : counts ? own.loose : 0;
  const token = own.token ?? grant.token;
  return {
    ...replaced(state, own, { ...own, token, count, loose }),
    last: Math.max(state.last, token ?? -1),
    lastWrite: Math.max(state.lastWrite, token ?? -1),
  };
}

/** The state after a release; undefined where nothing such is held. */
export function released(
  settings: LockSettings,
  state: LockState,
  release: { readonly client: string; readonly token: number; readonly permits: number | undefined },
): LockState | undefined {
  const hold = holdOf(state, release);
  if (hold === undefined || (release.permits ?? 1) > hold.count) return undefined;
  const freed =
    settings.kind === 'semaphore'
      ? (release.permits ?? hold.count)
      : settings.reentrant === 'idempotent'
        ? hold.count
        : 1;
  return lessened(state, hold, freed);
}

/** A write of an upgradeable read that stands alone, under a new token; undefined where that is not so. */
export function upgraded(
  state: LockState,
  upgrade: { readonly client: string; readonly token: number; readonly becomes: number | undefined },
): LockState | undefined {
  const { becomes } = upgrade;
  const hold = holdOf(state, upgrade);
  if (hold?.mode !== 'u' || state.holds.length !== 1 || (becomes !== undefined && becomes <= state.last)) {
    return undefined;
  }
  return {
    ...replaced(state, hold, { ...hold, mode: 'w', token: becomes, isConverted: true }),
    last: Math.max(state.last, becomes ?? -1),
    lastWrite: Math.max(state.lastWrite, becomes ?? -1),
  };
}

/** A weaker lock of a hold, under the same token; undefined where it is not stronger. */
export function weakened(
  state: LockState,
  downgrade: { readonly client: string; readonly token: number; readonly to: 'u' | 'r' },
): LockState | undefined {
  const hold = holdOf(state, downgrade);
  const isStronger = hold?.mode === 'w' || (hold?.mode === 'u' && downgrade.to === 'r');
  return hold !== undefined && isStronger ? replaced(state, hold, { ...hold, mode: downgrade.to }) : undefined;
}

/** With so many permits from now on. */
export const limited = (state: LockState, limit: NonNullable<LockState['limit']>): LockState => ({ ...state, limit });

/** Whether a request can have been told that the semaphore has `limit` permits, and not what it asked for. */
export function isLimitedTo(state: LockState, limit: number): boolean {
  if (state.limit !== undefined) return state.limit.permits === limit;
  return state.holds.some((hold) => hold.limit === limit);
}

/** The state without what nobody was ever told of in that hold. */
export const dropped = (state: LockState, hold: Hold): LockState => lessened(state, hold, hold.loose);

/** The state without that hold. */
export const lost = (state: LockState, hold: Hold): LockState => lessened(state, hold, hold.count);

/** An upgrade that nobody heard of is made an upgradeable read again by the library; undefined if this is none. */
export const putBack = (state: LockState, hold: Hold): LockState | undefined =>
  hold.token === undefined && hold.mode === 'w' && hold.isConverted
    ? replaced(state, hold, { ...hold, mode: 'u' })
    : undefined;

export const cleared = (state: LockState): LockState => ({ ...state, holds: [] });

/** Without a client's holds. */
export const bereft = (state: LockState, client: string): LockState => ({
  ...state,
  holds: state.holds.filter((hold) => hold.client !== client),
});

export const holdOf = (
  { holds }: LockState,
  { client, token }: { readonly client: string; readonly token: number },
): Hold | undefined => holds.find((hold) => hold.client === client && hold.token === token);

/** Whether a read that shows `holders` is true. */
export function shows({ holds }: LockState, holders: readonly Holder[]): boolean {
  if (holds.length !== holders.length) return false;
  const left = [...holders];
  return holds.every((hold) => {
    const at = left.findIndex(
      ({ client, token, count, mode }) =>
        client === hold.client &&
        token === hold.token &&
        (count === undefined || count === hold.count) &&
        (mode === undefined || mode === hold.mode),
    );
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}

const replaced = (state: LockState, hold: Hold, by: Hold): LockState => ({
  ...state,
  holds: state.holds.map((each) => (each === hold ? by : each)),
});

function lessened(state: LockState, hold: Hold, by: number): LockState {
  const count = hold.count - by;
  const holds = state.holds.flatMap((each) => {
    if (each !== hold) return [each];
    return count <= 0 ? [] : [{ ...hold, count, loose: Math.min(hold.loose, count) }];
  });
  return { ...state, holds };
}
