import { describe, expect, test } from 'vitest';
import { logAfter, logOf } from './entries.ts';
import { append, appendOf, heartbeat } from './messages.ts';
import { Node } from './node.ts';

describe('a follower', () => {
  const log = logOf([1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);

  test('acknowledges only what is durable, however often it is asked', () => {
    const node = new Node('a', { term: 1 });
    node.syncsAtOnce = false;

    node.receive(appendOf(log, { from: 1, to: 3 }, { term: 1, request: 1 }));
    node.receive(appendOf(log, { from: 1, to: 3 }, { term: 1, request: 2 }));
    const early = node.outbox.length;
    node.sync();

    expect(early).toBe(0);
    expect(node.sent('append-reply').map((reply) => [reply.request, reply.accepted && reply.match])).toEqual([
      [1, 3],
      [2, 3],
    ]);
  });

  test('keeps what it holds when a late, shorter append comes (S20)', () => {
    const node = new Node('a', { entries: log });

    node.receive(
      appendOf(log, { from: 6, to: 7 }, { term: 1 }),
      appendOf(log, { from: 6, to: 5 }, { term: 1 }),
      appendOf(log, { from: 1, to: 2 }, { term: 1 }),
    );

    expect(node.status.lastIndex).toBe(10);
    expect(node.writes).toEqual([]);
    expect(node.disk.entries).toHaveLength(10);
  });

  test('replaces what differs, in the same write as the new (S21)', () => {
    const shared = logOf([1, 1]);
    const node = new Node('a', { entries: logAfter(shared, [2, 2], 'mine') });
    node.syncsAtOnce = false;

    node.receive(appendOf(logAfter(shared, [4], 'theirs'), { from: 3, to: 3 }, { term: 4 }));

    expect(node.writes).toHaveLength(1);
    expect(node.writes[0]?.write).toMatchObject({ truncateFrom: 3, entries: [{ index: 3, term: 4 }] });
    expect(node.status.lastIndex).toBe(3);
  });

  test('commits only what the message at hand has verified (S22)', () => {
    const mine = logOf([1, 1, 2]);
    const node = new Node('a', { entries: mine, term: 3 });

    node.receive(appendOf(mine, { from: 2, to: 2 }, { term: 3, commit: 3 }));

    expect(node.status.commitIndex).toBe(2);
  });

  test('never commits less than before (S23)', () => {
    const node = new Node('a', { entries: log });
    node.receive(appendOf(log, { from: 9, to: 10 }, { term: 1, commit: 8 }));

    node.receive(heartbeat({ term: 1, commit: 3 }), appendOf(log, { from: 2, to: 3 }, { term: 1, commit: 3 }));

    expect(node.status.commitIndex).toBe(8);
    expect(node.applied.map(({ index }) => index)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('does not fall over a commit index beyond its log (S34)', () => {
    const node = new Node('a', { entries: logOf([1, 1]) });

    node.receive(heartbeat({ term: 1, commit: 40 }));

    expect(node.status.commitIndex).toBe(0);
    expect(node.sent('heartbeat-reply')).toHaveLength(1);
  });

  test('skips what a checkpoint has swallowed, and answers with what it has', () => {
    const node = new Node('a', { entries: log });
    node.receive(appendOf(log, { from: 10, to: 10 }, { term: 1, commit: 10 }));
    node.step({ kind: 'compact', index: 8 });
    node.sent('append-reply');

    node.receive(appendOf(log, { from: 3, to: 9 }, { term: 1 }));

    expect(node.status).toMatchObject({ firstIndex: 9, lastIndex: 10 });
    expect(node.sent('append-reply')).toMatchObject([{ accepted: true, match: 10 }]);
  });

  test('points a leader to the last place where they may agree (S27)', () => {
    const node = new Node('a', { entries: logOf([1, 1, 3, 3, 3, 5, 5]), term: 7 });

    node.receive(append({ term: 7, request: 1, prevIndex: 20, prevTerm: 6 }));
    node.receive(append({ term: 7, request: 2, prevIndex: 6, prevTerm: 4 }));
    node.receive(append({ term: 7, request: 3, prevIndex: 4, prevTerm: 2 }));

    expect(
      node
        .sent('append-reply')
        .map((reply) => (reply.accepted ? [] : [reply.prevIndex, reply.hintIndex, reply.hintTerm])),
    ).toEqual([
      [20, 7, 5],
      [6, 5, 3],
      [4, 2, 1],
    ]);
  });

  test('attests nothing by a write whose entries were replaced and came back in a later term (S32)', () => {
    const shared = logOf([1]);
    const first = logAfter(shared, [1, 1], 'first');
    const node = new Node('a', { entries: shared, term: 1 });
    node.syncsAtOnce = false;

    node.receive(appendOf(first, { from: 2, to: 3 }, { term: 1, from: 'b', request: 1 }));
    node.receive(appendOf(logAfter(shared, [2], 'second'), { from: 2, to: 2 }, { term: 2, from: 'c', request: 1 }));
    node.receive(appendOf(logAfter(shared, [3, 3], 'third'), { from: 2, to: 3 }, { term: 3, from: 'b', request: 1 }));
    const durable = [0, 1, 2, 3].map((done) => (done > 0 ? node.sync(1) : node).status.durableIndex);

    expect(durable).toEqual([1, 1, 1, 3]);
    expect(node.sent('append-reply').at(-1)).toMatchObject({ term: 3, match: 3 });
    expect(node.disk.entries.map(({ term }) => term)).toEqual([1, 3, 3]);
  });

  test('takes no notice of completions that come twice or late (S33)', () => {
    const node = new Node('a', { term: 1 });
    node.syncsAtOnce = false;
    node
      .receive(appendOf(log, { from: 1, to: 2 }, { term: 1 }))
      .receive(appendOf(log, { from: 3, to: 4 }, { term: 1 }));

    node.step({ kind: 'durable', write: 2 }).step({ kind: 'durable', write: 1 }).step({ kind: 'durable', write: 2 });

    expect(node.status.durableIndex).toBe(4);
  });
});
