import type { HoldOptions } from './hold-options.ts';
import type { OperatorRequest } from './operator-command.ts';

/** A session's number: minted by the table at open, rising, never used again. */
export type SessionId = number;

/** Rises by one with each request of a session; 0 is never used. */
export type Sequence = number;

/**
 * How a hold or waiter relates to others of its name: exclusive; read, upgradeable read and write of a reader-writer
 * lock; permits of a semaphore.
 */
export type Mode = 'X' | 'R' | 'U' | 'W' | 'S';

/** Names one hold, whoever has it: its lock and its fencing token. */
export interface HoldName {
  readonly name: string;
  readonly token: number;
}

/** What a name is used as while anybody is at it. */
export type LockKind = 'exclusive' | 'reader-writer' | 'semaphore';

/** What every request of a session carries. */
export interface SessionCommand {
  readonly session: SessionId;
  readonly sequence: Sequence;
  /**
   * Below the command's own sequence. All sequences up to here have an answer that the client knows, and are never
   * executed again. The answers are forgotten, but for acquires answered `queued`: these are remembered until they end
   * without a grant, or their hold ends, so that one long wait does not pile up all answers behind it. Never falls.
   */
  readonly mark: Sequence;
}

/** A node's process has begun: sessions of its earlier runs end here. */
export interface Started {
  readonly kind: 'started';
  readonly node: string;
  readonly incarnation: string;
  readonly run: number;
  readonly boot: string;
}

/** Opens a session. Repeated while the session lives, it gives the same session (same `nonce`). */
export interface OpenSession {
  readonly kind: 'open';
  /** 128 random bits in hex, the client's secret: proves at the edge that a stream belongs to the session. */
  readonly nonce: string;
  readonly ttlMs: number;
  /** The node that the session lives in, with its run; absent for a remote client. */
  readonly home: { readonly node: string; readonly incarnation: string; readonly run: number } | undefined;
  /** A name for people: node id or client label. */
  readonly label: string;
}

/** The client says goodbye: its holds and waiters end here. */
export interface CloseSession {
  readonly kind: 'close';
  readonly session: SessionId;
}

/** The leader saw no heartbeat for the session's TTL. Void if a command of the session came first in the log. */
export interface ExpireSession {
  readonly kind: 'expire';
  readonly session: SessionId;
  /** `version` of the session when the leader decided: the number of its commands applied until then. */
  readonly version: number;
}

/** Asks for an exclusive lock: granted at once if nobody holds it or waits, else put into its queue. */
export interface Acquire extends SessionCommand {
  readonly kind: 'acquire';
  readonly name: string;
  readonly mode: 'X';
  /** False: never queues; the answer is `busy` if anybody holds or waits. */
  readonly waits: boolean;
}

/** One lock of an `AcquireAll`, and what is wanted of it. */
export interface Part {
  readonly name: string;
  readonly mode: Mode;
  /** 1 to `limit` of a semaphore; 1 of any other lock. */
  readonly permits: number;
  /** How many permits the semaphore has in all; 0 for any other lock. */
  readonly limit: number;
}

/**
 * Asks for one or several locks of any kind, all or nothing: enters all their queues at this one place in the log, and
 * is granted once it is at the head of all of them and fits beside the holders of each.
 */
export interface AcquireAll extends SessionCommand {
  readonly kind: 'acquire-all';
  /** Of different names. */
  readonly parts: readonly Part[];
  /** As for `Acquire`, over all parts. */
  readonly waits: boolean;
  /** Whom the cluster treats as one party when it looks for deadlocks; absent: each request is its own. */
  readonly owner: string | undefined;
  /** Only with an owner, of one exclusive lock: if he holds it in this session, he enters it once more. */
  readonly reenters: boolean;
  /** Of each hold that comes of it; a re-entry leaves the hold as it is. */
  readonly options?: HoldOptions | undefined;
}

/** One wait of a cycle: this owner waits for something that the next one holds or awaits, the last for the first. */
export interface CycleStep {
  /** Null for a request without an owner. */
  readonly owner: string | null;
  readonly lock: string;
}

/** Makes a write lock of an upgradeable read lock, ahead of all who wait; a new token is minted then. */
export interface Upgrade extends SessionCommand {
  readonly kind: 'upgrade';
  readonly name: string;
  /** Of the hold. */
  readonly token: number;
  /** False: `busy` if anybody else reads. */
  readonly waits: boolean;
}

/** Makes a weaker lock of a write or upgradeable read lock, which keeps its token. */
export interface Downgrade extends SessionCommand {
  readonly kind: 'downgrade';
  readonly name: string;
  readonly token: number;
  readonly to: 'U' | 'R';
}

/**
 * Whoever holds something for a bounded time knows by now that he does: the leader counts from here on, so later than the
 * holder does.
 */
export interface Begun extends SessionCommand {
  readonly kind: 'begun';
  readonly name: string;
  readonly token: number;
}

/** The leader has counted a bounded hold's time to its end. Void unless it is still that hold. */
export interface Overdue {
  readonly kind: 'overdue';
  readonly name: string;
  readonly token: number;
}

/** The leader has counted a delay to its end. Void unless the name is still in that one. */
export interface DelayOver {
  readonly kind: 'delay-over';
  readonly name: string;
  /** Of the hold that left the delay. */
  readonly token: number;
}

/**
 * Takes a hold over that somebody else has, or nobody any more: whoever knows its secret may. It stays what it is (mode,
 * permits, owner, options), in the session that asks, under a new token, and is entered once. Its bounded time begins anew.
 */
export interface TakeOver extends SessionCommand {
  readonly kind: 'take-over';
  readonly name: string;
  /** Of the hold: see `HoldOptions`. */
  readonly secret: string;
  /** Only if the hold still has this token; absent: whichever it has. */
  readonly token: number | undefined;
}

/** What a hold was acquired as, for whoever takes it over. */
export interface HoldTerms {
  readonly mode: Mode;
  readonly permits: number;
  readonly owner: string | undefined;
  readonly options: HoldOptions;
}

/** Sets how many permits a semaphore has, for good: its row stays even while nobody is at it. */
export interface ChangeLimit extends SessionCommand {
  readonly kind: 'limit';
  readonly name: string;
  readonly limit: number;
}

/** Ends the wait of `target`, an earlier or not yet arrived acquire or upgrade of the same session. */
export interface Cancel extends SessionCommand {
  readonly kind: 'cancel';
  readonly target: Sequence;
}

/** Lets go of one hold; an upgrade that it waits for ends with it. */
export interface Release extends SessionCommand {
  readonly kind: 'release';
  readonly name: string;
  /** Only the hold with this token, of this session, is released (S88). */
  readonly token: number;
}

/** Gives a hold other metadata: what whoever looks at the lock is shown. All else of it stays. */
export interface Proclaim extends SessionCommand {
  readonly kind: 'proclaim';
  readonly name: string;
  /** Of the hold. */
  readonly token: number;
  /** At most `metadataBytesMax`. */
  readonly metadata: string;
}

/** What a session asks of locks, or of those who hold them. */
export type PlainRequest =
  | Acquire
  | AcquireAll
  | Upgrade
  | Downgrade
  | ChangeLimit
  | Cancel
  | Release
  | Begun
  | Proclaim
  | TakeOver
  | OperatorRequest;

/** Writes or deletes a register. Only behind a guard, whose token the register keeps. */
export interface WriteRegister extends SessionCommand {
  readonly kind: 'write';
  readonly register: string;
  /** Null deletes it. */
  readonly value: string | null;
  /** The version that it must have: 0 if it must not be there; absent: any. */
  readonly expected: number | undefined;
}

/**
 * Executes a request if a hold is current at this place in the log, whoever has it; else it is a no-op, answered
 * `fenced`. A request that then waits is not judged again when it is granted.
 */
export interface Guarded extends SessionCommand {
  readonly kind: 'guarded';
  readonly guard: HoldName;
  /** Of the same session, sequence and mark. */
  readonly request: PlainRequest | WriteRegister;
}

/** What a session asks, under a sequence of its own: executed at most once, and answered. */
export type SessionRequest = PlainRequest | Guarded;

/** Everything that may stand in a log entry's batch. */
export type Command = Started | OpenSession | CloseSession | ExpireSession | SessionRequest | Overdue | DelayOver;

/** What the table remembers of a request until the client's mark passes it. */
export type Answer =
  /** Interim: in the queue; the same sequence is answered again when it is granted or ends. */
  | { readonly kind: 'queued' }
  /** Of several parts `token` is the first one's; the others follow it one by one, in the order of the parts. */
  | {
      readonly kind: 'granted';
      readonly token: number;
      readonly grantedAt: number;
      /** Of a hold that was taken over. */
      readonly terms?: HoldTerms | undefined;
    }
  /** To what does not wait: somebody holds the lock or waits for it. */
  | { readonly kind: 'busy' }
  /** The acquire was cancelled, before or after it reached the log; it is not and never will be granted. */
  | { readonly kind: 'cancelled' }
  /** To a cancel: the target had been granted already and is held with this token, unless released since. */
  | { readonly kind: 'already-granted'; readonly token: number }
  | { readonly kind: 'released' }
  | { readonly kind: 'downgraded' }
  | { readonly kind: 'limit-changed' }
  | { readonly kind: 'proclaimed' }
  | { readonly kind: 'begun' }
  /** To what is asked of a hold: no such hold (released before, or lost). */
  | { readonly kind: 'not-held' }
  /** Not executed: the hold is in this mode, or waits for an upgrade already. */
  | { readonly kind: 'wrong-mode'; readonly mode: Mode }
  /** Not executed: the name is in use as another kind of lock. */
  | { readonly kind: 'kind-mismatch'; readonly name: string; readonly is: LockKind }
  /** Not executed: it would have waited for itself. At most `cycleStepsMax` steps, from this request on. */
  | { readonly kind: 'deadlock'; readonly cycle: readonly CycleStep[] }
  /** Not executed, or taken out of the queue: the semaphore has another limit, or fewer permits than were asked for. */
  | { readonly kind: 'semaphore-limit'; readonly name: string; readonly limit: number }
  /**
   * Not executed: the hold that guards it is not current (`highest` is 0), or the register was written under a higher
   * token, which this is.
   */
  | { readonly kind: 'fenced'; readonly highest: number }
  /** The register has this version now; 0: it is deleted. */
  | { readonly kind: 'written'; readonly version: number }
  /** Not executed: the register has this version; 0: there is none. */
  | { readonly kind: 'version-mismatch'; readonly version: number }
  /** Not executed: so many wait for that lock as the request allows at most, or more. */
  | { readonly kind: 'queue-full'; readonly name: string; readonly max: number }
  /** The sequence stands at or below the session's mark: not executed. */
  | { readonly kind: 'stale' }
  /** The same sequence came before with other arguments: not executed. */
  | { readonly kind: 'mismatch' }
  | { readonly kind: 'session-expired' }
  /**
   * Not executed. Of `answers per session` alone nothing is remembered: the same sequence may be executed when it comes
   * again after the mark has made room, so a client keeps its open requests below that limit.
   */
  | { readonly kind: 'limit-exceeded'; readonly limit: string; readonly max: number }
  /** So many holds were ended; the first `tokensToldMax` of them by token. */
  | { readonly kind: 'force-released'; readonly count: number; readonly tokens: readonly number[] }
  /** The other session was ended. */
  | { readonly kind: 'session-closed' }
  /** No session was ended: there is no such one, or it is the one that asks. */
  | { readonly kind: 'not-closed'; readonly why: 'unknown' | 'own' }
  /** So many holders are asked to let go; the first `tokensToldMax` of them by token. */
  | { readonly kind: 'revoke-requested'; readonly count: number; readonly tokens: readonly number[] };
