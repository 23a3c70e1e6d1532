import type { Entry, LogIndex, MemberId, Term } from './types.ts';

interface Envelope {
  readonly from: MemberId;
  readonly to: MemberId;
  /** The sender's term; in a pre-vote, the term it would campaign in. */
  readonly term: Term;
}

/** Asks whether an election could be won, without raising anybody's term (dissertation, 9.6). */
export interface PreVote extends Envelope {
  readonly kind: 'pre-vote';
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
  /** Index of the sender's configuration; lets a voter that does not know the sender yet judge (RAFT.md 8.5). */
  readonly configIndex: LogIndex;
}

/** A grant carries the term asked for; a refusal the voter's own, which may teach the asker a higher one (S11). */
export interface PreVoteReply extends Envelope {
  readonly kind: 'pre-vote-reply';
  readonly granted: boolean;
}

/** Asks for a vote in `term` (paper, 5.2); leaves once the sender's own ballot of that term is durable. */
export interface Vote extends Envelope {
  readonly kind: 'vote';
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
  readonly configIndex: LogIndex;
  /** The leader asked for this election: stickiness does not apply (dissertation, 4.2.3). */
  readonly transfer: boolean;
}

/** The voter's answer; a grant leaves once it is durable (S02). */
export interface VoteReply extends Envelope {
  readonly kind: 'vote-reply';
  readonly granted: boolean;
}

/** Entries, or a question where two logs agree (paper, 5.3). */
export interface Append extends Envelope {
  readonly kind: 'append';
  /** Echoed by the reply; numbered by the leader, rising within its term. */
  readonly request: number;
  readonly prevIndex: LogIndex;
  readonly prevTerm: Term;
  /** Contiguous from `prevIndex + 1`, terms never falling (I21). Empty: a probe. */
  readonly entries: readonly Entry[];
  /** The leader's commit index; the receiver takes the smaller of it and the last entry this message verified (S22). */
  readonly commit: LogIndex;
}

export type AppendReply = AppendAccepted | AppendRejected;

/** The log of `from` holds, durably, all that the leader's log holds up to `match`. */
export interface AppendAccepted extends Envelope {
  readonly kind: 'append-reply';
  readonly accepted: true;
  readonly request: number;
  readonly match: LogIndex;
}

/** `from` has no entry (`prevIndex`, `prevTerm`); where to look next, by term (S27). */
export interface AppendRejected extends Envelope {
  readonly kind: 'append-reply';
  readonly accepted: false;
  readonly request: number;
  /** The `prevIndex` that was refused: tells a late refusal from a current one (S24, S25). */
  readonly prevIndex: LogIndex;
  /** The largest index that `from` might share with the leader, and its term there. */
  readonly hintIndex: LogIndex;
  readonly hintTerm: Term;
  /** The last index that `from` holds; below the leader's `match` its log was lost (S34). */
  readonly lastIndex: LogIndex;
}

/** Never waits behind an append. */
export interface Heartbeat extends Envelope {
  readonly kind: 'heartbeat';
  /** min(match of the receiver, commit): never beyond what the receiver is known to hold. */
  readonly commit: LogIndex;
  /**
   * The leader's round counter, rising within its term from 1; a reply to round n confirms every read asked before n was
   * sent. 0: it only tells the commit index, and wants no reply.
   */
  readonly round: number;
}

export interface HeartbeatReply extends Envelope {
  readonly kind: 'heartbeat-reply';
  readonly round: number;
}

/** Campaign at once, without pre-vote. */
export interface TimeoutNow extends Envelope {
  readonly kind: 'timeout-now';
}

/** A follower asks for a read index. */
export interface ReadRequest extends Envelope {
  readonly kind: 'read-request';
  /** The follower's own counter: only correlates, the leader's round confirms. */
  readonly read: number;
}

/** `index` is absent when the leader cannot answer (not leader, term not opened, transferring). */
export interface ReadReply extends Envelope {
  readonly kind: 'read-reply';
  readonly read: number;
  readonly index: LogIndex | undefined;
}

export type Message =
  | PreVote
  | PreVoteReply
  | Vote
  | VoteReply
  | Append
  | AppendReply
  | Heartbeat
  | HeartbeatReply
  | TimeoutNow
  | ReadRequest
  | ReadReply;
