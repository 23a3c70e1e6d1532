import type { LockSettings } from './history.ts';
import { bereft, granted, type LockState, unheld, type Want } from './model.ts';

/** Locks that are asked for together, between two events. */
export interface GroupState {
  /** Those that anything has happened to. */
  readonly locks: ReadonlyMap<string, LockState>;
  /** The highest token of all of them. */
  readonly last: number;
}

/** What the locks of a group are. */
export interface GroupSettings {
  readonly of: (name: string) => LockSettings;
  /** One token space for all of them. */
  readonly isGlobal: boolean;
}

export const untouched: GroupState = { locks: new Map(), last: -1 };

export const lockIn = ({ locks }: GroupState, name: string): LockState => locks.get(name) ?? unheld;

/** The group after what `change` makes of one lock; undefined where that is not lawful. */
export function withLock(
  group: GroupState,
  name: string,
  lock: LockState | undefined,
  token?: number,
): GroupState | undefined {
  if (lock === undefined) return undefined;
  return { locks: new Map([...group.locks, [name, lock]]), last: Math.max(group.last, token ?? -1) };
}

/** All of it granted in one step, the tokens one after the other; undefined where the law forbids any of it. */
export function grantedAll(
  settings: GroupSettings,
  group: GroupState,
  grant: { readonly wants: readonly Want[]; readonly token: number | undefined; readonly isLoose: boolean },
): GroupState | undefined {
  let state: GroupState | undefined = group;
  for (const [at, want] of grant.wants.entries()) {
    if (state === undefined) return undefined;
    const token: number | undefined = grant.token === undefined ? undefined : grant.token + at;
    const before = lockIn(state, want.name);
    const after = granted(settings.of(want.name), before, { ...want, token, isLoose: grant.isLoose });
    if (settings.isGlobal && after !== undefined && after.last > before.last && after.last <= state.last) {
      return undefined;
    }
    state = withLock(state, want.name, after, token);
  }
  return state;
}

/** Without a client's holds. */
export const bereftAll = ({ locks, last }: GroupState, client: string): GroupState => ({
  locks: new Map([...locks].map(([name, lock]) => [name, bereft(lock, client)])),
  last,
});

export const isAnyHeld = ({ locks }: GroupState): boolean => {
  for (const { holds } of locks.values()) if (holds.length > 0) return true;
  return false;
};

/** The same for equal states. */
export function keyOf(state: GroupState): string {
  const locks = [...state.locks].map(([name, { holds, last, lastWrite, limit }]) => {
    const held = holds.map(
      ({ client, token, mode, count, loose }) => `${token ?? '?'}${mode}${count}.${loose}${client}`,
    );
    return [name, last, lastWrite, limit?.permits, limit?.doneBy, ...held.sort()];
  });
  return JSON.stringify(locks.sort(([a], [b]) => (`${a}` < `${b}` ? -1 : 1)));
}
