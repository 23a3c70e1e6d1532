import * as answers from './answers.ts';
import type { Answer } from './command.ts';
import type { Session } from './session.ts';
import type { TableState } from './state.ts';

/** What the limits have against a request of so many parts. */
export function refusalOf(
  { limits, locks, totals }: TableState,
  session: Session,
  wish: { readonly isFree: boolean; readonly parts: number; readonly newLocks: number; readonly isSticky: boolean },
): Answer | undefined {
  if (session.holds.size + wish.parts > limits.holdsPerSessionMax) {
    return answers.exceeded('holds per session', limits.holdsPerSessionMax);
  }
  if (!wish.isFree && session.waiters.size >= limits.waitersPerSessionMax) {
    return answers.exceeded('waiters per session', limits.waitersPerSessionMax);
  }
  if (wish.newLocks > 0 && locks.size + wish.newLocks > limits.locksMax) {
    return answers.exceeded('locks', limits.locksMax);
  }
  if (wish.isSticky && totals.sticky + wish.parts > limits.stickyMax) {
    return answers.exceeded('sticky holds', limits.stickyMax);
  }
  return undefined;
}
