import { describe, expect, test } from 'vitest';
import { Cluster } from './cluster.ts';
import { logOf, votersOf } from './entries.ts';
import { heartbeatReply, preVote, preVoteReply, vote, voteReply } from './messages.ts';
import { electionTimeout, Node } from './node.ts';

describe('before an election', () => {
  test('patience lasts between one and two election timeouts, and differs between nodes of one seed (S15)', () => {
    const endings = ['a', 'b', 'c', 'd', 'e'].map((id) => {
      const node = new Node(id, { configuration: votersOf('a', 'b', 'c', 'd', 'e') }).pass(0);
      while (node.status.role === 'follower') node.pass(10);
      return node.now;
    });

    for (const ending of endings) {
      expect(ending).toBeGreaterThanOrEqual(electionTimeout);
      expect(ending).toBeLessThanOrEqual(2 * electionTimeout);
    }
    expect(new Set(endings).size).toBeGreaterThan(3);
  });

  test('a pre-vote raises nobody’s term and writes nothing', () => {
    const asker = new Node('a').step({ kind: 'campaign' });
    const asked = new Node('b').receive(preVote({ from: 'a', to: 'b', term: 1 }));

    expect(asker.status).toMatchObject({ role: 'pre-candidate', term: 0 });
    expect(asker.sent('pre-vote').map(({ to, term }) => [to, term])).toEqual([
      ['b', 1],
      ['c', 1],
    ]);
    expect(asked.sent('pre-vote-reply')).toMatchObject([{ granted: true, term: 1 }]);
    expect(asked.status.term).toBe(0);
    expect([asker.disk.hardState.term, asked.disk.hardState.term]).toEqual([0, 0]);
  });

  test('a node that was long away takes the leader it finds, in the term it finds (S09)', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    cluster.elect('a');
    cluster.isolate('c');
    cluster.wait(100 * electionTimeout);
    for (let count = 0; count < 300; count++) cluster.node('a').propose(`${count}`);
    cluster.settle();
    cluster.heal();

    cluster.wait(2 * electionTimeout);

    expect(cluster.leaders()).toEqual(['a']);
    expect(cluster.node('a').status.term).toBe(1);
    expect(cluster.node('c').status).toMatchObject({ term: 1, leader: 'a', commitIndex: 301 });
  });

  test('a refused pre-vote teaches a higher term, so that a cohort of low terms gets its leader (S11)', () => {
    const best = logOf([1, 1, 1]);
    const nodes = [
      new Node('a', { entries: best, term: 3 }),
      new Node('b', { entries: best, term: 3, seed: 2 }),
      new Node('c', { entries: logOf([1]), term: 7, seed: 3 }),
    ];
    const cluster = new Cluster(nodes);

    cluster.wait(8 * electionTimeout);

    expect(cluster.leaders()).toHaveLength(1);
    expect(cluster.leaders()).not.toContain('c');
    expect(cluster.node('c').status.lastIndex).toBe(4);
  });

  test('a campaign asked of a leader, or twice of a lonely voter, changes nothing (S14)', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    const leader = cluster.elect('a').step({ kind: 'campaign' });
    const alone = new Node('a', { configuration: votersOf('a') });
    alone.step({ kind: 'campaign' }).step({ kind: 'campaign' });

    expect(leader.status).toMatchObject({ role: 'leader', term: 1 });
    expect(alone.status).toMatchObject({ role: 'leader', term: 1 });
  });

  test('a lonely voter leads at its first tick', () => {
    expect(new Node('a', { configuration: votersOf('a') }).pass(0).status).toMatchObject({
      role: 'leader',
      leads: true,
    });
  });

  test.each([
    [
      'a learner',
      { voters: [{ id: 'b', address: '' }], outgoing: [], learners: [{ id: 'a', address: '', replaces: 'b' }] },
    ],
    ['a stranger', votersOf('b', 'c')],
    ['a node without a configuration', votersOf()],
  ])('%s never stands for election', (_who, configuration) => {
    const node = new Node('a', { configuration });

    node.wait(5 * electionTimeout).step({ kind: 'campaign' });

    expect(node.status.role).toBe('follower');
    expect(node.outbox).toEqual([]);
  });
});

describe('counting votes', () => {
  test('votes of another term, another question, a stranger, or a second time do not count (S07)', () => {
    const five = votersOf('a', 'b', 'c', 'd', 'e');
    const node = new Node('a', { configuration: five, term: 2 });
    node.step({ kind: 'campaign' }).receive(preVoteReply({ term: 3 }), preVoteReply({ term: 3, from: 'c' }));
    expect(node.status).toMatchObject({ role: 'candidate', term: 3 });

    node.receive(
      voteReply({ term: 2, from: 'b' }),
      preVoteReply({ term: 4, from: 'c' }),
      preVoteReply({ term: 3, from: 'd' }),
      voteReply({ term: 3, from: 'x' }),
      voteReply({ term: 3, from: 'e' }),
      voteReply({ term: 3, from: 'e' }),
    );
    const before = node.status.role;
    node.receive(voteReply({ term: 3, from: 'b' }));

    expect(before).toBe('candidate');
    expect(node.status.role).toBe('leader');
  });

  test('a late vote for a lost candidacy is no pre-vote for the next (S07)', () => {
    const node = new Node('a').step({ kind: 'campaign' }).receive(preVoteReply({ term: 1 }));
    node.wait(2 * electionTimeout);
    const stage = node.status.role;

    node.receive(voteReply({ term: 1 }));

    expect(stage).toBe('pre-candidate');
    expect(node.status).toMatchObject({ role: 'pre-candidate', term: 1 });
  });

  test('a vote that comes after the election changes nothing (S07)', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    const leader = cluster.elect('a');
    const before = leader.status;

    leader.receive(
      voteReply({ term: 1, from: 'c' }),
      voteReply({ term: 1, from: 'c', granted: false }),
      preVoteReply({ term: 2 }),
    );

    expect(leader.status).toEqual(before);
  });

  test.each([
    ['shorter but of a later term', [1, 1, 1, 1], { lastIndex: 3, lastTerm: 2 }, true],
    ['longer but of an earlier term', [1, 1, 2], { lastIndex: 9, lastTerm: 1 }, false],
    ['the same', [1, 2], { lastIndex: 2, lastTerm: 2 }, true],
    ['shorter in the same term', [1, 2, 2], { lastIndex: 2, lastTerm: 2 }, false],
  ])('a log that is %s is judged by its last term first (S08)', (_what, terms, last, granted) => {
    const node = new Node('a', { entries: logOf(terms) });

    node.receive(preVote({ term: 5, ...last }), vote({ term: 5, ...last }));

    expect(node.sent('pre-vote-reply').map((reply) => reply.granted)).toEqual([granted]);
    expect(node.sent('vote-reply').map((reply) => reply.granted)).toEqual([granted]);
  });

  test('a node grants its vote though its own configuration calls it a learner (S52)', () => {
    const learner = { id: 'a', address: '', replaces: undefined };
    const node = new Node('a', { configuration: { ...votersOf('b', 'c'), learners: [learner] } });

    node.receive(vote({ term: 2, from: 'b' }));

    expect(node.sent('vote-reply')).toMatchObject([{ granted: true }]);
  });

  test('a stranger is judged only if it knows a newer configuration, and otherwise moves no term (S55)', () => {
    const node = new Node('a').receive(vote({ term: 9, from: 'x' }), preVote({ term: 9, from: 'x' }));
    const before = node.status.term;

    node.receive(vote({ term: 9, from: 'x', configIndex: 4, lastIndex: 4, lastTerm: 1 }));

    expect(before).toBe(0);
    expect(node.sent('pre-vote-reply')).toMatchObject([{ granted: false }]);
    expect(node.sent('vote-reply').map(({ granted }) => granted)).toEqual([false, true]);
  });

  test('a reply of a removed member does not depose anybody (S55)', () => {
    const leader = Cluster.of(['a', 'b', 'c']).elect('a');

    leader.receive(heartbeatReply({ term: 9, from: 'x' }));

    expect(leader.status).toMatchObject({ role: 'leader', term: 1 });
  });
});
