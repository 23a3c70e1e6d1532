import type { Asker, Over, Wish } from './asker.ts';
import type { Clock, Timer } from './clock/index.ts';
import { type LockError, TimeoutError } from './errors.ts';
import type { Session } from './session.ts';
import type { Answer, OperatorRequest } from './table/index.ts';

/** What an operator asks. */
export type Order = Extract<Wish, { readonly kind: OperatorRequest['kind'] }>;

/** What became of it. */
export type OrderOutcome =
  | { readonly ok: true; readonly answer: Answer }
  | { readonly ok: false; readonly error: LockError | RangeError };

/** One order. It cannot be taken back: when nobody answers in time, its outcome is unknown. */
export class OperatorCall implements Asker {
  readonly #order: Order;
  readonly #done: (outcome: OrderOutcome) => void;
  readonly #timer: Timer;
  #isAsked = false;
  #isDone = false;

  /** `left` is told when its time is up before there was a session to ask in. */
  constructor(
    order: Order,
    world: { readonly clock: Clock; readonly ttlMs: number; readonly left: (call: OperatorCall) => void },
    done: (outcome: OrderOutcome) => void,
  ) {
    this.#order = order;
    this.#done = done;
    this.#timer = world.clock.after(world.ttlMs, () => {
      world.left(this);
      const text = `the ${order.kind} was not confirmed within ${world.ttlMs} ms; see what is held before it is asked again`;
      this.refuse(new TimeoutError(text, { outcome: this.#isAsked ? 'unknown' : 'not-applied' }));
    });
  }

  begin(session: Session): void {
    if (this.#isDone) return;
    this.#isAsked = true;
    session.ask(this.#order, this);
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

  #settle(outcome: OrderOutcome): void {
    this.#timer.cancel();
    if (this.#isDone) return;
    this.#isDone = true;
    this.#done(outcome);
  }
}
