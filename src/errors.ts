/**
 * What is known of the effect of a call that failed. `not-applied`: it changed nothing and never will. `applied`: it
 * was carried out (an acquire that came too late is released again by the library, what was attached is not). `unknown`:
 * nobody could tell in time; the library goes on cleaning up behind.
 */
export type LockOutcome = 'not-applied' | 'applied' | 'unknown';

/** What every `LockError` is told at birth. */
export interface LockErrorInit {
  /** `not-applied` when absent. */
  readonly outcome?: LockOutcome;
  /** What lies beneath, untouched: an abort reason, an error of the disk. */
  readonly cause?: unknown;
}

/** One code per class; switch over it rather than over messages. */
export type LockErrorCode =
  | 'TIMEOUT'
  | 'CANCELLED'
  | 'CONNECTION'
  | 'LOCK_LOST'
  | 'FENCED'
  | 'INVALID_NAME'
  | 'BACKEND'
  | 'SESSION_EXPIRED'
  | 'LIMIT_EXCEEDED'
  | 'NOT_HELD'
  | 'DEADLOCK'
  | 'KIND_MISMATCH'
  | 'SEMAPHORE_LIMIT'
  | 'OVERLOADED'
  | 'SHUTTING_DOWN'
  | 'NOT_READY'
  | 'QUARANTINED'
  | 'CORRUPT_STORAGE'
  | 'WRONG_CLUSTER'
  | 'DATA_DIR_IN_USE'
  | 'EVENTS_LOST'
  | 'QUEUE_FULL';

/** Everything that can go wrong with a lock, other than wrong arguments, is one of these. */
export abstract class LockError extends Error {
  /** Names the class for a `switch`. */
  abstract readonly code: LockErrorCode;
  /** Whether the same call may succeed when it is simply made again, perhaps later. */
  abstract readonly retryable: boolean;
  /** What became of the call in the cluster. */
  readonly outcome: LockOutcome;

  constructor(message: string, init: LockErrorInit = {}) {
    super(message, 'cause' in init ? { cause: init.cause } : undefined);
    this.outcome = init.outcome ?? 'not-applied';
  }

  override get name(): string {
    return this.constructor.name;
  }
}

/** The time given to a call has passed. */
export class TimeoutError extends LockError {
  readonly code = 'TIMEOUT' as const;
  readonly retryable: boolean = true;
}

/** The caller's `signal` aborted; `cause` is its reason, untouched. */
export class CancelledError extends LockError {
  readonly code = 'CANCELLED' as const;
  readonly retryable: boolean = false;
}

/** No node could be reached, or the way to it broke in the middle of something that cannot be repeated. */
export class ConnectionError extends LockError {
  readonly code = 'CONNECTION' as const;
  readonly retryable: boolean = true;
}

/**
 * Why a hold ended without a release. `deadline`: no heartbeat was acknowledged in time, by this process's own clock.
 * `session`: the cluster ended the session. `closed`: this process closed its node or client. `failed`: the node stopped.
 * `overdue`: its `maxHold` is over. `forced`: somebody released the lock by force, or closed the session; `by` says who and
 * why. `handed-over`: somebody has taken the hold over by its ticket.
 */
export type LossReason = 'deadline' | 'session' | 'closed' | 'failed' | 'overdue' | 'forced' | 'handed-over';

/** Who meddles with what others hold, and why. */
export interface ForcedBy {
  /** A person or program, as whoever did it has named it. */
  readonly actor: string;
  /** In words; may be empty. */
  readonly reason: string;
}

/** The hold is gone: somebody else may have the lock already. Final; nothing is ever acquired again silently. */
export class LockLostError extends LockError {
  readonly code = 'LOCK_LOST' as const;
  readonly retryable: boolean = false;
  readonly reason: LossReason;
  /** Only when the reason is `forced`. */
  readonly by: ForcedBy | undefined;

  constructor(
    message: string,
    init: LockErrorInit & { readonly reason: LossReason; readonly by?: ForcedBy | undefined },
  ) {
    super(message, init);
    this.reason = init.reason;
    this.by = init.by;
  }
}

/** What a `FencedError` is told beside the rest. */
export interface FencedErrorInit extends LockErrorInit {
  /** The token that was refused. */
  readonly token: number;
  /** The highest one that the resource has seen, if that is known. */
  readonly highestSeen?: number | undefined;
}

/**
 * A resource refused a fencing token: somebody with a higher one was there already, so the hold behind it is over. Or the
 * cluster refused a call, because the hold that guards it is over.
 */
export class FencedError extends LockError {
  readonly code = 'FENCED' as const;
  readonly retryable: boolean = false;
  readonly token: number;
  readonly highestSeen: number | undefined;

  constructor(message: string, init: FencedErrorInit) {
    super(message, init);
    this.token = init.token;
    this.highestSeen = init.highestSeen;
  }
}

/** The message says which rule the name breaks: 1 to 512 bytes of well-formed Unicode, no control characters, no leading `$`. */
export class InvalidNameError extends LockError {
  readonly code = 'INVALID_NAME' as const;
  readonly retryable: boolean = false;
}

/** The node's disk or the node itself failed; it does not serve any more. */
export class BackendError extends LockError {
  readonly code = 'BACKEND' as const;
  readonly retryable: boolean = false;
}

/** The session ended while the call waited: nothing of it is held, but what is sticky. The next acquire opens a new session. */
export class SessionExpiredError extends LockError {
  readonly code = 'SESSION_EXPIRED' as const;
  readonly retryable: boolean = true;
}

/** A limit on holds, waiters, sessions or locks is reached; the message names it. */
export class LimitExceededError extends LockError {
  readonly code = 'LIMIT_EXCEEDED' as const;
  readonly retryable: boolean = false;
}

/** What was asked of a handle needs another mode than it is held in; or no hold has that ticket. */
export class NotHeldError extends LockError {
  readonly code = 'NOT_HELD' as const;
  readonly retryable: boolean = false;
}

/** One wait of a deadlock: this owner waits for a lock that the next one holds or awaits, the last for the first. */
export interface DeadlockStep {
  /** Null for a request without an owner that stands in between. */
  readonly owner: string | null;
  readonly lock: string;
}

/** The request would have waited for itself: its owner holds, or awaits, what those wait for whom it would wait for. */
export class DeadlockError extends LockError {
  readonly code = 'DEADLOCK' as const;
  readonly retryable: boolean = false;
  /** From this request on; at most 16 steps. One step: the owner holds or awaits the lock itself. */
  readonly cycle: readonly DeadlockStep[];

  constructor(message: string, init: LockErrorInit & { readonly cycle: readonly DeadlockStep[] }) {
    super(message, init);
    this.cycle = init.cycle;
  }
}

/** The kinds of a lock, as they are shown. */
export type LockKindName = 'exclusive' | 'reader-writer' | 'semaphore';

/** A name has one kind while anybody holds it or waits for it; this one is in use as another kind. */
export class KindMismatchError extends LockError {
  readonly code = 'KIND_MISMATCH' as const;
  readonly retryable: boolean = false;
  /** What the call would have used it as. */
  readonly wanted: LockKindName;
  /** What it is in use as. */
  readonly actual: LockKindName;

  constructor(message: string, init: LockErrorInit & { readonly wanted: LockKindName; readonly actual: LockKindName }) {
    super(message, init);
    this.wanted = init.wanted;
    this.actual = init.actual;
  }
}

/** The semaphore has another number of permits in all than the call said; or fewer, by now, than it wanted. */
export class SemaphoreLimitError extends LockError {
  readonly code = 'SEMAPHORE_LIMIT' as const;
  readonly retryable: boolean = false;
  /** What the call said. */
  readonly wanted: number;
  /** How many there are. */
  readonly actual: number;

  constructor(message: string, init: LockErrorInit & { readonly wanted: number; readonly actual: number }) {
    super(message, init);
    this.wanted = init.wanted;
    this.actual = init.actual;
  }
}

/** As many wait for the lock as the call's `maxQueueLength` allows, or more. Try again later. */
export class QueueFullError extends LockError {
  readonly code = 'QUEUE_FULL' as const;
  readonly retryable: boolean = true;
}

/** Too much is asked at once; the call was not carried in. Try again later. */
export class OverloadedError extends LockError {
  readonly code = 'OVERLOADED' as const;
  readonly retryable: boolean = true;
}

/** This node or client is closed, or closing. */
export class ShuttingDownError extends LockError {
  readonly code = 'SHUTTING_DOWN' as const;
  readonly retryable: boolean = false;
}

/** The cluster knows no leader in time, or this node has not joined it yet. */
export class NotReadyError extends LockError {
  readonly code = 'NOT_READY' as const;
  readonly retryable: boolean = true;
}

/** The node's data is damaged or lost; it neither votes nor serves until it is replaced. */
export class QuarantinedError extends LockError {
  readonly code = 'QUARANTINED' as const;
  readonly retryable: boolean = false;
}

/** The data directory cannot be what this node wrote, or belongs to another node. */
export class CorruptStorageError extends LockError {
  readonly code = 'CORRUPT_STORAGE' as const;
  readonly retryable: boolean = false;
}

/** The node there belongs to another cluster. */
export class WrongClusterError extends LockError {
  readonly code = 'WRONG_CLUSTER' as const;
  readonly retryable: boolean = false;
}

/** Another process has the data directory open. */
export class DataDirInUseError extends LockError {
  readonly code = 'DATA_DIR_IN_USE' as const;
  readonly retryable: boolean = false;
}

/** Events that were asked for are not kept any more: look at what is held now, and begin anew. */
export class EventsLostError extends LockError {
  readonly code = 'EVENTS_LOST' as const;
  readonly retryable: boolean = false;
  /** All events from this log index on can be had. */
  readonly firstIndex: number;

  constructor(message: string, init: LockErrorInit & { readonly firstIndex: number }) {
    super(message, init);
    this.firstIndex = init.firstIndex;
  }
}

/** A wrong argument: `code` marks it as ours among other TypeErrors. */
export interface InvalidArgument {
  readonly code: 'INVALID_ARGUMENT';
}

const invalidArgument: InvalidArgument = { code: 'INVALID_ARGUMENT' };

/** An argument of the wrong type, an unknown option, or a text that does not have the asked form. */
export const wrongType = (message: string): TypeError & InvalidArgument =>
  Object.assign(new TypeError(message), invalidArgument);

/** A number outside of its bounds. */
export const outOfRange = (message: string): RangeError & InvalidArgument =>
  Object.assign(new RangeError(message), invalidArgument);
