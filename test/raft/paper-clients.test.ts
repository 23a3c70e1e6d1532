import { describe, expect, test } from 'vitest';
import { Cluster } from './cluster.ts';
import { textOf } from './entries.ts';
import { accepted, heartbeat, heartbeatReply } from './messages.ts';
import { electionTimeout, leaderOver, Node } from './node.ts';

const read = { kind: 'read', id: 1 } as const;

describe('8: requests', () => {
  test('8: who does not lead refuses a request, and names the leader that it last heard of', () => {
    const node = new Node('a', { term: 1 }).receive(heartbeat({ term: 1, from: 'c' })).propose('x', 7);
    const lost = new Node('a').propose('x', 7);

    expect(node.proposals).toEqual([{ id: 7, kind: 'refused', reason: 'not-leader', leader: 'c' }]);
    expect(lost.proposals).toEqual([{ id: 7, kind: 'refused', reason: 'not-leader', leader: undefined }]);
  });

  test('8: a request whose leader crashes may be committed all the same, so that its fate is open until it is applied', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    const leader = cluster.elect('a').propose('x', 1);
    cluster.round();
    leader.restart();
    cluster.isolate('a');

    cluster.forget().elect('b');

    expect(leader.proposals).toMatchObject([{ id: 1, kind: 'accepted', index: 2, term: 1 }]);
    expect(cluster.node('b').applied.map(({ payload }) => textOf(payload))).toContain('x');
  });

  test('8, ours: the core executes what it is given; that a repeated request has one effect is the table’s matter', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);

    const leader = cluster.elect('a').propose('x', 1).propose('x', 2);
    cluster.settle();

    expect(leader.applied.map(({ payload }) => textOf(payload))).toEqual(['', 'x', 'x']);
  });
});

describe('8: reads', () => {
  test('8: a leader opens its term with an empty entry, for until that is committed it does not know what is', () => {
    const node = leaderOver([1, 1]);
    const before = node.status.commitIndex;

    node.receive(accepted({ term: 2, match: 3 }));

    expect(node.disk.entries.at(-1)).toMatchObject({ term: 2, kind: 'noop', payload: new Uint8Array(0) });
    expect([before, node.status.commitIndex]).toEqual([0, 3]);
  });

  test('8: a read waits for that entry', () => {
    const node = leaderOver([1, 1]).step(read);
    const early = node.sent('heartbeat').length;

    node.receive(accepted({ term: 2, match: 3 }));
    const { round = 0 } = node.sent('heartbeat')[0] ?? {};
    node.receive(heartbeatReply({ term: 2, round }));

    expect(early).toBe(0);
    expect(node.reads).toEqual([{ id: 1, kind: 'confirmed', index: 3, term: 2 }]);
  });

  test('8: a read is answered only after a majority has answered a heartbeat that was sent for it', () => {
    const node = leaderOver([]).receive(accepted({ term: 1, match: 1 }));
    const before = node.pass(100).sent('heartbeat')[0]?.round ?? 0;
    const { round = 0 } = node.step(read).sent('heartbeat')[0] ?? {};

    node.receive(heartbeatReply({ term: 1, round: before }));
    const early = node.reads.length;
    node.receive(heartbeatReply({ term: 1, round }));

    expect(early).toBe(0);
    expect(node.reads).toMatchObject([{ kind: 'confirmed' }]);
  });

  test('8: a leader that was deposed without knowing so answers no read', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    const old = cluster.elect('a');
    cluster.connect(['b', 'c']);
    cluster.forget().elect('b').propose('newer');
    cluster.settle();

    old.step(read);
    cluster.wait(2 * electionTimeout);

    expect(old.reads).toMatchObject([{ id: 1, kind: 'refused' }]);
  });

  test('8: a read is as of the commit index when it was asked, or later', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    const leader = cluster.elect('a').propose('x');
    cluster.settle();
    const asked = leader.status.commitIndex;

    leader.step(read);
    cluster.settle();

    expect(leader.reads).toEqual([{ id: 1, kind: 'confirmed', index: asked, term: 1 }]);
  });

  test('8, ours: no lease stands in for the round: however lately the leader was elected or heard, it asks', () => {
    const node = leaderOver([]).receive(accepted({ term: 1, match: 1 }), accepted({ term: 1, from: 'c', match: 1 }));

    node.step(read);

    expect(node.reads).toEqual([]);
    expect(node.sent('heartbeat').length).toBeGreaterThan(0);
  });
});
