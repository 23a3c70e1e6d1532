import type { Clock } from '../clock/index.ts';
import type { Table } from '../table/index.ts';
import type { Query, QueryOutcome } from './gateway.ts';
import type { Reads } from './reads.ts';

type TableQuery = Exclude<Query, { readonly kind: 'status' }>;

interface Asked {
  readonly query: TableQuery;
  readonly done: (outcome: QueryOutcome) => void;
  readonly giveUpAt: number;
  retryAt: number;
}

/** A refused read is asked again: a leader is being elected, or has just changed. */
const retryMs = 50;

/** Questions that wait for a leader; beyond it they are refused at once. */
const waitingMax = 10_000;

/** Answers questions about the table, by default not before a quorum has confirmed that it is current. */
export class Queries {
  readonly #clock: Clock;
  readonly #patienceMs: number;
  #waiting: Asked[] = [];

  constructor(clock: Clock, patienceMs: number) {
    this.#clock = clock;
    this.#patienceMs = patienceMs;
  }

  ask(query: TableQuery, done: (outcome: QueryOutcome) => void): void {
    if (this.#waiting.length >= waitingMax) {
      const failure = { code: 'OVERLOADED', text: `${waitingMax} queries wait already` } as const;
      return this.#clock.soon(() => done({ ok: false, failure }));
    }
    const now = this.#clock.now();
    this.#waiting.push({ query, done, giveUpAt: now + this.#patienceMs, retryAt: now });
  }

  /** Within a turn: every question whose time has come, over one round. */
  flush(now: number, reads: Reads, table: () => Table, appliedIndex: () => number): void {
    if (this.#waiting.length === 0) return;
    const due = this.#waiting.filter((asked) => asked.retryAt <= now);
    if (due.length === 0) return;
    this.#waiting = this.#waiting.filter((asked) => asked.retryAt > now);
    const answer = (asked: Asked): void => {
      const value = answerTo(asked.query, table());
      asked.done({ ok: true, value, appliedIndex: appliedIndex() });
    };
    const linearizable: Asked[] = [];
    for (const asked of due) {
      if (asked.query.consistency === 'local') answer(asked);
      else linearizable.push(asked);
    }
    if (linearizable.length === 0) return;
    reads.ask(now, (outcome) => {
      if (!outcome.ok) return this.#again(linearizable);
      reads.whenApplied(outcome.index, () => linearizable.forEach(answer));
    });
  }

  /** Nothing will be answered any more. */
  close(outcome: QueryOutcome & { readonly ok: false }): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const asked of waiting) asked.done(outcome);
  }

  #again(refused: readonly Asked[]): void {
    const now = this.#clock.now();
    for (const asked of refused) {
      if (asked.giveUpAt > now) {
        asked.retryAt = now + retryMs;
        this.#waiting.push(asked);
        continue;
      }
      const text =
        'no leader with a quorum confirmed the read in time; ask with consistency "local" for this node\'s own view';
      asked.done({ ok: false, failure: { code: 'CONNECTION', text } });
    }
  }
}

function answerTo(query: TableQuery, table: Table): unknown {
  switch (query.kind) {
    case 'inspect':
      return table.views.inspect(query.name) ?? null;
    case 'list':
      return table.views.list({ prefix: query.prefix, limit: query.limit, after: query.after });
    case 'sessions':
      return table.views.sessions();
    default:
      return query satisfies never;
  }
}
