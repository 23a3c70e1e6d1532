import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { EventReader } from '../../src/events.ts';
import { EventsLostError } from '../../src/index.ts';
import { type EventsQuery, wholeEntry } from '../../src/node/index.ts';
import { clientTuple, parseClientMessage } from '../../src/server/index.ts';
import { outcomeOf } from './pair.ts';

const at = (index: number) => ({ index, place: 0 });

const granted = (index: number) => ({
  ...{ kind: 'granted', name: 'x', session: 1, token: index, time: 1 },
  ...at(index),
});

/** A provider that answers when the test says so. */
const asked = () => {
  const questions: { readonly query: EventsQuery; readonly answer: (value: unknown) => void }[] = [];
  const ask = (query: EventsQuery): Promise<unknown> =>
    new Promise((answer) => {
      questions.push({ query, answer });
    });
  return { questions, ask };
};

/** Until all that is ready has run. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('asks where things stand before it is read, and from there on', async () => {
  const { questions, ask } = asked();
  const events = new EventReader(ask, {});

  questions[0]?.answer({ events: [], next: at(7) });
  const step = events.next();
  await turn();
  questions[1]?.answer({ events: [granted(9)], next: at(9) });

  expect(await step).toMatchObject({ done: false, value: { index: 9 } });
  expect(questions.map(({ query }) => query.after)).toEqual([undefined, at(7)]);
});

it('asks for a page only when somebody reads on, and for one at a time', async () => {
  const { questions, ask } = asked();
  const events = new EventReader(ask, { after: at(1) });
  await turn();
  const before = questions.length;

  const steps = [events.next(), events.next(), events.next()];
  await turn();
  questions[0]?.answer({ events: [granted(2), granted(3)], next: at(3) });
  await turn();
  questions[1]?.answer({ events: [granted(5)], next: at(5) });
  const seen = await Promise.all(steps);
  await turn();

  expect(before).toBe(0);
  expect(seen.map(({ value }) => value?.index)).toEqual([2, 3, 5]);
  expect(questions.map(({ query }) => query.after)).toEqual([at(1), at(3)]);
});

it('says once which events are lost, and from where on there are some', async () => {
  const { questions, ask } = asked();
  const { signal } = new AbortController();
  const events = new EventReader(ask, { after: 1, signal });
  const steps = [outcomeOf(events.next()), outcomeOf(events.next())];
  await turn();

  questions[0]?.answer({ firstIndex: 42 });
  const [error, next] = await Promise.all(steps);

  expect(error).toBeInstanceOf(EventsLostError);
  expect(error).toMatchObject({ code: 'EVENTS_LOST', firstIndex: 42, message: expect.stringContaining('42') });
  expect(next).toEqual({ done: true, value: undefined });
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

it('refuses an answer in a form that it does not know', async () => {
  const { questions, ask } = asked();
  const step = outcomeOf(new EventReader(ask, { after: 1 }).next());
  await turn();

  questions[0]?.answer({ events: [{ kind: 'stolen', ...at(2), time: 1 }], next: at(2) });

  expect(await step).toMatchObject({ code: 'BACKEND' });
});

it('asks nobody when the signal has aborted before', async () => {
  const { questions, ask } = asked();
  const events = new EventReader(ask, { signal: AbortSignal.abort('early') });

  expect(await outcomeOf(events.next())).toMatchObject({ code: 'CANCELLED', cause: 'early' });
  expect(questions).toEqual([]);
});

it('takes its listener off the signal when its scope ends', async () => {
  const { ask } = asked();
  const { signal } = new AbortController();
  const events = new EventReader(ask, { after: 1, signal });
  const during = getEventListeners(signal, 'abort').length;

  await events[Symbol.asyncDispose]();

  expect([during, getEventListeners(signal, 'abort').length]).toEqual([1, 0]);
});

it.each([undefined, { index: 7, place: 2 }, { index: 7, place: wholeEntry }])(
  'travels to a node: behind %j',
  (after) => {
    const question = { kind: 'query', id: 2, query: { kind: 'events', prefix: 'a/', after } } as const;

    expect(parseClientMessage(clientTuple(question))).toEqual(question);
  },
);

it.each([
  ['a prefix that no lock can have', ['x'.repeat(601), 1, 0]],
  ['an index that is none', ['', -1, 0]],
  ['a place that is none', ['', 1, 0.5]],
  ['no place', ['', 1]],
])('is refused by a node with %s', (_, words) => {
  expect(parseClientMessage(['query', 2, ['events', ...words]])).toMatchObject({ kind: 'bad' });
});
