import { cancelAnswerMs, type GivingUp, type NotGranted } from './acquisition.ts';
import type { Asker, Over, Parked } from './asker.ts';
import type { Timer } from './clock/index.ts';
import { LockLostError, type LockOutcome, NotHeldError } from './errors.ts';
import type { Hold } from './hold.ts';
import { refusalOf } from './refusals.ts';
import type { Session } from './session.ts';
import type { Answer, Sequence } from './table/index.ts';

/** A change of a hold's mode as asked for. */
export type ConversionWish =
  /** `waits`: false makes one attempt. `limitMs`: milliseconds until it is given up; absent: never. */
  | { readonly to: 'W'; readonly waits: boolean; readonly limitMs: number | undefined }
  /** `limitMs` bounds how long the caller waits for the answer; the change goes on behind. */
  | { readonly to: 'U' | 'R'; readonly limitMs: number };

/** What became of it. */
export type ConversionOutcome = { readonly kind: 'granted' } | NotGranted;

/**
 * One upgrade or downgrade from the call to its end. However an upgrade is given up, the hold stays an upgradeable read:
 * a cancel goes in under its own sequence, and an upgrade that was faster is downgraded again, under its new token.
 */
export class Conversion implements Asker, Parked {
  readonly #hold: Hold;
  readonly #session: Session;
  readonly #wish: ConversionWish;
  readonly #done: (outcome: ConversionOutcome) => void;
  readonly #waiting: (() => void)[] = [];
  #state: 'waiting' | 'dropped' | 'asked' | 'parked' | 'cancelling' | 'returning' | 'settled' = 'waiting';
  #isDone = false;
  #why: GivingUp = { kind: 'timeout' };
  #sequence: Sequence = 0;
  #timer: Timer | undefined;

  /** Made by `Hold.convert`. */
  constructor(
    { hold, session, wish }: { readonly hold: Hold; readonly session: Session; readonly wish: ConversionWish },
    done: (outcome: ConversionOutcome) => void,
  ) {
    this.#hold = hold;
    this.#session = session;
    this.#wish = wish;
    this.#done = done;
    if (wish.limitMs === undefined) return;
    this.#timer = session.after(wish.limitMs, () => {
      if (wish.to === 'W') this.giveUp({ kind: 'timeout' });
      else this.#report(this.#givenUp('unknown'));
    });
  }

  /** Asks the cluster, once whatever was asked before is settled. */
  begin(): void {
    // What came before it is settled now, so it may be, too.
    if (this.#state === 'dropped') return this.#settle(this.#givenUp('not-applied'));
    if (this.#state !== 'waiting') return;
    const { name, token, loss } = this.#hold;
    if (!this.#session.isOpen) return this.#settle({ kind: 'failed', error: loss ?? this.#lossOf('it was released') });
    this.#state = 'asked';
    const { to } = this.#wish;
    if (to === 'W') {
      this.#sequence = this.#session.ask({ kind: 'upgrade', name, token, waits: this.#wish.waits }, this);
    } else {
      this.#hold.converted(to, token);
      this.#sequence = this.#session.ask({ kind: 'downgrade', name, token, to }, this);
    }
  }

  /** Only the first reason counts; a downgrade cannot be given up. */
  giveUp(why: GivingUp): void {
    const isUnderWay = this.#state === 'waiting' || this.#state === 'asked' || this.#state === 'parked';
    if (this.#wish.to !== 'W' || !isUnderWay) return;
    this.#why = why;
    if (this.#state === 'waiting') {
      this.#state = 'dropped';
      return this.#report(this.#givenUp('not-applied'));
    }
    if (this.#state === 'parked') {
      this.#session.unpark(this);
      return this.#putBack();
    }
    // The session is ending around us.
    if (!this.#session.isOpen) return this.#settle(this.#givenUp('unknown'));
    this.#state = 'cancelling';
    this.#timer?.cancel();
    this.#session.ask(
      { kind: 'cancel', target: this.#sequence },
      { answered: (answer) => this.#cancelAnswered(answer), over: (over) => this.over(over) },
    );
    this.#timer = this.#session.after(cancelAnswerMs, () => this.#report(this.#givenUp('unknown')));
  }

  /** Calls back once the hold's token and mode are the last ones; soon, if it was given up. */
  whenSettled(done: () => void): void {
    if (this.#state === 'settled') done();
    else this.#waiting.push(done);
  }

  answered(answer: Answer): void {
    if (answer.kind === 'queued' || (this.#state !== 'asked' && this.#state !== 'cancelling')) return;
    if (answer.kind === 'granted') return this.#granted(answer.token);
    if (this.#state === 'cancelling') return this.#settle(this.#givenUp('not-applied'));
    if (answer.kind === 'downgraded') return this.#settle({ kind: 'granted' });
    if (answer.kind === 'busy') return this.#settle({ kind: 'busy' });
    this.#settle({ kind: 'failed', error: this.#errorOf(answer) });
  }

  sure(): void {
    if (this.#state === 'parked') this.#settle({ kind: 'granted' });
  }

  over(over: Over): void {
    const error = this.#hold.loss ?? over.refuse('unknown');
    this.#settle(
      this.#state === 'cancelling' || this.#state === 'returning'
        ? this.#givenUp('unknown')
        : { kind: 'failed', error },
    );
  }

  #granted(token: number): void {
    this.#hold.converted('W', token);
    if (this.#state === 'cancelling') return this.#putBack();
    if (this.#session.check()) return this.#settle({ kind: 'granted' });
    if (!this.#session.isOpen) return;
    this.#state = 'parked';
    this.#session.park(this);
  }

  #cancelAnswered(answer: Answer): void {
    if (this.#state !== 'cancelling' || answer.kind === 'queued') return;
    if (answer.kind !== 'cancelled' && answer.kind !== 'already-granted') {
      // The upgrade may still be granted: its own answer is waited for, and put back.
      return this.#report(this.#givenUp('unknown'));
    }
    if (answer.kind === 'already-granted') this.#granted(answer.token);
    else this.#settle(this.#givenUp('not-applied'));
    this.#session.settle(this.#sequence);
  }

  /** The hold is a write that nobody wants any more: it is over once that is an upgradeable read again. */
  #putBack(): void {
    const { name, token } = this.#hold;
    const outcome = this.#givenUp('applied');
    if (!this.#session.isOpen) return this.#settle(outcome);
    this.#state = 'returning';
    this.#hold.converted('U', token);
    this.#report(outcome);
    this.#session.ask(
      { kind: 'downgrade', name, token, to: 'U' },
      { answered: () => this.#settle(outcome), over: () => this.#settle(outcome) },
    );
  }

  #errorOf(answer: Answer): LockLostError | ReturnType<typeof refusalOf> {
    const { name, token, loss } = this.#hold;
    const shown = `lock ${JSON.stringify(name)} (token ${token})`;
    if (answer.kind === 'wrong-mode') return new NotHeldError(`${shown} is held in another mode than this call needs`);
    if (answer.kind !== 'not-held' && answer.kind !== 'session-expired') return refusalOf({ name }, answer);
    return loss ?? this.#lossOf('the cluster knows no such hold');
  }

  #lossOf(text: string): LockLostError {
    const { name, token } = this.#hold;
    return new LockLostError(`lock ${JSON.stringify(name)} (token ${token}) is lost: ${text}`, { reason: 'session' });
  }

  #givenUp(outcome: LockOutcome): ConversionOutcome {
    return { kind: 'given-up', why: this.#why, outcome };
  }

  #settle(outcome: ConversionOutcome): void {
    if (this.#state === 'settled') return;
    this.#state = 'settled';
    this.#hold.endConversion(this);
    for (const each of this.#waiting) each();
    // What was granted may have been taken away by force meanwhile.
    const { loss } = this.#hold;
    this.#report(outcome.kind === 'granted' && loss !== undefined ? { kind: 'failed', error: loss } : outcome);
  }

  /** The caller learns the outcome; the cleaning may go on. */
  #report(outcome: ConversionOutcome): void {
    this.#timer?.cancel();
    if (this.#isDone) return;
    this.#isDone = true;
    this.#done(outcome);
  }
}
