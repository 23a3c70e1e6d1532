import type { Clock } from './clock/index.ts';
import type { Failure, Gateway } from './node/index.ts';
import type { Session } from './session.ts';

/** What a session lives in. */
export interface SessionWorld {
  readonly gateway: Gateway;
  readonly clock: Clock;
  readonly ttlMs: number;
  /** Why the node below has stopped, if it has: then it knows no session any more, whatever the cluster knows. */
  readonly stoppedBy?: (() => Failure | undefined) | undefined;
}

/** Told once each, in this order. */
export interface SessionOwner {
  /** Nothing is held or awaited in it any more; another may be opened. */
  over(session: Session): void;
  /** The cluster has ended it. */
  gone(session: Session): void;
}
