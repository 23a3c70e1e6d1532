import type { Message } from './message.ts';
import type { Entry, HardState, LogIndex, MemberId, Position, Term } from './types.ts';
import type { LogWrite, SnapshotHead } from './write.ts';

/** What the core asks of the world. The order of the fields is the order of the work. */
export interface Effects {
  /** May leave at once: promises nothing about this disk that is not already true of it. */
  readonly send: readonly Message[];
  readonly persist: Persist | undefined;
  /** Committed, in order, each once; answered by an `applied` input. */
  readonly apply: readonly Entry[];
  readonly proposals: readonly ProposalAnswer[];
  readonly reads: readonly ReadAnswer[];
  /** Peers beyond the log window: send each the newest snapshot; answered by `snapshot-sent`. One at a time per peer. */
  readonly snapshots: readonly MemberId[];
}

/** One write for the disk, and what may be said after it. */
export interface Persist {
  /** Rises by one; comes back in the `durable` input. */
  readonly id: number;
  readonly write: LogWrite;
  /** True only once `write` (and all before it) is durable. */
  readonly thenSend: readonly Message[];
}

/** What became of a `propose` or `replace` input; each is answered once. */
export type ProposalAnswer =
  /** It stands at (index, term) of the leader's log. Whether it commits shows only when it is applied. */
  | { readonly id: number; readonly kind: 'accepted'; readonly index: LogIndex; readonly term: Term }
  /** Surely not appended. */
  | { readonly id: number; readonly kind: 'refused'; readonly reason: Refusal; readonly leader: MemberId | undefined };

/** Why a proposal was not appended. */
export type Refusal =
  | 'not-leader'
  /** No contact with a quorum for half an election timeout. */
  | 'no-quorum'
  /** The uncommitted tail is at its limit of bytes or entries. */
  | 'overloaded'
  | 'transferring'
  /** Another configuration change is under way, or this term has committed nothing yet. */
  | 'change-in-progress'
  /** The change makes no sense: unknown member, already there. */
  | 'bad-change';

/** What became of a `read` input; each is answered once. */
export type ReadAnswer =
  /** Once the local state machine has applied `index`, a read is linearizable. */
  | { readonly id: number; readonly kind: 'confirmed'; readonly index: LogIndex; readonly term: Term }
  | { readonly id: number; readonly kind: 'refused'; readonly leader: MemberId | undefined };

/** What a member is at the moment (paper, 5.1; pre-candidates: dissertation, 9.6). */
export type Role = 'follower' | 'pre-candidate' | 'candidate' | 'leader';

/** What this member was when it stopped: the core starts from it. */
export interface Restored {
  readonly hardState: HardState;
  /** The newest durable checkpoint or snapshot; `position` is applied and committed. */
  readonly checkpoint: SnapshotHead;
  /** The entry before the first of `entries`; at or below the checkpoint's position. */
  readonly base: Position;
  /** All stored entries, contiguous from `base.index + 1`; they may reach back before the checkpoint. */
  readonly entries: readonly Entry[];
}
