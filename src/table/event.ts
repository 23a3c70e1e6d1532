import type { Answer, Mode, Sequence, SessionId } from './command.ts';
import type { Intervention } from './operator-command.ts';

/** Why a session is no more; `unknown`: it never was, or its end is forgotten. */
export type SessionEnd = 'closed' | 'expired' | 'superseded' | 'unknown';

/** What one applied command changed: the same on every replica, in the same order. */
export type TableEvent =
  | { readonly kind: 'session-opened'; readonly session: SessionId; readonly nonce: string; readonly ttlMs: number }
  /**
   * No session was made: the limit of sessions is reached, the home's run is not the current one, or a session with
   * this nonce lives that was opened with other arguments.
   */
  | {
      readonly kind: 'session-refused';
      readonly nonce: string;
      readonly reason: 'limit-exceeded' | 'superseded' | 'mismatch';
    }
  /** `by`: whoever closed it, if that was another session. */
  | {
      readonly kind: 'session-ended';
      readonly session: SessionId;
      readonly end: SessionEnd;
      readonly by?: Intervention;
    }
  | {
      readonly kind: 'answered';
      readonly session: SessionId;
      readonly sequence: Sequence;
      readonly answer: Answer;
    }
  | { readonly kind: 'granted'; readonly name: string; readonly session: SessionId; readonly token: number }
  | { readonly kind: 'released'; readonly name: string; readonly session: SessionId; readonly token: number }
  /** The hold has another mode, and after an upgrade another token than it `had`. */
  | {
      readonly kind: 'converted';
      readonly name: string;
      readonly session: SessionId;
      readonly had: number;
      readonly token: number;
      readonly mode: Mode;
    }
  /** The hold has other metadata. */
  | {
      readonly kind: 'proclaimed';
      readonly name: string;
      readonly session: SessionId;
      readonly token: number;
      readonly metadata: string;
    }
  /**
   * The hold ended with its session, unless a reason says why else, or it was ended `by` somebody: then its session goes
   * on. If it was handed over, that is whoever has it now, granted under another token at the same moment.
   */
  | {
      readonly kind: 'lost';
      readonly name: string;
      readonly session: SessionId;
      readonly token: number;
      readonly reason?: 'overdue' | 'handed-over' | undefined;
      readonly by?: Intervention;
    }
  /** The session of a sticky hold has ended: it stands, and belongs to none until it is taken over or ended by force. */
  | { readonly kind: 'orphaned'; readonly name: string; readonly session: SessionId; readonly token: number }
  /** The hold of that token has left a delay: nobody is granted the name for so long, by the leader's clock. */
  | { readonly kind: 'delayed'; readonly name: string; readonly token: number; readonly delayMs: number }
  /** Its holder is asked to let go. */
  | {
      readonly kind: 'revoke-requested';
      readonly name: string;
      readonly session: SessionId;
      readonly token: number;
      readonly by: Intervention;
    }
  /** A run or boot that is not above the recorded one: that node must stop (SEMANTICS 6.5). */
  | {
      readonly kind: 'started';
      readonly node: string;
      readonly incarnation: string;
      readonly run: number;
      readonly boot: string;
      readonly isCurrent: boolean;
    };
