import type { Asker, Over } from './asker.ts';
import type { Clock, Timer } from './clock/index.ts';
import { type LockError, TimeoutError } from './errors.ts';
import { refusalOf } from './refusals.ts';
import type { Session } from './session.ts';
import type { Answer } from './table/index.ts';

/** What a semaphore's limit is to be. */
export interface LimitWish {
  readonly name: string;
  readonly limit: number;
}

/** One change of a semaphore's limit. It cannot be taken back: when nobody answers in time, its outcome is unknown. */
export class LimitChange implements Asker {
  readonly #wish: LimitWish;
  readonly #done: (error: LockError | RangeError | undefined) => void;
  readonly #timer: Timer;
  #isAsked = false;
  #isDone = false;

  /** `left` is told when its time is up before there was a session to ask in. */
  constructor(
    wish: LimitWish,
    world: { readonly clock: Clock; readonly ttlMs: number; readonly left: (change: LimitChange) => void },
    done: (error: LockError | RangeError | undefined) => void,
  ) {
    this.#wish = wish;
    this.#done = done;
    this.#timer = world.clock.after(world.ttlMs, () => {
      world.left(this);
      const text = `the limit of semaphore ${JSON.stringify(wish.name)} was not changed within ${world.ttlMs} ms`;
      this.#settle(new TimeoutError(text, { outcome: this.#isAsked ? 'unknown' : 'not-applied' }));
    });
  }

  begin(session: Session): void {
    if (this.#isDone) return;
    this.#isAsked = true;
    session.ask({ kind: 'limit', ...this.#wish }, this);
  }

  refuse(error: LockError | RangeError): void {
    this.#settle(error);
  }

  answered(answer: Answer): void {
    if (answer.kind === 'limit-changed') return this.#settle(undefined);
    const { name, limit } = this.#wish;
    this.#settle(refusalOf({ name, parts: [{ name, mode: 'S', permits: 1, limit }] }, answer));
  }

  over(over: Over): void {
    this.#settle(over.refuse('unknown'));
  }

  #settle(error: LockError | RangeError | undefined): void {
    this.#timer.cancel();
    if (this.#isDone) return;
    this.#isDone = true;
    this.#done(error);
  }
}
