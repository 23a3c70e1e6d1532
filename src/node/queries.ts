import type { Clock, Timer } from '../clock/index.ts';
import type { Table } from '../table/index.ts';
import type { Applier } from './applier.ts';
import { EventReads } from './event-reads.ts';
import type { Query, QueryOutcome } from './gateway.ts';
import type { Reads } from './reads.ts';

type TableQuery = Exclude<Query, { readonly kind: 'status' | 'events' }>;

interface Asked {
  readonly query: TableQuery;
  readonly done: (outcome: QueryOutcome) => void;
  /** Ends the patience with it. */
  readonly timer: Timer;
}

/** A refused read is asked again: a leader is being elected, or has just changed. */
const retryMs = 50;

/** Questions without an answer yet; beyond it they are refused at once. */
const openMax = 10_000;

/** Answers questions about the table, each once, by default not before a quorum has confirmed that it is current. */
export class Queries {
  /** Those about what happened, which no quorum is asked for. */
  readonly events: EventReads;
  readonly #clock: Clock;
  readonly #patienceMs: number;
  /** All that have no answer yet. */
  readonly #open = new Set<Asked>();
  /** Those of them that no read is under way for. */
  #waiting: { readonly asked: Asked; readonly from: number }[] = [];

  constructor(clock: Clock, patienceMs: number) {
    this.events = new EventReads(clock);
    this.#clock = clock;
    this.#patienceMs = patienceMs;
  }

  ask(query: TableQuery, done: (outcome: QueryOutcome) => void): void {
    if (this.#open.size >= openMax) {
      const failure = { code: 'OVERLOADED', text: `${openMax} queries wait already` } as const;
      return this.#clock.soon(() => done({ ok: false, failure }));
    }
    const timer = this.#clock.after(this.#patienceMs, () => this.#settle(asked, tooLate));
    const asked: Asked = { query, done, timer };
    this.#open.add(asked);
    this.#waiting.push({ asked, from: this.#clock.now() });
  }

  /** Within a turn: every question whose time has come, over one round. */
  flush(now: number, reads: Reads, applier: Applier): void {
    if (!this.#waiting.some(({ from }) => from <= now)) return;
    const due = this.#waiting.filter(({ asked, from }) => from <= now && this.#open.has(asked));
    this.#waiting = this.#waiting.filter(({ from }) => from > now);
    const answer = (asked: Asked): void => {
      const { table, head } = applier;
      this.#settle(asked, { ok: true, value: answerTo(asked.query, table), appliedIndex: head.position.index });
    };
    const linearizable: Asked[] = [];
    for (const { asked } of due) {
      if (asked.query.consistency === 'local') answer(asked);
      else linearizable.push(asked);
    }
    if (linearizable.length === 0) return;
    reads.ask(now, (outcome) => {
      if (outcome.ok) return reads.whenApplied(outcome.index, () => linearizable.forEach(answer));
      const from = this.#clock.now() + retryMs;
      for (const asked of linearizable) this.#waiting.push({ asked, from });
    });
  }

  /** Nothing will be answered any more, what is under way included. */
  close(outcome: QueryOutcome & { readonly ok: false }): void {
    for (const asked of [...this.#open]) this.#settle(asked, outcome);
    this.events.close(outcome);
  }

  #settle(asked: Asked, outcome: QueryOutcome): void {
    if (!this.#open.delete(asked)) return;
    asked.timer.cancel();
    asked.done(outcome);
  }
}

const tooLate: QueryOutcome = {
  ok: false,
  failure: {
    code: 'CONNECTION',
    text: 'no leader with a quorum confirmed the read in time; ask with consistency "local" for this node\'s own view',
  },
};

function answerTo(query: TableQuery, table: Table): unknown {
  switch (query.kind) {
    case 'inspect':
      return table.views.inspect(query.name) ?? null;
    case 'list':
      return table.views.list({ prefix: query.prefix, limit: query.limit, after: query.after });
    case 'sessions':
      return table.views.sessions();
    case 'register':
      return table.views.register(query.name) ?? null;
    case 'verify':
      return table.views.isCurrent(query);
    case 'position':
      return table.views.positionOf(query.session, query.sequence);
    default:
      return query satisfies never;
  }
}
