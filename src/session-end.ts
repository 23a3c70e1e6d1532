import type { Ending } from './asker.ts';
import { type LockOutcome, SessionExpiredError } from './errors.ts';
import type { Intervention, SessionEnd, Taken } from './table/index.ts';

/** A hold that somebody ended by force or has taken over, in words and for the error. */
export const takenAway = ({ by, isHandedOver }: Taken): Ending =>
  isHandedOver
    ? { reason: 'handed-over', text: `${JSON.stringify(by.actor)} has taken it over by its ticket` }
    : byForce(by, 'ended it by force');

/** A session that the cluster has ended. */
export const endOf = (end: SessionEnd, by: Intervention | undefined): Ending =>
  by === undefined ? { reason: 'session', text: textOf(end) } : byForce(by, 'closed its session');

/** The error for who waited for something in a session that ended so. */
export const expiredBy =
  ({ text }: Ending) =>
  (outcome: LockOutcome): SessionExpiredError =>
    new SessionExpiredError(`the session ended: ${text}`, { outcome });

const byForce = ({ actor, reason }: Intervention, what: string): Ending => ({
  reason: 'forced',
  text: `${JSON.stringify(actor)} ${what}${reason === '' ? '' : `: ${reason}`}`,
  by: { actor, reason },
});

const textOf = (end: SessionEnd): string => {
  switch (end) {
    case 'expired':
      return 'the cluster heard no heartbeat for the session TTL';
    case 'closed':
      return 'the session was closed';
    case 'superseded':
      return 'a newer run of this node took over';
    case 'unknown':
      return 'the cluster does not know the session';
    default:
      return end satisfies never;
  }
};
