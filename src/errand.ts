import type { Asker, Over, Wish } from './asker.ts';
import type { Clock, Timer } from './clock/index.ts';
import { type LockError, TimeoutError } from './errors.ts';
import type { Session } from './session.ts';
import type { Answer, OperatorRequest } from './table/index.ts';

/** Something to be done that waits for nobody. */
export interface ErrandWish {
  readonly asks: Wish;
  /** In words for errors, when nobody confirmed it: `the limit was not changed`. */
  readonly undone: string;
}

/** What an operator asks. */
export type Order = Extract<Wish, { readonly kind: OperatorRequest['kind'] }>;

/** Like any errand, it cannot be taken back: look at what is held before it is asked again. */
export const errandOf = (order: Order): ErrandWish => ({
  asks: order,
  undone: `the ${order.kind} was not confirmed`,
});

/** What became of it: the cluster's answer, or why there is none. */
export type ErrandOutcome =
  | { readonly ok: true; readonly answer: Answer }
  | { readonly ok: false; readonly error: LockError | RangeError };

/** One request that is answered at once. It cannot be taken back: when nobody answers in time, its outcome is unknown. */
export class Errand implements Asker {
  readonly #wish: ErrandWish;
  readonly #done: (outcome: ErrandOutcome) => void;
  readonly #timer: Timer;
  #isAsked = false;
  #isDone = false;

  /** `left` is told when its time is up before there was a session to ask in. */
  constructor(
    wish: ErrandWish,
    world: { readonly clock: Clock; readonly ttlMs: number; readonly left: (errand: Errand) => void },
    done: (outcome: ErrandOutcome) => void,
  ) {
    this.#wish = wish;
    this.#done = done;
    this.#timer = world.clock.after(world.ttlMs, () => {
      world.left(this);
      const outcome = this.#isAsked ? 'unknown' : 'not-applied';
      this.refuse(new TimeoutError(`${wish.undone} within ${world.ttlMs} ms`, { outcome }));
    });
  }

  begin(session: Session): void {
    if (this.#isDone) return;
    this.#isAsked = true;
    session.ask(this.#wish.asks, this);
  }

  refuse(error: LockError | RangeError): void {
    this.#settle({ ok: false, error });
  }

  answered(answer: Answer): void {
    this.#settle({ ok: true, answer });
  }

  over(over: Over): void {
    this.refuse(over.refuse('unknown'));
  }

  #settle(outcome: ErrandOutcome): void {
    this.#timer.cancel();
    if (this.#isDone) return;
    this.#isDone = true;
    this.#done(outcome);
  }
}
