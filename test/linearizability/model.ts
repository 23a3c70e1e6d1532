import type { Holder, LockSettings } from './history.ts';

/** One hold of a lock in some order of events. */
export interface Hold {
  readonly client: string;
  /** Undefined where nothing in the history tells it. */
  readonly token: number | undefined;
  readonly mode: 'r' | 'w';
  /** Re-entries or permits. */
  readonly count: number;
  /** Of these, how many its client never heard of: they may be gone at any moment, as the library gives them back. */
  readonly loose: number;
}

/** A lock between two events. */
export interface LockState {
  readonly holds: readonly Hold[];
  /** The highest token so far, and the highest that was not a shared read's. */
  readonly last: number;
  readonly lastWrite: number;
}

/** What somebody wants of a lock. */
export interface Want {
  readonly client: string;
  readonly mode: 'r' | 'w';
  readonly permits: number;
}

export const unheld: LockState = { holds: [], last: -1, lastWrite: -1 };

/** Whether `want` can be granted beside what is held. */
export function fits(settings: LockSettings, { holds }: LockState, want: Want): boolean {
  switch (settings.kind) {
    case 'mutex':
      return holds.length === 0;
    case 'rw':
      return want.mode === 'r' ? holds.every(({ mode }) => mode === 'r') : holds.length === 0;
    case 'semaphore':
      return holds.reduce((sum, { count }) => sum + count, 0) + want.permits <= settings.permits;
    default:
      return settings.kind satisfies never;
  }
}

/** The state after a grant; undefined where the law forbids it. An undefined token is above all earlier ones. */
export function granted(
  settings: LockSettings,
  state: LockState,
  grant: Want & { readonly token: number | undefined; readonly isLoose: boolean },
): LockState | undefined {
  const { client, token, mode, permits, isLoose } = grant;
  const again = reentered(settings, state, grant);
  if (again !== undefined) return again;
  if (!fits(settings, state, grant)) return undefined;
  const isShared = settings.kind === 'rw' && settings.readTokens === 'shared' && mode === 'r';
  if (token !== undefined && token <= (isShared ? state.lastWrite : state.last)) return undefined;
  const count = settings.kind === 'semaphore' ? permits : 1;
  return {
    holds: [...state.holds, { client, token, mode, count, loose: isLoose ? count : 0 }],
    last: Math.max(state.last, token ?? -1),
    lastWrite: isShared ? state.lastWrite : Math.max(state.lastWrite, token ?? -1),
  };
}

/** The hold that a request of this client enters again instead of waiting for it. */
export const ownHold = (settings: LockSettings, { holds }: LockState, want: Want): Hold | undefined =>
  settings.reentrant === 'no' || settings.kind === 'semaphore'
    ? undefined
    : holds.find(({ client, mode }) => client === want.client && mode === want.mode);

function reentered(
  settings: LockSettings,
  state: LockState,
  grant: Want & { readonly token: number | undefined; readonly isLoose: boolean },
): LockState | undefined {
  const own = ownHold(settings, state, grant);
  if (own === undefined) return undefined;
  // The client of a loose hold was never told its token, so it may be whichever it is told now.
  if (grant.token !== undefined && own.token !== undefined && own.token !== grant.token) return undefined;
  if (grant.token === undefined && settings.reentrant === 'idempotent') return undefined;
  const count = settings.reentrant === 'count' ? own.count + 1 : own.count;
  if (count > settings.maxCount) return undefined;
  if (own.token === undefined && grant.token !== undefined && grant.token <= state.last) return undefined;
  const loose = grant.isLoose ? own.loose + 1 : settings.reentrant === 'count' ? own.loose : 0;
  const token = own.token ?? grant.token;
  const last = Math.max(state.last, token ?? -1);
  return {
    holds: state.holds.map((hold) => (hold === own ? { ...own, token, count, loose } : hold)),
    last,
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
    settings.kind === 'semaphore' ? (release.permits ?? hold.count) : settings.reentrant === 'count' ? 1 : hold.count;
  return lessened(state, hold, freed);
}

/** The state without what nobody was ever told of in that hold. */
export const dropped = (state: LockState, hold: Hold): LockState => lessened(state, hold, hold.loose);

/** The state without that hold. */
export const lost = (state: LockState, hold: Hold): LockState => lessened(state, hold, hold.count);

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
      ({ client, token, count }) =>
        client === hold.client && token === hold.token && (count === undefined || count === hold.count),
    );
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}

function lessened(state: LockState, hold: Hold, by: number): LockState {
  const count = hold.count - by;
  const holds = state.holds.flatMap((each) => {
    if (each !== hold) return [each];
    return count <= 0 ? [] : [{ ...hold, count, loose: Math.min(hold.loose, count) }];
  });
  return { ...state, holds };
}
