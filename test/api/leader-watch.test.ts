import { expect, it } from 'vitest';
import { ConnectionError, ShuttingDownError } from '../../src/errors.ts';
import { LeaderWatch, type Sighting, type Told } from '../../src/leader-watch.ts';
import { type Query, wholeEntry } from '../../src/node/index.ts';
import { VirtualClock } from './virtual-clock.ts';

/** A cluster that answers when the test says so. */
const asked = () => {
  const clock = new VirtualClock();
  const questions: { readonly query: Query; readonly answer: (told: Told) => void }[] = [];
  const watch = new LeaderWatch('x', (query, answer) => questions.push({ query, answer }), clock);
  const told: Sighting[] = [];
  const next = (): void => watch.next((sighting) => told.push(sighting));
  const answer = (told: Told): void => questions.at(-1)?.answer(told);
  return { clock, watch, questions, told, next, answer };
};

const holder = { session: 1, label: 'n', node: 'n', mode: 'X', permits: 1, owner: null, entries: 1, since: 5 };

/** What a look finds. */
const led = (appliedIndex: number, token: number, metadata: string | null = 'v'): Told => {
  const holders = [{ ...holder, token, metadata }];
  return {
    ok: true,
    appliedIndex,
    value: { name: 'x', kind: 'exclusive', limit: null, holders, waiting: 0, queue: [] },
  };
};

const vacant = (appliedIndex: number): Told => ({ ok: true, appliedIndex, value: null });

const happened = (index: number, name = 'x', kind = 'granted'): Told => {
  const event = { index, place: 0, time: 1, kind, name, session: 1, token: index };
  return { ok: true, appliedIndex: index, value: { events: [event], next: { index, place: 0 } } };
};

const failed = (error: Error): Told => ({ ok: false, error });

const tokensOf = (told: readonly Sighting[]): readonly unknown[] =>
  told.map((sighting) => (sighting.ok ? sighting.view.token : sighting.error));

it('looks, then waits behind what it saw, then looks again', () => {
  const { questions, told, next, answer } = asked();
  next();
  answer(vacant(7));
  next();
  answer(happened(9));
  answer(led(10, 3));

  expect(tokensOf(told)).toEqual([null, 3]);
  expect(questions.map(({ query }) => query)).toMatchObject([
    { kind: 'inspect', name: 'x', consistency: 'linearizable' },
    { kind: 'events', prefix: 'x', after: { index: 7, place: wholeEntry } },
    { kind: 'inspect' },
  ]);
});

it('asks nobody while nobody reads', () => {
  const { questions, next, answer } = asked();
  next();
  answer(vacant(7));

  expect(questions.length).toBe(1);
});

it('does not look for events of longer names, or of those who wait', () => {
  const { questions, next, answer } = asked();
  next();
  answer(vacant(7));
  next();
  answer(happened(8, 'x/y'));
  answer({
    ok: true,
    appliedIndex: 9,
    value: {
      events: [{ index: 9, place: 0, time: 1, kind: 'queued', name: 'x', session: 1, sequence: 1 }],
      next: { index: 9, place: 0 },
    },
  });

  expect(questions.map(({ query }) => query.kind)).toEqual(['inspect', 'events', 'events', 'events']);
  expect(questions.at(-1)?.query).toMatchObject({ after: { index: 9, place: 0 } });
});

it('is not told what it knows', () => {
  const { questions, told, next, answer } = asked();
  next();
  answer(led(7, 3));
  next();
  answer(happened(8));
  answer(led(9, 3));

  expect(tokensOf(told)).toEqual([3]);
  expect(questions.at(-1)?.query).toMatchObject({ kind: 'events', after: { index: 9 } });
});

it('looks again when events were lost', () => {
  const { told, next, answer } = asked();
  next();
  answer(led(7, 3));
  next();
  answer({ ok: true, appliedIndex: 90, value: { firstIndex: 80 } });
  answer(led(90, 12));

  expect(tokensOf(told)).toEqual([3, 12]);
});

it('does not believe a node that is behind what it saw', () => {
  const { clock, told, next, answer } = asked();
  next();
  answer(led(7, 3));
  next();
  answer(happened(8));
  answer(led(6, 2));
  clock.pass(1_000);
  answer(led(8, 4));

  expect(tokensOf(told)).toEqual([3, 4]);
});

it('goes on after errors that pass, with the same question', () => {
  const { clock, questions, told, next, answer } = asked();
  next();
  answer(failed(new ConnectionError('nobody there')));
  clock.pass(1_000);
  answer(led(7, 3));
  next();
  answer(failed(new ConnectionError('nobody there')));
  clock.pass(1_000);
  answer(happened(8));
  answer(led(8, 8));

  expect(tokensOf(told)).toEqual([3, 8]);
  expect(questions.map(({ query }) => query.kind)).toEqual(['inspect', 'inspect', 'events', 'events', 'inspect']);
});

it('ends with an error that does not pass, and with an answer that it cannot read', () => {
  const { told, next, answer } = asked();
  const closed = new ShuttingDownError('closed');
  next();
  answer(failed(closed));
  next();
  answer({ ok: true, appliedIndex: 1, value: 'nonsense' });

  expect(tokensOf(told)).toEqual([closed, expect.objectContaining({ code: 'BACKEND' })]);
});

it('hears nothing any more once it is closed', () => {
  const { clock, watch, questions, told, next, answer } = asked();
  next();
  watch.close();
  answer(failed(new ConnectionError('nobody there')));
  clock.pass(10_000);

  expect([told, questions.length]).toEqual([[], 1]);
});

it('takes a holder without metadata for one with an empty value', () => {
  const { told, next, answer } = asked();
  next();
  answer(led(7, 3, null));

  expect(told).toMatchObject([{ view: { value: '', leader: 'n', node: 'n', since: 5, index: 7 } }]);
});
