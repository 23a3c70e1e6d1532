import { describe, expect, it } from 'vitest';
import { History } from '../../src/node/history.ts';
import { type ClusterEvent, type EventPosition, type EventsAnswer, wholeEntry } from '../../src/node/index.ts';

const granted = (token: number, name = `n${token}`) => ({ kind: 'granted', name, session: 1, token }) as const;

/** A history of one event for each entry, whose token is its index. */
const historyOf = (entries: number, { eventsMax = 1_000, bytesMax = 1_000_000 } = {}): History => {
  const history = new History(0, { eventsMax, bytesMax });
  for (let index = 1; index <= entries; index += 1) {
    history.enter(index);
    history.add(granted(index), 1_000 + index);
    history.reached(index);
  }
  return history;
};

const eventsOf = (answer: EventsAnswer): readonly ClusterEvent[] => ('events' in answer ? answer.events : []);

const behind = (index: number): EventPosition => ({ index, place: wholeEntry });

/** All that a reader sees who goes on from page to page. */
const readAll = (history: History, from: EventPosition, prefix = ''): readonly ClusterEvent[] => {
  const seen: ClusterEvent[] = [];
  for (let after = from; ; ) {
    const answer = history.read(after, prefix);
    if (!('events' in answer)) throw new Error(`lost before ${answer.firstIndex}`);
    seen.push(...answer.events);
    if (answer.next.index === after.index && answer.next.place === after.place) return seen;
    after = answer.next;
  }
};

describe('a history', () => {
  it('is read from page to page, each event once and in order, however large it has grown', () => {
    const history = historyOf(900);

    const indexes = readAll(history, behind(0)).map(({ index }) => index);

    expect(indexes).toEqual(Array.from({ length: 900 }, (_, at) => at + 1));
  });

  it('goes on behind an event in the middle of its entry', () => {
    const history = new History(0, { eventsMax: 10, bytesMax: 10_000 });
    history.enter(7);
    for (const token of [1, 2, 3]) history.add(granted(token), 5);
    history.reached(7);

    const events = eventsOf(history.read({ index: 7, place: 0 }, ''));

    expect(events).toEqual([
      { index: 7, place: 1, time: 5, ...granted(2) },
      { index: 7, place: 2, time: 5, ...granted(3) },
    ]);
  });

  it('says nothing twice to who reads while an entry is executed', () => {
    const history = new History(0, { eventsMax: 10, bytesMax: 10_000 });
    history.enter(1);
    history.add(granted(1), 1);
    const first = history.read(behind(0), '');
    history.add(granted(2), 1);
    history.reached(1);

    const second = 'next' in first ? history.read(first.next, '') : first;

    expect([eventsOf(first), eventsOf(second)].map((events) => events.map(({ place }) => place))).toEqual([[0], [1]]);
  });

  it('drops the oldest, and tells who asks for them what it still has', () => {
    const history = historyOf(30, { eventsMax: 10 });

    expect(history.read(behind(19), '')).toEqual({ firstIndex: 21 });
    expect(eventsOf(history.read(behind(20), '')).map(({ index }) => index)).toEqual(
      Array.from({ length: 10 }, (_, at) => at + 21),
    );
  });

  it('keeps no more bytes than its limit, be names as long as they may', () => {
    const history = new History(0, { eventsMax: 1_000, bytesMax: 12_000 });
    for (let index = 1; index <= 100; index += 1) {
      history.enter(index);
      history.add(granted(index, 'x'.repeat(512)), 1);
    }
    history.reached(100);

    expect(history.read(behind(0), '')).toEqual({ firstIndex: 91 });
    expect(eventsOf(history.read(behind(90), ''))).toHaveLength(10);
  });

  it('gives only locks of the prefix, and leads on past all others', () => {
    const history = new History(0, { eventsMax: 100, bytesMax: 100_000 });
    history.enter(1);
    history.add(granted(1, 'a/1'), 1);
    history.add({ kind: 'session-ended', session: 1, end: 'closed' }, 1);
    history.add(granted(2, 'b/1'), 1);
    history.reached(5);

    expect(eventsOf(history.read(behind(0), 'a/')).map(({ place }) => place)).toEqual([0]);
    expect(history.read(behind(0), 'c/')).toEqual({ events: [], next: behind(5) });
  });

  it('does not lead back who is ahead of it', () => {
    const history = historyOf(3);

    expect(history.read(behind(9), '')).toEqual({ events: [], next: behind(9) });
  });

  it('has a gap where a snapshot was installed', () => {
    const history = historyOf(3);
    history.skipTo(50);

    expect(history.read(behind(3), '')).toEqual({ firstIndex: 51 });
    expect(history.read(behind(50), '')).toEqual({ events: [], next: behind(50) });
  });

  it('knows nothing of what lies before its beginning', () => {
    const history = new History(40, { eventsMax: 10, bytesMax: 10_000 });

    expect(history.read(behind(39), '')).toEqual({ firstIndex: 41 });
    expect(history.head).toEqual(behind(40));
  });
});
