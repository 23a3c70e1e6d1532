import type { Clock } from './clock/index.ts';
import type { Failure, Gateway } from './node/index.ts';

/** What a session lives in. */
export interface SessionWorld {
  readonly gateway: Gateway;
  readonly clock: Clock;
  readonly ttlMs: number;
  /** Why the node below has stopped, if it has: then it knows no session any more, whatever the cluster knows. */
  readonly stoppedBy?: (() => Failure | undefined) | undefined;
}
