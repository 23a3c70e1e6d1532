import type { Clock } from '../clock/index.ts';
import type { EventPosition, EventsAnswer, EventsPage, EventsQuery } from './cluster-event.ts';
import type { QueryOutcome } from './gateway.ts';
import type { History } from './history.ts';

interface Reading {
  readonly prefix: string;
  /** Everything up to here did not match. */
  after: EventPosition;
  readonly history: History;
  readonly done: (outcome: QueryOutcome) => void;
  /** Frees what waits for more. */
  release: (() => void) | undefined;
}

/** How long an answer waits for something to tell: so that whoever has gone is forgotten, and its position moves on. */
const patienceMs = 2_000;

/** Readings that wait; beyond it they are refused at once. */
const openMax = 10_000;

/**
 * Answers questions for events, as soon as there is one to tell. Between two questions a reader costs nothing here: it
 * brings its position along, and has lost what the history has dropped meanwhile.
 */
export class EventReads {
  readonly #clock: Clock;
  readonly #open = new Set<Reading>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  ask({ prefix, after }: EventsQuery, history: History, done: (outcome: QueryOutcome) => void): void {
    if (this.#open.size >= openMax) {
      const failure = { code: 'OVERLOADED', text: `${openMax} readers wait for events already` } as const;
      return this.#clock.soon(() => done({ ok: false, failure }));
    }
    const answer = after === undefined ? { events: [], next: history.head } : history.read(after, prefix);
    const reading: Reading = { prefix, after: after ?? history.head, history, done, release: undefined };
    this.#open.add(reading);
    if (after === undefined || !isEmpty(answer))
      return this.#clock.soon(() => this.#settle(reading, told(answer, history)));
    reading.after = answer.next;
    const timer = this.#clock.after(patienceMs, () => this.#settle(reading, told(this.#read(reading), history)));
    const stop = history.whenMore(() => this.#look(reading));
    reading.release = () => {
      timer.cancel();
      stop();
    };
  }

  /** Nobody will be told anything any more. */
  close(outcome: QueryOutcome & { readonly ok: false }): void {
    for (const reading of [...this.#open]) this.#settle(reading, outcome);
  }

  #look(reading: Reading): void {
    const answer = this.#read(reading);
    if (isEmpty(answer)) reading.after = answer.next;
    else this.#settle(reading, told(answer, reading.history));
  }

  #read({ after, prefix, history }: Reading): EventsAnswer {
    return history.read(after, prefix);
  }

  #settle(reading: Reading, outcome: QueryOutcome): void {
    if (!this.#open.delete(reading)) return;
    reading.release?.();
    reading.done(outcome);
  }
}

const isEmpty = (answer: EventsAnswer): answer is EventsPage => 'events' in answer && answer.events.length === 0;

const told = (value: EventsAnswer, history: History): QueryOutcome => ({
  ok: true,
  value,
  appliedIndex: history.head.index,
});
