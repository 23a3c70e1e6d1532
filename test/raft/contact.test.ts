import { describe, expect, test } from 'vitest';
import { Cluster } from './cluster.ts';
import { logOf } from './entries.ts';
import { append, heartbeat, preVote, rejected, vote } from './messages.ts';
import { electionTimeout, heartbeatInterval, Node } from './node.ts';

describe('stickiness', () => {
  test('a voter that hears its leader refuses others, without taking their term', () => {
    const node = new Node('a', { term: 3 }).receive(heartbeat({ term: 3, from: 'b' }));
    node.sent('heartbeat-reply');

    node.wait(electionTimeout - 50).receive(preVote({ term: 4, from: 'c' }), vote({ term: 4, from: 'c' }));
    const refused = [...node.sent('pre-vote-reply'), ...node.sent('vote-reply')].map(({ granted }) => granted);
    node.pass(50).receive(preVote({ term: 4, from: 'c' }));

    expect(refused).toEqual([false, false]);
    expect(node.status.term).toBe(3);
    expect(node.sent('pre-vote-reply')).toMatchObject([{ granted: true }]);
  });

  test('an election that the leader asked for is not refused', () => {
    const node = new Node('a', { term: 3 }).receive(heartbeat({ term: 3, from: 'b' }));

    node.receive(vote({ term: 4, from: 'c', transfer: true }));

    expect(node.sent('vote-reply')).toMatchObject([{ granted: true, term: 4 }]);
  });

  test('a leader that asks for a later term leads no more, and is not held back by its own heartbeats', () => {
    const node = new Node('a', { term: 3 }).receive(heartbeat({ term: 3, from: 'b' }));

    node.receive(preVote({ term: 4, from: 'b' }));

    expect(node.sent('pre-vote-reply')).toMatchObject([{ granted: true }]);
  });

  test('a leader with contact refuses others as well', () => {
    const leader = Cluster.of(['a', 'b', 'c']).elect('a');

    leader.receive(vote({ term: 7, from: 'c', lastIndex: 9, lastTerm: 6 }));

    expect(leader.status).toMatchObject({ role: 'leader', term: 1 });
  });

  test('a follower whose leader refuses connections asks for an election within a heartbeat interval', () => {
    const node = new Node('a', { term: 3 }).receive(heartbeat({ term: 3, from: 'b' }));

    node.step({ kind: 'unreachable', peer: 'b', refused: true }).pass(heartbeatInterval);

    expect(node.status.role).toBe('pre-candidate');
  });

  test.each([
    ['a silent leader', { kind: 'unreachable', peer: 'b', refused: false } as const],
    ['another peer', { kind: 'unreachable', peer: 'c', refused: true } as const],
  ])('%s that is out of reach waives nothing', (_who, input) => {
    const node = new Node('a', { term: 3 }).receive(heartbeat({ term: 3, from: 'b' }));

    node
      .step(input)
      .pass(heartbeatInterval)
      .receive(preVote({ term: 4, from: 'c' }));

    expect(node.status.role).toBe('follower');
    expect(node.sent('pre-vote-reply')).toMatchObject([{ granted: false }]);
  });

  test('a voter whose leader refuses connections lets others stand', () => {
    const node = new Node('a', { term: 3 }).receive(heartbeat({ term: 3, from: 'b' }));

    node.step({ kind: 'unreachable', peer: 'b', refused: true }).receive(preVote({ term: 4, from: 'c' }));

    expect(node.sent('pre-vote-reply')).toMatchObject([{ granted: true }]);
  });

  test('the waiver ends when the leader is heard of again', () => {
    const node = new Node('a', { term: 3 }).receive(heartbeat({ term: 3, from: 'b' }));

    node.step({ kind: 'unreachable', peer: 'b', refused: true }).receive(heartbeat({ term: 3, from: 'b' }));
    node.pass(heartbeatInterval).receive(preVote({ term: 4, from: 'c' }));

    expect(node.status.role).toBe('follower');
    expect(node.sent('pre-vote-reply')).toMatchObject([{ granted: false }]);
  });

  test('after a killed leader the others agree within a few heartbeats, though one of them notices later', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    cluster.elect('a');
    cluster.isolate('a');

    cluster.node('b').step({ kind: 'unreachable', peer: 'a', refused: true });
    cluster.wait(150);
    cluster.node('c').step({ kind: 'unreachable', peer: 'a', refused: true });
    cluster.wait(350);

    expect(cluster.leaders().filter((id) => id !== 'a')).toHaveLength(1);
  });
});

describe('the quorum check', () => {
  test('a leader without contact refuses proposals after half an election timeout and steps down after one', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    const leader = cluster.elect('a').propose('in time', 1);
    cluster.settle();
    cluster.isolate('a');

    cluster.wait(electionTimeout / 2 + 50);
    leader.propose('too late', 2);
    const middle = leader.status.role;
    cluster.wait(electionTimeout / 2);

    expect(leader.proposals.map(({ id, kind }) => [id, kind])).toEqual([
      [1, 'accepted'],
      [2, 'refused'],
    ]);
    expect(leader.proposals[1]).toMatchObject({ reason: 'no-quorum' });
    expect(middle).toBe('leader');
    expect(leader.status).toMatchObject({ role: 'follower', term: 1 });
  });

  test('contact that returns in time lets the leader go on without an election', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    const leader = cluster.elect('a');
    cluster.isolate('a');
    cluster.wait(electionTimeout * 0.8);
    cluster.heal();

    cluster.wait(heartbeatInterval);
    leader.propose('again', 1);

    expect(leader.proposals).toMatchObject([{ kind: 'accepted', term: 1 }]);
  });

  test.each([
    ['send but not hear', ['b>a', 'c>a']],
    ['hear but not send', ['a>b', 'a>c']],
  ])('a leader that can %s takes no proposals, gives way, and leaves one leader (S13)', (_what, links) => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    const former = cluster.elect('a');
    for (const link of links) cluster.cut.add(link);

    cluster.wait(electionTimeout / 2 + 50);
    former.propose('x', 1);
    cluster.wait(5 * electionTimeout);

    expect(former.proposals).toMatchObject([{ id: 1, kind: 'refused' }]);
    expect(former.status.role).not.toBe('leader');
    expect(cluster.leaders()).toHaveLength(1);
  });

  test('a voter of a higher term is freed by one election (S10)', () => {
    const entries = logOf([1]);
    const cluster = new Cluster([
      new Node('a', { entries, term: 5 }),
      new Node('b', { entries, term: 5, seed: 2 }),
      new Node('c', { entries, term: 9, seed: 3 }),
    ]);
    cluster.cut.add('a>c').add('b>c').add('c>a').add('c>b');
    cluster.elect('a');
    cluster.heal();

    cluster.wait(6 * electionTimeout);

    const leaders = cluster.leaders();
    expect(leaders).toHaveLength(1);
    expect([...cluster.nodes.values()].map(({ status }) => status.term)).toEqual([10, 10, 10]);
  });

  test('a stale sender learns of the newer term, each kind by its own reply', () => {
    const node = new Node('a', { entries: logOf([1, 4]) });

    node.receive(append({ term: 2, from: 'b' }), heartbeat({ term: 2, from: 'b' }), vote({ term: 2, from: 'c' }));

    expect(node.outbox.map(({ kind, term }) => [kind, term])).toEqual([
      ['append-reply', 4],
      ['heartbeat-reply', 4],
      ['vote-reply', 4],
    ]);
    expect(node.status.lastIndex).toBe(2);
  });

  test('a refusal of a higher term deposes a leader', () => {
    const leader = Cluster.of(['a', 'b', 'c']).elect('a');

    leader.receive(rejected({ term: 8 }));

    expect(leader.status).toMatchObject({ role: 'follower', term: 8, leader: undefined });
  });
});
