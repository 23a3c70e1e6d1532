import type { GivingUp } from './acquisition.ts';
import type { Ending } from './asker.ts';
import { Conversion, type ConversionOutcome, type ConversionWish } from './conversion.ts';
import { type ForcedBy, LockLostError } from './errors.ts';
import type { HoldBound } from './hold-bound.ts';
import { type Proclaimed, Proclamations } from './proclamations.ts';
import type { Session } from './session.ts';
import type { HoldOptions, Mode } from './table/index.ts';

/** What becomes of a release. `unknown`: not known within a session TTL; it goes on behind. */
export type ReleaseOutcome =
  | { readonly kind: 'released' }
  | { readonly kind: 'lost'; readonly error: LockLostError }
  | { readonly kind: 'unknown' };

/** What a hold is made of. */
export interface HoldOrigin {
  readonly name: string;
  readonly token: number;
  readonly mode: Mode;
  /** Of a semaphore; 1 of any other lock. */
  readonly permits: number;
  /** Absent: the hold is a party of its own. */
  readonly owner: string | undefined;
  readonly options?: HoldOptions | undefined;
}

/** Whoever shows the hold to the user. */
export interface HoldListener {
  jeopardy(remainingMs: number): void;
  recovered(remainingMs: number): void;
  /** Somebody asks that it be let go. */
  revokeRequested?(by: ForcedBy): void;
  /** Somebody waits for what it has. */
  contended?(): void;
  /** `isHeld` of all holds that end with it is false already. */
  lost(error: LockLostError): void;
}

/**
 * One grant as its holder sees it. `held` until released or lost; `releasing` is no loss any more, because the holder
 * has let go.
 */
export class Hold {
  readonly name: string;
  readonly permits: number;
  readonly owner: string | undefined;
  readonly options: HoldOptions | undefined;
  /** Milliseconds since 1970 by this process's wall clock; for people. */
  readonly acquiredAt: number;
  readonly #session: Session;
  #token: number;
  #mode: Mode;
  #state: 'held' | 'releasing' | 'released' | 'lost' = 'held';
  #loss: LockLostError | undefined;
  #listener: HoldListener | undefined;
  #conversion: Conversion | undefined;
  #proclamations: Proclamations | undefined;
  #bound: HoldBound | undefined;
  #isWatched = false;

  constructor(session: Session, { name, token, mode, permits, owner, options }: HoldOrigin, acquiredAt: number) {
    this.#session = session;
    this.name = name;
    this.#token = token;
    this.#mode = mode;
    this.permits = permits;
    this.owner = owner;
    this.options = options;
    this.acquiredAt = acquiredAt;
  }

  /** Another one after an upgrade. */
  get token(): number {
    return this.#token;
  }

  get mode(): Mode {
    return this.#mode;
  }

  /** A change of its mode is under way. */
  get isConverting(): boolean {
    return this.#conversion !== undefined;
  }

  /** Why it was lost, or undefined. */
  get loss(): LockLostError | undefined {
    return this.#loss;
  }

  /** It was let go or lost: nothing more can be asked about it. */
  get isGone(): boolean {
    return this.#state !== 'held';
  }

  /** Compares clocks at the moment of the call; notices a passed deadline before any timer does. */
  get isHeld(): boolean {
    if (this.#state !== 'held') return false;
    const sure = this.#session.check();
    this.#bound?.check();
    // Checking may have found the session lost.
    return sure && this.#isKept();
  }

  /** Milliseconds for which `isHeld` stays true if nothing is heard any more; 0 when it is false. */
  get remainingMs(): number {
    if (!this.isHeld) return 0;
    const remainingMs = Math.max(0, this.#session.remainingMs);
    return this.#bound === undefined ? remainingMs : Math.min(remainingMs, this.#bound.remainingMs);
  }

  /** At most one listener: the handle. */
  listen(listener: HoldListener): void {
    this.#listener = listener;
  }

  /** Its listener wants to hear when somebody waits; told soon if somebody does. */
  watch(): void {
    if (this.#isWatched || this.#state !== 'held') return;
    this.#isWatched = true;
    this.#session.watched.add(this);
  }

  /** Not any more. */
  unwatch(): void {
    if (!this.#isWatched) return;
    this.#isWatched = false;
    this.#session.watched.remove(this);
  }

  /** `done` is called once: soon after the call, or at the latest a TTL later. Only the first call counts. */
  release(done: (outcome: ReleaseOutcome) => void): void {
    if (this.#state === 'lost' && this.#loss !== undefined) return done({ kind: 'lost', error: this.#loss });
    if (this.#state !== 'held') return done({ kind: 'released' });
    this.#state = 'releasing';
    this.#bound?.remove(this);
    this.unwatch();
    this.#conversion?.giveUp({ kind: 'abort', reason: 'the lock was released' });
    this.#session.releaseHold(this, (outcome) => {
      this.#state = 'released';
      done(outcome);
    });
  }

  /**
   * Asks for a change of its mode; `done` is called once. Only while it is held. Whatever was asked before comes first; a
   * downgrade gives up an upgrade that still waits.
   */
  convert(
    wish: ConversionWish,
    done: (outcome: ConversionOutcome) => void,
  ): { readonly giveUp: (why: GivingUp) => void } {
    const former = this.#conversion;
    const conversion = new Conversion({ hold: this, session: this.#session, wish }, done);
    this.#conversion = conversion;
    if (wish.to !== 'W') {
      // What the holder gives up he has no more from now on.
      this.#mode = wish.to;
      former?.giveUp({ kind: 'abort', reason: 'the lock was downgraded' });
    }
    if (former === undefined) conversion.begin();
    else former.whenSettled(() => conversion.begin());
    return conversion;
  }

  /** Replaces its metadata; `done` is called once. Whatever was proclaimed before comes first. */
  proclaim(wish: { readonly value: string; readonly limitMs: number }, done: Proclaimed): void {
    this.#proclamations ??= new Proclamations(this, this.#session);
    this.#proclamations.add(wish, done);
  }

  /** For the conversion only. */
  converted(mode: Mode, token: number): void {
    const isMoved = this.#isWatched && token !== this.#token;
    if (isMoved) this.unwatch();
    this.#mode = mode;
    this.#token = token;
    this.#session.recheck(this);
    if (isMoved) this.watch();
  }

  /** For the conversion only: nothing more comes of it. */
  endConversion(conversion: Conversion): void {
    if (this.#conversion === conversion) this.#conversion = undefined;
  }

  /** Until when it may be claimed at the longest, if there is such a bound. */
  get bound(): HoldBound | undefined {
    return this.#bound;
  }

  /** For the session only, at most once. */
  bind(bound: HoldBound): void {
    this.#bound = bound;
    bound.add(this);
  }

  /** For its bound only, which has marked it lost: tells, and frees the lock before the leader has to. */
  giveBack(): void {
    this.#conversion?.giveUp({ kind: 'abort', reason: this.#loss });
    this.#session.giveBack(this);
    this.tell('lost');
  }

  /** For the session only: calls back once the token is the last one, which may be at once. */
  whenSettled(done: () => void): void {
    if (this.#conversion === undefined) done();
    else this.#conversion.whenSettled(done);
  }

  /** For the session only: first the state of all holds changes, then their listeners hear of it. */
  markLost({ reason, text, by }: Ending, endsWithSession = false): void {
    if (this.#state !== 'held') return;
    this.#state = 'lost';
    this.unwatch();
    this.#bound?.remove(this);
    const lost = `lock ${JSON.stringify(this.name)} (token ${this.token}) is lost: ${text}`;
    const stands = endsWithSession && this.options?.sticky === true;
    this.#loss = new LockLostError(stands ? `${lost}; it is sticky, so it stands: attachLock(ticket) takes it` : lost, {
      reason,
      by,
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

  /** For the session only. */
  tellRevoke(by: ForcedBy): void {
    if (this.#state === 'held') this.#listener?.revokeRequested?.(by);
  }

  /** For the session only. */
  tellContended(): void {
    if (this.#state === 'held') this.#listener?.contended?.();
  }

  #isKept(): boolean {
    return this.#state === 'held';
  }
}
