import type { Crowd } from './crowds.ts';
import { type GroupSettings, type GroupState, isAnyHeld, lockIn } from './group.ts';
import { fits, holdOf, isLimitedTo, ownHold, shows, type Want } from './model.ts';
import type { Step } from './plan.ts';

/** Whether a step is a mere look at the locks, and is true now. */
export function isTrue(settings: GroupSettings, state: GroupState, step: Step | undefined): boolean {
  switch (step?.kind) {
    case 'refused':
      return step.wants.some((want) => isRefused(settings, state, want));
    case 'absent': {
      const hold = holdOf(lockIn(state, step.name), step);
      return hold === undefined || hold.count < (step.permits ?? 1);
    }
    case 'present':
      return holdOf(lockIn(state, step.name), step) !== undefined;
    case 'accompanied': {
      const lock = lockIn(state, step.name);
      return holdOf(lock, step) !== undefined && lock.holds.length > 1;
    }
    case 'read': {
      const lock = lockIn(state, step.name);
      const isLimitTrue = step.limit === undefined || lock.limit === undefined || lock.limit.permits === step.limit;
      return isLimitTrue && shows(lock, step.holders);
    }
    case 'misled':
      return step.wants.some((want) => isMisled(state, want, step));
    case 'circle':
      return step.circle.every(({ lock, next, mayAwait }) => mayAwait || isHeldBy(state, lock, next));
    default:
      return false;
  }
}

function isRefused(settings: GroupSettings, state: GroupState, want: Want & { readonly crowd: Crowd }): boolean {
  const own = settings.of(want.name);
  const lock = lockIn(state, want.name);
  if (ownHold(own, lock, want) !== undefined) return false;
  if (!fits(own, lock, want)) return true;
  if (want.crowd === 'elsewhere') return isAnyHeld(state);
  return want.crowd === 'there' && lock.holds.length > 0;
}

function isMisled(
  state: GroupState,
  want: Want,
  { limit, isCrowded }: { readonly limit: number; readonly isCrowded: boolean },
): boolean {
  const lock = lockIn(state, want.name);
  if (want.limit === undefined || want.limit === limit) return false;
  // Of a semaphore that nobody holds, the limit may be that of somebody who waits for another lock besides.
  return isLimitedTo(lock, limit) || (isCrowded && lock.limit === undefined && lock.holds.length === 0);
}

const isHeldBy = (state: GroupState, name: string, owner: string | null): boolean =>
  lockIn(state, name).holds.some((hold) => owner === null || hold.owner === owner);
