import { describe, expect, test } from 'vitest';
import { Cluster } from './cluster.ts';
import { logOf, votersOf } from './entries.ts';
import { append, heartbeat, preVoteReply, vote, voteReply } from './messages.ts';
import { electionTimeout, heartbeatInterval, leaderOver, Node } from './node.ts';

const five = ['a', 'b', 'c', 'd', 'e'];

/** `a` is a candidate of the next term: enough others have said that it could win. */
function candidate(ids: readonly string[], term = 0): Node {
  const node = new Node('a', { configuration: votersOf(...ids), term }).step({ kind: 'campaign' });
  for (const from of ids.slice(1)) node.receive(preVoteReply({ term: term + 1, from }));
  if (node.status.role !== 'candidate') throw new Error('no candidate');
  return node;
}

describe('5.2: followers', () => {
  test('5.2: a leader sends heartbeats to all others, all the time', () => {
    const node = leaderOver([]);
    node.outbox.length = 0;

    const beats = [1, 2, 3].map(() =>
      node
        .pass(heartbeatInterval)
        .sent('heartbeat')
        .map(({ to }) => to),
    );

    expect(beats).toEqual([
      ['b', 'c'],
      ['b', 'c'],
      ['b', 'c'],
    ]);
  });

  test.each([
    ['heartbeats', heartbeat({ term: 1 })],
    ['appends', append({ term: 1 })],
  ])('5.2: a follower that gets %s of its leader goes on following', (_what, message) => {
    const node = new Node('a', { term: 1 });

    for (let beats = 0; beats < 40; beats++) node.receive(message).wait(electionTimeout / 2);

    expect(node.status).toMatchObject({ role: 'follower', term: 1, leader: 'b' });
  });

  test('5.2: messages of a stale leader do not keep a follower waiting', () => {
    const node = new Node('a', { term: 2 });

    for (let beats = 0; beats < 5; beats++) node.receive(heartbeat({ term: 1 })).wait(electionTimeout / 2);

    expect(node.status.role).toBe('pre-candidate');
  });

  test('5.2, ours: a follower that hears of no leader for its timeout first asks, in the term it has, whether it could win', () => {
    const node = new Node('a', { term: 1 }).receive(heartbeat({ term: 1 }));

    node.wait(2 * electionTimeout);

    expect(node.status).toMatchObject({ role: 'pre-candidate', term: 1 });
    expect(node.sent('pre-vote')).toMatchObject([
      { to: 'b', term: 2 },
      { to: 'c', term: 2 },
    ]);
    expect(node.sent('vote')).toEqual([]);
  });

  test('figure 2, followers: granting a vote begins a new timeout, refusing one does not', () => {
    const undisturbed = new Node('a').pass(0);
    while (undisturbed.status.role === 'follower') undisturbed.pass(50);
    const [granting, refusing] = [logOf([1]), logOf([1, 2])].map((entries) => {
      const node = new Node('a', { entries }).pass(0).wait(electionTimeout - 50);
      return node.receive(vote({ term: 3, lastIndex: 1, lastTerm: 1 })).wait(undisturbed.now - node.now);
    });

    expect(granting?.status).toMatchObject({ role: 'follower', term: 3 });
    expect(refusing?.status).toMatchObject({ role: 'pre-candidate', term: 3 });
  });
});

describe('5.2: candidates', () => {
  test('5.2: who begins an election raises its term, votes for itself, and asks all others at once', () => {
    const node = candidate(five, 3);

    expect(node.status).toMatchObject({ role: 'candidate', term: 4 });
    expect(node.disk.hardState).toEqual({ term: 4, votedFor: 'a' });
    expect(node.sent('vote').map(({ to, term }) => [to, term])).toEqual(five.slice(1).map((id) => [id, 4]));
  });

  test('5.2: votes of a majority of the whole cluster, of that term, make a leader', () => {
    const node = candidate(five);

    const roles = (['b', 'c'] as const).map((from) => node.receive(voteReply({ term: 1, from })).status.role);

    expect(roles).toEqual(['candidate', 'leader']);
  });

  test('5.2: a majority counts the silent too: two of five, however willing, elect nobody', () => {
    const cluster = Cluster.of(five).connect(['a', 'b']);

    cluster.wait(20 * electionTimeout);

    expect(cluster.leaders()).toEqual([]);
  });

  test('5.2: a server votes for one candidate in a term: the first that asks', () => {
    const node = new Node('a');

    node.receive(vote({ term: 1, from: 'b' }), vote({ term: 1, from: 'c' }), vote({ term: 1, from: 'b' }));

    expect(node.sent('vote-reply').map(({ to, granted }) => [to, granted])).toEqual([
      ['b', true],
      ['c', false],
      ['b', true],
    ]);
  });

  test('5.2: who wins tells all others at once, so that they elect nobody else', () => {
    const node = candidate(['a', 'b', 'c']);
    node.outbox.length = 0;

    node.receive(voteReply({ term: 1 }));

    expect(node.sent('append').map(({ to, term }) => [to, term])).toEqual([
      ['b', 1],
      ['c', 1],
    ]);
  });

  test.each([
    ['an append', append({ term: 1, from: 'c' })],
    ['a heartbeat', heartbeat({ term: 1, from: 'c' })],
  ])('5.2: a candidate that gets %s of its own term follows that leader', (_what, message) => {
    const node = candidate(['a', 'b', 'c']).receive(message);

    expect(node.status).toMatchObject({ role: 'follower', term: 1, leader: 'c' });
  });

  test('5.2: a candidate refuses a leader of an older term, and goes on', () => {
    const node = candidate(['a', 'b', 'c'], 3);
    node.outbox.length = 0;

    node.receive(append({ term: 3, from: 'c' }));

    expect(node.status).toMatchObject({ role: 'candidate', term: 4 });
    expect(node.sent('append-reply')).toMatchObject([{ to: 'c', accepted: false, term: 4 }]);
  });

  test('5.2, ours: a candidate without a result asks anew after its timeout, and has a new term only once it could win', () => {
    const node = candidate(['a', 'b', 'c']).receive(voteReply({ term: 1, granted: false }));
    node.outbox.length = 0;

    node.wait(2 * electionTimeout);
    const asking = node.status;
    node.receive(preVoteReply({ term: 2 }));

    expect(asking).toMatchObject({ role: 'pre-candidate', term: 1 });
    expect(node.status).toMatchObject({ role: 'candidate', term: 2 });
  });

  test('5.2: timeouts are drawn anew each time, between one and two election timeouts', () => {
    const node = new Node('a').pass(0);
    const waits = Array.from({ length: 12 }, () => {
      const begun = node.receive(heartbeat({ term: 1 })).now;
      while (node.status.role === 'follower') node.pass(10);
      return node.now - begun;
    });

    for (const wait of waits) {
      expect(wait).toBeGreaterThanOrEqual(electionTimeout);
      expect(wait).toBeLessThanOrEqual(2 * electionTimeout + 10);
    }
    expect(new Set(waits).size).toBeGreaterThan(6);
  });

  test('5.2: split votes are rare and soon resolved', () => {
    const terms = Array.from({ length: 40 }, (_, seed) => {
      const cluster = Cluster.of(five, { seed });
      cluster.wait(5 * electionTimeout);
      expect(cluster.leaders()).toHaveLength(1);
      return cluster.node('a').status.term;
    });

    expect(terms.filter((term) => term === 1).length).toBeGreaterThan(30);
    expect(Math.max(...terms)).toBeLessThanOrEqual(3);
  });
});

describe('figure 2, RequestVote, receiver', () => {
  test('1: a candidate of an older term is refused', () => {
    const node = new Node('a', { term: 5 }).receive(vote({ term: 4, lastIndex: 99, lastTerm: 4 }));

    expect(node.sent('vote-reply')).toMatchObject([{ granted: false, term: 5 }]);
    expect(node.disk.hardState).toEqual({ term: 5, votedFor: undefined });
  });

  test.each([
    ['nobody was voted for', [], true],
    ['this candidate was voted for', ['b'], true],
    ['another one was voted for', ['c'], false],
  ])('2: the vote is granted if %s (%j): %s', (_what, before, granted) => {
    const node = new Node('a');
    for (const from of before) node.receive(vote({ term: 6, from }));
    node.outbox.length = 0;

    node.receive(vote({ term: 6, from: 'b' }));

    expect(node.sent('vote-reply')).toMatchObject([{ granted }]);
  });

  test('2: and only if the log of the candidate is at least as new as ours', () => {
    const granted = [
      { lastIndex: 1, lastTerm: 3 },
      { lastIndex: 3, lastTerm: 2 },
      { lastIndex: 2, lastTerm: 2 },
      { lastIndex: 99, lastTerm: 1 },
    ].map((last) => {
      const node = new Node('a', { entries: logOf([1, 1, 2]), term: 3 }).receive(vote({ term: 4, ...last }));
      return node.sent('vote-reply').map((reply) => reply.granted);
    });

    expect(granted).toEqual([[true], [true], [false], [false]]);
  });

  test('2, ours: and only while no leader of this term is known', () => {
    const node = new Node('a', { term: 1 }).receive(heartbeat({ term: 1, from: 'c' }));

    node.pass(3 * electionTimeout).receive(vote({ term: 1, from: 'b' }));

    expect(node.sent('vote-reply')).toMatchObject([{ granted: false }]);
  });

  test('a refused candidate of a later term still brings us that term', () => {
    const node = new Node('a', { entries: logOf([2]), term: 2 }).receive(vote({ term: 7, lastIndex: 1, lastTerm: 1 }));

    expect(node.sent('vote-reply')).toMatchObject([{ granted: false, term: 7 }]);
    expect(node.disk.hardState).toEqual({ term: 7, votedFor: undefined });
  });
});
