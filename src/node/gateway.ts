import type {
  Answer,
  HoldName,
  Intervention,
  Sequence,
  SessionEnd,
  SessionId,
  SessionRequest,
  Taken,
} from '../table/index.ts';
import type { EventsQuery } from './cluster-event.ts';

export type { SessionRequest, Taken };

/**
 * The way of a session's requests into the cluster and of their answers back. An embedded node's runtime is one, a
 * remote client's stream is the other; the locks, handles and sessions above are written once over it.
 *
 * Callbacks come from the event loop, never inside the call that registered them.
 */
export interface Gateway {
  /**
   * Opens a session, retrying under the same nonce until it is answered, `signal` aborts or the gateway ends.
   * Whoever opened it is attached to it from the first moment.
   */
  open(request: OpenRequest, listener: SessionListener, done: (outcome: OpenOutcome) => void): void;
  /**
   * Why nothing new should be locked by way of this node just now, if so. To be asked before a request gets its
   * sequence: from then on only the table may refuse it.
   */
  reluctance(): Failure | undefined;
  /**
   * Carries a request in, again and again under the same sequence, until its final answer came, it was forgotten or
   * the session ended. An acquire that waits is answered `queued` first (perhaps repeatedly).
   */
  submit(request: SessionRequest): void;
  /** Nobody waits for that answer any more. What was sent may still be executed. */
  forget(session: SessionId, sequence: Sequence): void;
  /** Sends one heartbeat; never retried. */
  beat(session: SessionId, counter: number): void;
  /** Says goodbye for a session, retrying until it is known to have ended. The listener hears `ended` then. */
  end(session: SessionId): void;
  /**
   * From now on the listener hears when somebody waits for what that hold of the session has, whose end ends it. Asked
   * again, it is told again.
   */
  watchHold(session: SessionId, hold: HoldName): void;
  /** The listener need not hear that any more. */
  unwatchHold(session: SessionId, hold: HoldName): void;
  /** Asks about locks or sessions. */
  query(query: Query, done: (outcome: QueryOutcome) => void): void;
  /** Puts a new, empty incarnation of a node in the place of its lost or quarantined one. */
  replace(nodeId: string, done: (outcome: AdminOutcome) => void): void;
}

/** How a session begins. */
export interface OpenRequest {
  /** 128 random bits in hex. */
  readonly nonce: string;
  readonly ttlMs: number;
  readonly label: string;
  /** The session of the node itself: it ends with the node's process (SEMANTICS 6.5). False for remote clients. */
  readonly isHome: boolean;
}

/** What became of an opening. */
export type OpenOutcome =
  | { readonly ok: true; readonly session: SessionId }
  | { readonly ok: false; readonly failure: Failure };

/** Hears of one session, whatever node it is served by. */
export interface SessionListener {
  answered(sequence: Sequence, answer: Answer): void;
  /** A quorum answered a round that was sent after this heartbeat arrived at the leader. */
  beatAcknowledged(counter: number): void;
  /**
   * A hold was ended by force, or taken over, while the session goes on. Told again wherever the session turns up, until it lets go of
   * that hold; and perhaps before the answer that grants it.
   */
  taken(taken: Taken): void;
  /** The holder of that hold is asked to let go. Told once, and lost with the way by which it would have come. */
  revokeRequested(request: Taken): void;
  /**
   * Somebody waits for what a hold has that is watched. Told once until nobody waits, and again wherever the session turns
   * up; what is said while there is no way is not said again.
   */
  contended(hold: HoldName): void;
  /** Final: nothing else comes after it. `by`: whoever closed it, if that was another session and is known. */
  ended(end: SessionEnd, by?: Intervention): void;
}

/** Why a call could not be carried out at all; the floor above makes it a `LockError`. */
export interface Failure {
  readonly code: FailureCode;
  readonly text: string;
}

/** One for each class of error above; see docs/errors.md. */
export const failureCodes = [
  'BACKEND',
  'CONNECTION',
  'SHUTTING_DOWN',
  'NOT_READY',
  'QUARANTINED',
  'OVERLOADED',
  'LIMIT_EXCEEDED',
  'SESSION_EXPIRED',
  'CORRUPT_STORAGE',
  'DATA_DIR_IN_USE',
  'WRONG_CLUSTER',
  'INVALID_ARGUMENT',
] as const;

export type FailureCode = (typeof failureCodes)[number];

/** `linearizable`: as current as the call. `local`: as of the asked node's applied index. */
export type Consistency = 'linearizable' | 'local';

/** Answered with the plain-object views of `src/table/inspect.ts`. */
export type Query =
  | { readonly kind: 'inspect'; readonly name: string; readonly consistency: Consistency }
  | {
      readonly kind: 'list';
      readonly prefix: string;
      /** At most this many rows, 1 to 10,000. */
      readonly limit: number;
      /** Only names after this one, in code unit order. */
      readonly after: string | undefined;
      readonly consistency: Consistency;
    }
  | { readonly kind: 'sessions'; readonly consistency: Consistency }
  /** What stands in that register. */
  | { readonly kind: 'register'; readonly name: string; readonly consistency: Consistency }
  /** Whether that hold stands. */
  | { readonly kind: 'verify'; readonly name: string; readonly token: number; readonly consistency: Consistency }
  | EventsQuery
  | { readonly kind: 'status' }
  /** Where a request stands in its queue: a number from 1 on, or null. */
  | {
      readonly kind: 'position';
      readonly session: SessionId;
      readonly sequence: Sequence;
      readonly consistency: Consistency;
    };

/** What became of a question. */
export type QueryOutcome =
  /** `value` is made of plain objects, arrays, strings, numbers, booleans and null: it survives JSON. */
  | { readonly ok: true; readonly value: unknown; readonly appliedIndex: number }
  | { readonly ok: false; readonly failure: Failure };

/** What became of an order to the cluster itself. */
export type AdminOutcome = { readonly ok: true } | { readonly ok: false; readonly failure: Failure };

/** DECISIONS, behaviour. Addresses and node ids are for people; tokens of trust are in the handshake. */
export interface NodeStatus {
  readonly nodeId: string;
  readonly clusterId: string | undefined;
  readonly role: 'leader' | 'follower' | 'candidate' | 'learner' | 'blank' | 'quarantined' | 'failed' | 'stopped';
  readonly term: number;
  /** Node id of the leader this node knows. */
  readonly leader: string | undefined;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly members: readonly {
    readonly id: string;
    readonly address: string;
    readonly voter: boolean;
    /** Only at the leader. */
    readonly matchIndex: number | undefined;
  }[];
  /** Why the node is quarantined or failed. */
  readonly reason: string | undefined;
}
