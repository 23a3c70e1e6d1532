import { expect, test } from 'vitest';
import { InvariantViolation } from '../../raft/index.ts';
import { Journal } from '../../raft/journal.ts';
import { Log } from '../../raft/log.ts';
import { Outbox } from '../../raft/outbox.ts';
import { chainOf, genesis, payloadOf } from './entries.ts';
import { heartbeatReply } from './messages.ts';

function grown(length: number): { log: Log; journal: Journal; grow: (by: number, term: number) => void } {
  const log = new Log(chainOf, genesis, []);
  const journal = new Journal(0);
  const grow = (by: number, term: number): void => {
    for (let done = 0; done < by; done++) log.add(term, 'commands', payloadOf(`${term}`));
  };
  grow(length, 1);
  return { log, journal, grow };
}

test('a write attests only what was not cut away since (S32)', () => {
  const { log, journal, grow } = grown(10);
  const first = journal.take(log);
  log.truncateFrom(7);
  journal.truncated(7);
  grow(4, 2);
  const second = journal.take(log);

  journal.completed(first?.id ?? 0);
  expect(journal.durableIndex).toBe(6);
  expect(second?.write.truncateFrom).toBe(7);
  expect(second?.write.entries.map((entry) => entry.index)).toEqual([7, 8, 9, 10]);
  journal.completed(second?.id ?? 0);
  expect(journal.durableIndex).toBe(10);
});

test('completions that repeat or come out of order change nothing (S33)', () => {
  const { log, journal, grow } = grown(2);
  journal.take(log);
  grow(2, 1);
  journal.take(log);

  expect(journal.completed(2)).toBe(true);
  expect(journal.completed(1)).toBe(false);
  expect(journal.completed(2)).toBe(false);
  expect(journal.durableIndex).toBe(4);
});

test('a completion of a write that was never asked for is a bug', () => {
  const { log, journal } = grown(1);
  journal.take(log);

  expect(() => journal.completed(2)).toThrow(InvariantViolation);
});

test('entries that were cut before any write took them need no truncation on disk', () => {
  const { log, journal, grow } = grown(4);
  log.truncateFrom(3);
  journal.truncated(3);
  grow(1, 2);

  const taken = journal.take(log);

  expect(taken?.write.truncateFrom).toBeUndefined();
  expect(taken?.write.entries.map((entry) => entry.term)).toEqual([1, 1, 2]);
});

test('a claim waits for the oldest write that makes it true, and for the ballot', () => {
  const { log, journal, grow } = grown(3);
  const first = journal.take(log)?.id ?? 0;
  grow(2, 1);
  const second = journal.take(log)?.id ?? 0;
  grow(1, 1);

  expect(journal.writeFor(0)).toBe(0);
  expect(journal.writeFor(2)).toBe(first);
  expect(journal.writeFor(4)).toBe(second);
  expect(journal.writeFor(6)).toBe(journal.nextId);

  journal.hardStateChanged(2, 'a');
  expect(journal.writeFor(2)).toBe(journal.nextId);
  const third = journal.take(log)?.id ?? 0;
  journal.completed(second);
  expect(journal.writeFor(2)).toBe(third);
  journal.completed(third);
  expect(journal.writeFor(6)).toBe(0);
});

test('nothing to write is no write', () => {
  const { log, journal } = grown(1);

  expect(journal.take(log)).toBeDefined();
  expect(journal.take(log)).toBeUndefined();
});

test('what waited for a write leaves with its completion, unless its term has passed (S32)', () => {
  const outbox = new Outbox();
  for (const term of [1, 2]) outbox.post(heartbeatReply({ term }), 5, 9);
  outbox.post(heartbeatReply({ term: 2, round: 7 }), 6, 9);

  outbox.release(5, 2);

  expect(outbox.take().send).toEqual([heartbeatReply({ term: 2 })]);
  outbox.release(8, 2);
  expect(outbox.take().send).toEqual([heartbeatReply({ term: 2, round: 7 })]);
});
