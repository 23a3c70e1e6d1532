import { LockLostError, type LossReason } from './errors.ts';
import type { Session } from './session.ts';

/** What becomes of a release. `unknown`: not known within a session TTL; it goes on behind. */
export type ReleaseOutcome =
  | { readonly kind: 'released' }
  | { readonly kind: 'lost'; readonly error: LockLostError }
  | { readonly kind: 'unknown' };

/** Whoever shows the hold to the user. */
export interface HoldListener {
  jeopardy(remainingMs: number): void;
  recovered(remainingMs: number): void;
  /** `isHeld` of all holds of the session is false already. */
  lost(error: LockLostError): void;
}

/**
 * One grant as its holder sees it. `held` until released or lost; `releasing` is no loss any more, because the holder
 * has let go.
 */
export class Hold {
  readonly name: string;
  readonly token: number;
  /** Milliseconds since 1970 by this process's wall clock; for people. */
  readonly acquiredAt: number;
  readonly #session: Session;
  #state: 'held' | 'releasing' | 'released' | 'lost' = 'held';
  #loss: LockLostError | undefined;
  #listener: HoldListener | undefined;

  constructor(session: Session, grant: { readonly name: string; readonly token: number; readonly acquiredAt: number }) {
    this.#session = session;
    this.name = grant.name;
    this.token = grant.token;
    this.acquiredAt = grant.acquiredAt;
  }

  /** Why it was lost, or undefined. */
  get loss(): LockLostError | undefined {
    return this.#loss;
  }

  /** Compares clocks at the moment of the call; notices a passed deadline before any timer does. */
  get isHeld(): boolean {
    if (this.#state !== 'held') return false;
    const sure = this.#session.check();
    // Checking may have found the session lost.
    return sure && this.#isKept();
  }

  /** Milliseconds for which `isHeld` stays true if nothing is heard any more; 0 when it is false. */
  get remainingMs(): number {
    return this.isHeld ? Math.max(0, this.#session.remainingMs) : 0;
  }

  /** At most one listener: the handle. */
  listen(listener: HoldListener): void {
    this.#listener = listener;
  }

  /** `done` is called once: soon after the call, or at the latest a TTL later. Only the first call counts. */
  release(done: (outcome: ReleaseOutcome) => void): void {
    if (this.#state === 'lost' && this.#loss !== undefined) return done({ kind: 'lost', error: this.#loss });
    if (this.#state !== 'held') return done({ kind: 'released' });
    this.#state = 'releasing';
    this.#session.releaseHold(this, (outcome) => {
      this.#state = 'released';
      done(outcome);
    });
  }

  /** For the session only: first the state of all holds changes, then their listeners hear of it. */
  markLost(reason: LossReason, text: string): void {
    if (this.#state !== 'held') return;
    this.#state = 'lost';
    this.#loss = new LockLostError(`lock ${JSON.stringify(this.name)} (token ${this.token}) is lost: ${text}`, {
      reason,
      outcome: 'not-applied',
    });
  }

  /** For the session only. */
  tell(event: 'jeopardy' | 'recovered' | 'lost'): void {
    const listener = this.#listener;
    if (listener === undefined) return;
    if (event === 'lost') {
      if (this.#loss !== undefined) listener.lost(this.#loss);
    } else if (this.#state === 'held') {
      listener[event](this.#session.remainingMs);
    }
  }

  #isKept(): boolean {
    return this.#state === 'held';
  }
}
