import { describe, expect, test } from 'vitest';
import { Cluster } from './cluster.ts';
import { logAfter, logOf, textOf } from './entries.ts';
import { accepted } from './messages.ts';
import { heartbeatInterval, leaderOver, Node } from './node.ts';

describe('the stream to a peer', () => {
  test('never sends more than the limits, and misses nothing (S29)', () => {
    const limits = { appendEntriesMax: 3, appendBytesMax: 5 };
    const cluster = Cluster.of(['a', 'b', 'c'], { limits });
    const leader = cluster.elect('a');
    const texts = Array.from({ length: 20 }, (_, at) => 'x'.repeat(at % 7));
    leader.turn(
      ...texts.map((text, id) => ({ kind: 'propose', id, payload: Uint8Array.from(text, () => 120) }) as const),
    );
    cluster.settle();

    const batches = cluster.delivered.flatMap((message) => (message.kind === 'append' ? [message] : []));
    for (const { entries, prevIndex } of batches) {
      const bytes = entries.reduce((sum, entry) => sum + entry.payload.length, 0);
      expect(entries.length <= 3 && (bytes <= 5 || entries.length === 1)).toBe(true);
      expect(entries.map(({ index }) => index)).toEqual(entries.map((_, at) => prevIndex + 1 + at));
    }
    for (const node of cluster.nodes.values()) {
      expect(node.applied.slice(1).map(({ payload }) => textOf(payload))).toEqual(texts);
    }
  });

  test('sends the proposals of one turn in one message to each peer', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    const leader = cluster.elect('a');
    leader.sent('append');

    leader.turn(...[1, 2, 3, 4].map((id) => ({ kind: 'propose', id, payload: Uint8Array.of(id) }) as const));

    expect(leader.sent('append').map(({ to, entries }) => [to, entries.length])).toEqual([
      ['b', 4],
      ['c', 4],
    ]);
  });

  test('fills a window in messages and no more, until acknowledgements come', () => {
    const node = leaderOver([], { limits: { inflightMessagesMax: 3, appendEntriesMax: 1 } });
    node.receive(accepted({ term: 1, match: 1 }));
    node.sent('append');
    for (let id = 0; id < 9; id++) node.propose('x', id);
    const first = node.sent('append').filter(({ to }) => to === 'b');

    node.receive(accepted({ term: 1, request: 1, match: 3 }));

    expect(first.map(({ prevIndex }) => prevIndex)).toEqual([1, 2, 3]);
    expect(
      node
        .sent('append')
        .filter(({ to }) => to === 'b')
        .map(({ prevIndex }) => prevIndex),
    ).toEqual([4, 5]);
  });

  test('fills a window in bytes and no more', () => {
    const node = leaderOver([], { limits: { inflightBytesMax: 10, appendEntriesMax: 1 } });
    node.receive(accepted({ term: 1, match: 1 }));
    node.sent('append');

    for (let id = 0; id < 9; id++) node.propose('xxxx', id);

    expect(node.sent('append').filter(({ to }) => to === 'b')).toHaveLength(3);
  });

  test('finds the end of long divergent tails in about as many rounds as there are terms (S27)', () => {
    const shared = logOf(Array.from({ length: 100 }, () => 1));
    const tail = (first: number): number[] => Array.from({ length: 2900 }, (_, at) => first + 2 * Math.floor(at / 290));
    const cluster = new Cluster([
      new Node('a', { entries: logAfter(shared, [...tail(2), 40], 'a') }),
      new Node('b', { entries: logAfter(shared, tail(3), 'b'), seed: 2 }),
    ]);

    cluster.elect('a');

    const refusals = cluster.delivered.filter((message) => message.kind === 'append-reply' && !message.accepted);
    expect(cluster.node('b').status).toMatchObject({ lastIndex: 3002, commitIndex: 3002 });
    expect(refusals.length).toBeLessThanOrEqual(12);
  });

  test('gets a stream going again within a heartbeat after all of it was lost (S30)', () => {
    const cluster = Cluster.of(['a', 'b', 'c'], { limits: { inflightMessagesMax: 4, appendEntriesMax: 1 } });
    const leader = cluster.elect('a');
    for (let id = 0; id < 10; id++) leader.propose('x', id);
    leader.outbox.length = 0;

    cluster.wait(heartbeatInterval + 50);

    expect(cluster.node('b').status.commitIndex).toBe(11);
    expect(cluster.node('c').status.commitIndex).toBe(11);
  });

  test('sends again what was lost on a link that never broke, when nothing else follows (S79)', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    const leader = cluster.elect('a').propose('x');
    leader.outbox.length = 0;

    cluster.wait(2 * heartbeatInterval);

    expect([...cluster.nodes.values()].map(({ status }) => status.commitIndex)).toEqual([2, 2, 2]);
  });

  test('does not send twice what a slow disk has only not acknowledged yet', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    const leader = cluster.elect('a');
    const slow = cluster.node('b');
    slow.syncsAtOnce = false;
    leader.propose('x');
    cluster.wait(5 * heartbeatInterval);
    slow.sync();
    cluster.settle();

    const carried = cluster.delivered.filter(
      (message) => message.kind === 'append' && message.to === 'b' && message.entries.some(({ index }) => index === 2),
    );
    expect(carried).toHaveLength(1);
    expect(slow.status.commitIndex).toBe(2);
  });

  test('probes after a broken link, and streams again after one answer', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    const leader = cluster.elect('a');

    leader.step({ kind: 'unreachable', peer: 'b', refused: false });
    const broken = leader.status.progress[0]?.mode;
    cluster.settle();

    expect(broken).toBe('probe');
    expect(leader.status.progress[0]?.mode).toBe('replicate');
  });

  test('counts bytes of its tail down to nothing, and admits any proposal then (S35)', () => {
    const cluster = Cluster.of(['a', 'b', 'c'], { limits: { uncommittedBytesMax: 10 } });
    const leader = cluster.elect('a');
    cluster.isolate('a');
    leader.propose('123456789012345', 1).propose('x', 2);
    const full = leader.proposals.splice(0).map(({ kind }) => kind);
    cluster.heal();
    cluster.wait(3 * heartbeatInterval);

    leader.propose('123456789012345', 3);
    cluster.settle();
    leader.propose('12345', 4).propose('12345', 5).propose('x', 6);

    expect(full).toEqual(['accepted', 'refused']);
    expect(leader.proposals.map((answer) => (answer.kind === 'refused' ? answer.reason : answer.kind))).toEqual([
      'accepted',
      'accepted',
      'accepted',
      'overloaded',
    ]);
  });

  test('counts the tail that it inherits (S35)', () => {
    const node = leaderOver([1, 1, 1, 1, 1], { limits: { uncommittedBytesMax: 16 } });

    node.propose('12', 1);
    node.receive(accepted({ term: 2, match: 6 }));
    node.propose('12', 2);

    expect(node.proposals.map(({ kind }) => kind)).toEqual(['refused', 'accepted']);
  });

  test('limits the number of uncommitted proposals too', () => {
    const node = leaderOver([], { limits: { uncommittedEntriesMax: 2 } });

    node.propose('', 1).propose('', 2).propose('', 3);

    expect(node.proposals.map(({ kind }) => kind)).toEqual(['accepted', 'accepted', 'refused']);
  });
});
