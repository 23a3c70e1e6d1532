import type { Delays } from './delays.ts';
import type { TableEvent } from './event.ts';
import type { Lock } from './lock-row.ts';
import type { Locks } from './locks.ts';
import type { Sessions } from './sessions.ts';

/** Hears what a command changed, while it is applied. Must neither throw nor apply. */
export type Emit = (event: TableEvent) => void;

/** What whoever executes commands works with. */
export interface TableTools {
  readonly locks: Locks;
  readonly sessions: Sessions;
  readonly delays: Delays;
  /** Grants what the heads of these locks' queues may have now. */
  readonly passOn: (left: readonly Lock[], emit: Emit) => void;
}
