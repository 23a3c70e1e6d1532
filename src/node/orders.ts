import type { MemberId } from '../../raft/index.ts';
import type { Clock, Timer } from '../clock/index.ts';
import type { AdminOutcome } from './gateway.ts';

interface Order {
  readonly to: MemberId;
  readonly done: (outcome: AdminOutcome) => void;
  timer: Timer;
}

/** Orders that wait for the leader's answer; one more fails them all. */
const openMax = 64;

/** How long the leader may take to say that it has the order; lost messages are not noticed otherwise. */
const takenMs = 5_000;

/** How long it may take then: a replaced node has a whole table to fetch. */
const doneMs = 600_000;

const seeStatus = 'see "holdfast status" for what became of it';

/** What this node has asked the leader to do to the cluster; each order is answered, whatever gets lost. */
export class Orders {
  readonly #clock: Clock;
  readonly #open = new Map<number, Order>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(id: number, to: MemberId, done: (outcome: AdminOutcome) => void): void {
    if (this.#open.size >= openMax) this.failAll('too many questions to the leader are open');
    this.#open.set(id, { to, done, timer: this.#fails(id, takenMs) });
  }

  /** The leader has it. */
  taken(id: number): void {
    const order = this.#open.get(id);
    if (order === undefined) return;
    order.timer.cancel();
    order.timer = this.#fails(id, doneMs);
  }

  answered(id: number, outcome: AdminOutcome): void {
    const order = this.#open.get(id);
    if (order === undefined) return;
    this.#open.delete(id);
    order.timer.cancel();
    order.done(outcome);
  }

  /** The link to this peer broke: its answer may have been lost with it. */
  unreachable(peer: MemberId): void {
    for (const [id, { to }] of [...this.#open]) {
      if (to === peer) this.#fail(id, `the link to the leader broke: ${seeStatus}`);
    }
  }

  /** Nobody will answer: the leader has changed, or this node stops. */
  failAll(text: string): void {
    for (const id of [...this.#open.keys()]) this.#fail(id, text);
  }

  #fails(id: number, ms: number): Timer {
    return this.#clock.after(ms, () => this.#fail(id, `the leader did not answer within ${ms} ms: ${seeStatus}`));
  }

  #fail(id: number, text: string): void {
    this.answered(id, { ok: false, failure: { code: 'CONNECTION', text } });
  }
}
