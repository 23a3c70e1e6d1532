import type { Asker, Over, Parked, PlainWish } from './asker.ts';
import type { Clock, Timer } from './clock/index.ts';
import { type LockError, type LockOutcome, SessionExpiredError } from './errors.ts';
import type { Hold } from './hold.ts';
import type { AskPosition } from './queue-place.ts';
import { refusalOf } from './refusals.ts';
import type { Session } from './session.ts';
import type { Answer, HoldName, HoldOptions, HoldTerms, Meddling, Part, Sequence } from './table/index.ts';

/** One acquire as asked for. */
export interface AcquireWish {
  /** Of the first part, if there are several. */
  readonly name: string;
  /** A hold that must be current when the request enters the log; whether it is granted at once or waits then. */
  readonly guard?: HoldName | undefined;
  /** Absent: the exclusive lock of that name. */
  readonly parts?: readonly Part[] | undefined;
  /** Only with parts. */
  readonly owner?: string | undefined;
  /** Only with an owner, of one exclusive lock: enters once more what he holds in the same session. */
  readonly reenters?: boolean | undefined;
  /** Only with parts. */
  readonly options?: HoldOptions | undefined;
  /** Takes the lock from its holders, ahead of all who wait: an exclusive lock, or a reader-writer lock as a write. */
  readonly steals?: Meddling | undefined;
  /** Takes over the hold with that secret, if it has that token or none is named. */
  readonly takesOver?: { readonly secret: string; readonly token: number | undefined } | undefined;
  /** False: one attempt, which never queues. */
  readonly waits: boolean;
  /** Hears each time that it waits, with a way to ask how long the queue before it is. */
  readonly onQueued?: ((ask: AskPosition) => void) | undefined;
  /** Milliseconds until it is given up; absent: never. */
  readonly limitMs: number | undefined;
}

export type AcquireOutcome =
  | { readonly kind: 'granted'; readonly hold: Hold; readonly others: readonly Hold[] }
  | NotGranted;

/** How what was asked for did not come to be. */
export type NotGranted =
  /** Somebody holds the lock, or waits for it; only without `waits`. */
  | { readonly kind: 'busy' }
  | { readonly kind: 'given-up'; readonly why: GivingUp; readonly outcome: LockOutcome }
  | { readonly kind: 'failed'; readonly error: LockError | RangeError };

/** Why nobody wants it any more: its own limit has passed, or the caller aborted. */
export type GivingUp = { readonly kind: 'timeout' } | { readonly kind: 'abort'; readonly reason: unknown };

/** How long a caller whose time is up waits to learn what became of his request. */
export const cancelAnswerMs = 10;

/**
 * One acquire from the call to its end. However it ends, no grant is left behind that nobody knows about: once it is
 * given up, a cancel goes in under its own sequence, and a grant that was faster is released again.
 */
export class Acquisition implements Asker, Parked {
  readonly #wish: AcquireWish;
  readonly #clock: Clock;
  readonly #done: (outcome: AcquireOutcome) => void;
  readonly #left: (acquisition: Acquisition) => void;
  #state: 'asleep' | 'asked' | 'parked' | 'cancelling' | 'settled' = 'asleep';
  #isDone = false;
  #why: GivingUp = { kind: 'timeout' };
  #session: Session | undefined;
  #sequence: Sequence = 0;
  /** Of a grant that is parked, or came too late. */
  #token: number | undefined;
  /** Of a hold that was taken over. */
  #terms: HoldTerms | undefined;
  #timer: Timer | undefined;

  /** `left` is told when it is given up before there was a session to ask in. `done` is called once. */
  constructor(
    wish: AcquireWish,
    clock: Clock,
    hooks: { readonly done: (outcome: AcquireOutcome) => void; readonly left: (acquisition: Acquisition) => void },
  ) {
    this.#wish = wish;
    this.#clock = clock;
    this.#done = hooks.done;
    this.#left = hooks.left;
    if (wish.limitMs !== undefined) this.#timer = clock.after(wish.limitMs, () => this.giveUp({ kind: 'timeout' }));
  }

  /** There is a session to ask in. */
  begin(session: Session): void {
    if (this.#state !== 'asleep') return;
    this.#session = session;
    this.#state = 'asked';
    const { guard } = this.#wish;
    const request = requestFor(this.#wish);
    this.#sequence = session.ask(guard === undefined ? request : { kind: 'guarded', guard, request }, this);
  }

  /** There will be no session for it. */
  refuse(error: LockError | RangeError): void {
    if (this.#state !== 'asleep') return;
    this.#settle({ kind: 'failed', error });
  }

  /** The caller does not want it any more. Only the first reason counts. */
  giveUp(why: GivingUp): void {
    const session = this.#session;
    if (this.#state !== 'cancelling') this.#why = why;
    switch (this.#state) {
      case 'asleep':
        this.#left(this);
        return this.#settle(this.#givenUp('not-applied'));
      case 'parked':
        session?.unpark(this);
        this.#putBack();
        return this.#settle(this.#givenUp('applied'));
      case 'asked':
        // The session is ending around us: a lost hold's signal may be what gave this request up.
        if (session?.isOpen !== true) return this.#settle(this.#givenUp('unknown'));
        this.#state = 'cancelling';
        this.#timer?.cancel();
        session.ask(
          { kind: 'cancel', target: this.#sequence },
          { answered: (answer) => this.#cancelAnswered(answer), over: (over) => this.over(over) },
        );
        this.#timer = this.#clock.after(cancelAnswerMs, () => this.#report(this.#givenUp('unknown')));
        return;
      case 'cancelling':
      case 'settled':
        return;
      default:
        this.#state satisfies never;
    }
  }

  answered(answer: Answer): void {
    if (this.#state === 'cancelling') return this.#answeredLate(answer);
    if (this.#state !== 'asked') return;
    switch (answer.kind) {
      case 'queued':
        return this.#wish.onQueued?.((done) => this.#session?.askPosition(this.#sequence, done));
      case 'granted':
        this.#token = answer.token;
        this.#terms = answer.terms;
        return this.#claim();
      case 'busy':
        return this.#settle({ kind: 'busy' });
      default:
        return this.#settle({ kind: 'failed', error: refusalOf(this.#wish, answer) });
    }
  }

  sure(): void {
    if (this.#state === 'parked') this.#claim();
  }

  over(over: Over): void {
    if (this.#state === 'cancelling') return this.#settle(this.#givenUp('unknown'));
    this.#settle({ kind: 'failed', error: over.refuse('unknown') });
  }

  /** Granted: hands the hold over if it may be claimed at this moment, or waits until it may. */
  #claim(): void {
    const session = this.#session;
    const token = this.#token;
    if (session === undefined || token === undefined) return;
    if (session.check()) {
      const { parts = none } = this.#wish;
      // Almost always there are none, and every acquire passes here.
      const others =
        parts.length < 2 ? noHolds : parts.slice(1).map((part, at) => this.#keep(session, token + 1 + at, part));
      this.#settle({ kind: 'granted', hold: this.#keep(session, token, parts[0]), others });
    } else if (session.isOpen) {
      this.#state = 'parked';
      session.park(this);
    } else {
      const error = new SessionExpiredError('the session ended at the moment of the grant', { outcome: 'unknown' });
      this.#settle({ kind: 'failed', error });
    }
  }

  #keep(session: Session, token: number, part: Part | undefined): Hold {
    const { name, owner, options } = this.#wish;
    if (this.#terms !== undefined) return session.keep({ name, token, ...this.#terms });
    if (part === undefined) return session.keep({ name, token, mode: 'X', permits: 1, owner, options });
    return session.keep({ name: part.name, token, mode: part.mode, permits: part.permits, owner, options });
  }

  /** The acquire's own answer, after it was given up. */
  #answeredLate(answer: Answer): void {
    if (answer.kind === 'queued') return;
    if (answer.kind !== 'granted') return this.#settle(this.#givenUp('not-applied'));
    this.#token = answer.token;
    this.#putBack();
    this.#settle(this.#givenUp('applied'));
  }

  #cancelAnswered(answer: Answer): void {
    if (this.#state !== 'cancelling' || answer.kind === 'queued') return;
    if (answer.kind !== 'cancelled' && answer.kind !== 'already-granted') {
      // The request may still be granted: its own answer is waited for, and put back.
      return this.#report(this.#givenUp('unknown'));
    }
    this.#session?.settle(this.#sequence);
    if (answer.kind === 'cancelled') return this.#settle(this.#givenUp('not-applied'));
    this.#token = answer.token;
    this.#putBack();
    this.#settle(this.#givenUp('applied'));
  }

  /**
   * Releases a grant that nobody wants; repeated by the gateway until it is certain or the session ends. What was taken over
   * stays: it was held before, and its ticket is good. But if it is bounded its time begins.
   */
  #putBack(): void {
    const session = this.#session;
    const token = this.#token;
    if (session?.isOpen !== true || token === undefined) return;
    const { name, parts = none } = this.#wish;
    if (this.#wish.takesOver !== undefined) {
      session.ask({ kind: 'begun', name, token });
      return;
    }
    session.ask({ kind: 'release', name, token });
    for (const [at, part] of parts.entries()) {
      if (at > 0) session.ask({ kind: 'release', name: part.name, token: token + at });
    }
  }

  #givenUp(outcome: LockOutcome): AcquireOutcome {
    return { kind: 'given-up', why: this.#why, outcome };
  }

  #settle(outcome: AcquireOutcome): void {
    this.#state = 'settled';
    this.#report(outcome);
  }

  /** The caller learns the outcome; the cleaning may go on. */
  #report(outcome: AcquireOutcome): void {
    this.#timer?.cancel();
    if (this.#isDone) return;
    this.#isDone = true;
    this.#done(outcome);
  }
}

const none: readonly Part[] = [];

const noHolds: readonly Hold[] = [];

function requestFor(wish: AcquireWish): PlainWish {
  const { name, parts, waits, owner, reenters = false, options, steals, takesOver } = wish;
  if (takesOver !== undefined) return { kind: 'take-over', name, ...takesOver };
  if (steals !== undefined) return { kind: 'steal', name, mode: parts === undefined ? 'X' : 'W', ...steals };
  if (parts === undefined) return { kind: 'acquire', name, mode: 'X', waits };
  return { kind: 'acquire-all', parts, waits, owner, reenters, options };
}
