import { describe, expect, it } from 'vitest';
import { Questions } from '../../src/client/questions.ts';
import type { Query, QueryOutcome } from '../../src/node/index.ts';
import type { ClientMessage } from '../../src/server/index.ts';
import { VirtualClock } from './virtual-clock.ts';

type Sent = ClientMessage & { readonly kind: 'query' };

/** A client's questions, and what reaches the node. */
const scene = () => {
  const clock = new VirtualClock();
  const sent: Sent[] = [];
  let ids = 0;
  const questions = new Questions({
    clock,
    connection: {
      send: (message) => message.kind === 'query' && sent.push(message) > 0,
      isConnected: true,
      failure: { code: 'CONNECTION', text: 'nobody' },
    },
    takeId: () => {
      ids += 1;
      return ids;
    },
  });
  const answer = (id: number, value: unknown, appliedIndex = 1): void =>
    questions.answered({ kind: 'result', id, json: JSON.stringify(value), appliedIndex });
  return { sent, questions, answer };
};

const inspect = (at: number): Query => ({ kind: 'inspect', name: `n${at}`, consistency: 'local' });

const list: Query = { kind: 'list', prefix: '', limit: 2_500, after: undefined, consistency: 'local' };

const rows = (from: number, count: number) => Array.from({ length: count }, (_, at) => ({ name: `l${from + at}` }));

describe('what a client asks', () => {
  it('goes to the node 32 at a time, and on as answers come', () => {
    const { sent, questions, answer } = scene();
    const outcomes: QueryOutcome[] = [];

    for (let at = 1; at <= 100; at += 1) questions.ask(inspect(at), (outcome) => outcomes.push(outcome));
    const atFirst = sent.length;
    for (let id = 1; id <= 100; id += 1) answer(id, null);

    expect([atFirst, sent.length]).toEqual([32, 100]);
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(100);
  });

  it('is asked again, in its order, at the next node', () => {
    const { sent, questions, answer } = scene();
    for (let at = 1; at <= 40; at += 1) questions.ask(inspect(at), () => undefined);
    answer(2, null);
    sent.length = 0;

    questions.connected();

    expect(sent.map(({ id }) => id)).toEqual([1, ...Array.from({ length: 31 }, (_, at) => at + 3)]);
  });

  it('of many locks comes in pages of 1,000, one under way at a time', () => {
    const { sent, questions, answer } = scene();
    const outcomes: QueryOutcome[] = [];
    questions.ask(list, (outcome) => outcomes.push(outcome));
    questions.ask({ kind: 'sessions', consistency: 'local' }, () => undefined);

    answer(1, rows(0, 1_000), 9);
    answer(2, []);
    answer(3, rows(1_000, 1_000), 7);
    answer(4, rows(2_000, 500), 8);

    const pages = sent.flatMap(({ query }) => (query.kind === 'list' ? [[query.after, query.limit]] : []));
    expect(pages).toEqual([
      [undefined, 1_000],
      ['l999', 1_000],
      ['l1999', 500],
    ]);
    expect(outcomes).toEqual([{ ok: true, value: rows(0, 2_500), appliedIndex: 7 }]);
  });

  it('leaves room for other questions, however many events are waited for', () => {
    const { sent, questions } = scene();
    const events: Query = { kind: 'events', prefix: '', after: { index: 1, place: 0 } };

    for (let at = 1; at <= 100; at += 1) questions.ask(events, () => undefined);
    questions.ask(inspect(1), () => undefined);

    // A node lets one client have 64 open.
    expect(sent.filter(({ query }) => query.kind === 'events')).toHaveLength(24);
    expect(sent.at(-1)?.query.kind).toBe('inspect');
  });
});
