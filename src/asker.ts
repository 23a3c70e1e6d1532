import type { LockError, LockOutcome, LossReason } from './errors.ts';
import type { Answer, Meddling, Sequence, SessionId, SessionRequest } from './table/index.ts';

/** Why a hold or a session is over. */
export interface Ending {
  readonly reason: LossReason;
  readonly text: string;
  /** Who ended it; only by force. */
  readonly by?: Meddling | undefined;
}

/** Why a session is over, and the error for whoever still waited for something in it. */
export interface Over extends Ending {
  refuse(outcome: LockOutcome): LockError | RangeError;
}

/** Whoever waits for the answers to one request. */
export interface Asker {
  /** `queued` is interim; after any other answer nothing more comes. */
  answered(answer: Answer): void;
  /** The session ended first; nothing more comes. */
  over(over: Over): void;
}

/** For what nobody waits for. */
export const ignoreAnswer: Asker = { answered: () => undefined, over: () => undefined };

/** Whoever was granted a lock at a moment when nobody may claim one. */
export interface Parked {
  sure(): void;
  over(over: Over): void;
}

/** A request without what the session adds to it. */
export type Wish = WithoutTurn<SessionRequest>;

type WithoutTurn<T> = T extends unknown ? Omit<T, 'session' | 'sequence' | 'mark'> : never;

/** The common kinds of requests have one shape wherever they are made: what handles them is fast only then. */
export function requestOf(
  wish: Wish,
  session: SessionId,
  { sequence, mark }: { readonly sequence: Sequence; readonly mark: Sequence },
): SessionRequest {
  switch (wish.kind) {
    case 'acquire':
      return { kind: 'acquire', session, sequence, mark, name: wish.name, mode: wish.mode, waits: wish.waits };
    case 'release':
      return { kind: 'release', session, sequence, mark, name: wish.name, token: wish.token };
    case 'cancel':
      return { kind: 'cancel', session, sequence, mark, target: wish.target };
    default:
      return { ...wish, session, sequence, mark };
  }
}
