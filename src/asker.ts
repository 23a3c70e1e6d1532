import type { LockError, LockOutcome, LossReason } from './errors.ts';
import type { Answer, HoldName, Meddling, PlainRequest, WriteRegister } from './table/index.ts';

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
export type Wish = PlainWish | GuardedWish;

/** A request without a guard. */
export type PlainWish = WithoutTurn<PlainRequest>;

/** A request that is executed only while a hold is current. */
export interface GuardedWish {
  readonly kind: 'guarded';
  readonly guard: HoldName;
  readonly request: PlainWish | WithoutTurn<WriteRegister>;
}

type WithoutTurn<T> = T extends unknown ? Omit<T, 'session' | 'sequence' | 'mark'> : never;
