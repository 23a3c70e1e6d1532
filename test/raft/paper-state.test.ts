import { describe, expect, test } from 'vitest';
import { Cluster } from './cluster.ts';
import { logOf, textOf, votersOf } from './entries.ts';
import {
  accepted,
  append,
  appendOf,
  heartbeat,
  heartbeatReply,
  preVoteReply,
  rejected,
  vote,
  voteReply,
} from './messages.ts';
import { electionTimeout, leaderOver, Node } from './node.ts';

describe('figure 2, state', () => {
  test('on all servers, persistent: the first term is 0, and nobody has been voted for in it', () => {
    const node = new Node('a');

    expect(node.status).toMatchObject({ term: 0, commitIndex: 0, appliedIndex: 0, lastIndex: 0, firstIndex: 1 });
    expect(node.disk.hardState).toEqual({ term: 0, votedFor: undefined });
  });

  test('on all servers, persistent: term and vote are on disk before any message tells of them', () => {
    const node = new Node('a');
    node.syncsAtOnce = false;
    node.receive(vote({ term: 4 }));
    const early = node.outbox.length;

    node.sync();

    expect(early).toBe(0);
    expect(node.disk.hardState).toEqual({ term: 4, votedFor: 'b' });
    expect(node.sent('vote-reply')).toMatchObject([{ term: 4, granted: true }]);
  });

  test('on all servers, persistent: entries are on disk before they are acknowledged', () => {
    const node = new Node('a', { term: 1 });
    node.syncsAtOnce = false;
    node.receive(appendOf(logOf([1, 1]), { from: 1, to: 2 }, { term: 1 }));
    const early = node.outbox.length;

    node.sync();

    expect(early).toBe(0);
    expect(node.disk.entries).toEqual(logOf([1, 1]));
    expect(node.sent('append-reply')).toMatchObject([{ accepted: true, match: 2 }]);
  });

  test('on all servers, persistent: term, vote and log are what they were after a restart', () => {
    const node = new Node('a').receive(vote({ term: 4 }), appendOf(logOf([4]), { from: 1, to: 1 }, { term: 4 }));

    node.restart().receive(vote({ term: 4, from: 'c', lastIndex: 9, lastTerm: 4 }));

    expect(node.status).toMatchObject({ term: 4, lastIndex: 1 });
    expect(node.sent('vote-reply')).toMatchObject([{ to: 'c', granted: false }]);
  });

  test('on all servers, volatile: what is committed and applied is forgotten at a restart, down to the checkpoint (ours)', () => {
    const log = logOf([1, 1, 1]);
    const node = new Node('a', { entries: log }).receive(append({ term: 1, prevIndex: 3, prevTerm: 1, commit: 3 }));
    const before = node.status;

    node.restart();

    expect(before).toMatchObject({ commitIndex: 3, appliedIndex: 3 });
    expect(node.status).toMatchObject({ commitIndex: 0, appliedIndex: 0, lastIndex: 3 });
  });

  test('on all servers, volatile: what is committed and applied never falls', () => {
    const log = logOf([1, 1, 1]);
    const node = new Node('a', { entries: log }).receive(append({ term: 1, prevIndex: 3, prevTerm: 1, commit: 3 }));

    node.receive(append({ term: 1, prevIndex: 3, prevTerm: 1, commit: 1 }), heartbeat({ term: 1, commit: 0 }));
    node.receive(append({ term: 2, from: 'c', prevIndex: 1, prevTerm: 1 }));

    expect(node.status).toMatchObject({ commitIndex: 3, appliedIndex: 3 });
  });

  test('on leaders, volatile: the first append to everybody begins after the log as it was at the election', () => {
    const node = leaderOver([1, 1, 1]);

    expect(node.sent('append').map(({ to, prevIndex, prevTerm }) => [to, prevIndex, prevTerm])).toEqual([
      ['b', 3, 1],
      ['c', 3, 1],
    ]);
  });

  test('on leaders, volatile: what others hold begins at nothing, and anew with every election', () => {
    const node = leaderOver([1]).receive(accepted({ term: 2, match: 2 }));
    const learned = node.status.progress.map(({ match }) => match);

    node.receive(heartbeat({ term: 3, from: 'c' })).now += electionTimeout;
    node.step({ kind: 'campaign' }).receive(preVoteReply({ term: 4 }), voteReply({ term: 4 }));

    expect(learned).toEqual([2, 0]);
    expect(node.status).toMatchObject({ role: 'leader', term: 4 });
    expect(node.status.progress.map(({ match }) => match)).toEqual([0, 0]);
  });
});

describe('figure 2, all servers', () => {
  test('what is committed and not applied is applied, each entry once, in the order of the log', () => {
    const log = logOf([1, 1, 1, 1]);
    const node = new Node('a', { entries: log });

    for (const commit of [2, 2, 4]) node.receive(append({ term: 1, prevIndex: 4, prevTerm: 1, commit }));

    expect(node.applied).toEqual(log);
    expect(node.status.appliedIndex).toBe(4);
  });

  test.each([
    ['an append', append({ term: 9, from: 'c' })],
    ['a heartbeat', heartbeat({ term: 9, from: 'c' })],
    ['the answer to an append', rejected({ term: 9, from: 'c' })],
    ['the answer to a heartbeat', heartbeatReply({ term: 9, from: 'c', round: 0 })],
    ['a refused vote', voteReply({ term: 9, from: 'c', granted: false })],
    ['a refused pre-vote (ours)', preVoteReply({ term: 9, from: 'c', granted: false })],
  ])('%s of a higher term makes that term ours, and whoever we were a follower', (_what, message) => {
    const candidate = new Node('a').step({ kind: 'campaign' }).receive(preVoteReply({ term: 1 }));
    const nodes = [new Node('a', { term: 1 }), candidate, leaderOver([])];

    for (const node of nodes) node.receive(message);

    for (const node of nodes) {
      expect(node.status).toMatchObject({ role: 'follower', term: 9 });
      expect(node.disk.hardState).toEqual({ term: 9, votedFor: undefined });
    }
  });

  test('ours: neither a granted pre-vote nor the campaign of somebody who is refused for a live leader raises the term', () => {
    const follower = new Node('a', { term: 1 }).receive(heartbeat({ term: 1, from: 'c' }));
    const leader = leaderOver([]).receive(accepted({ term: 1, match: 1 }));

    follower.receive(vote({ term: 7, lastIndex: 9, lastTerm: 6 }));
    leader.receive(preVoteReply({ term: 7, from: 'c' }), vote({ term: 7, lastIndex: 9, lastTerm: 6 }));

    expect([follower.status.term, leader.status.term]).toEqual([1, 1]);
    expect(leader.status.role).toBe('leader');
  });
});

describe('5.1: the basics', () => {
  test('5.1: a server begins as a follower, whatever it was before a crash', () => {
    const node = leaderOver([1]);

    node.restart();

    expect([new Node('a').status.role, node.status.role]).toEqual(['follower', 'follower']);
  });

  test('5.1: terms are consecutive, and each begins with an election', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);

    const terms = ['a', 'b', 'c', 'a'].map((id) => cluster.forget().elect(id).status.term);

    expect(terms).toEqual([1, 2, 3, 4]);
  });

  test('5.1: a term has at most one leader, for two candidates cannot both have a majority', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    for (const id of ['a', 'b']) cluster.node(id).step({ kind: 'campaign' });

    cluster.settle();

    expect(cluster.leaders().length).toBeLessThanOrEqual(1);
    expect(new Set([...cluster.nodes.values()].map(({ status }) => status.term))).toEqual(new Set([1]));
  });

  test('5.1: a term may end without a leader when the vote is split', () => {
    const cluster = Cluster.of(['a', 'b', 'c', 'd']);
    // Each candidate reaches one other voter with its question for votes; pre-votes (ours) reach all.
    const pairs = new Set(['a>c', 'c>a', 'b>d', 'd>b']);
    cluster.loses = ({ kind, from, to }) => !kind.startsWith('pre-vote') && !pairs.has(`${from}>${to}`);
    for (const id of ['a', 'b']) cluster.node(id).step({ kind: 'campaign' });
    cluster.settle();
    const split = ['a', 'b', 'c', 'd'].map((id) => cluster.node(id).disk.hardState);
    const leaders = cluster.leaders();

    cluster.loses = () => false;
    cluster.wait(8 * electionTimeout);

    expect(split.map(({ term, votedFor }) => [term, votedFor])).toEqual([
      [1, 'a'],
      [1, 'b'],
      [1, 'a'],
      [1, 'b'],
    ]);
    expect(leaders).toEqual([]);
    expect(cluster.leaders()).toHaveLength(1);
    expect(cluster.node('a').status.term).toBeGreaterThan(1);
  });

  test('5.1: every message carries the term of its sender', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    cluster.elect('a').propose('x').step({ kind: 'read', id: 1 });

    cluster.settle();

    const others = cluster.delivered.filter(({ kind }) => !kind.startsWith('pre-vote'));
    expect(new Set(others.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(6);
    expect(others.filter(({ term }) => term !== 1)).toEqual([]);
  });

  test('5.1: a question of a stale term is refused, and the refusal tells the newer one', () => {
    const log = logOf([1, 5]);
    const node = new Node('a', { entries: log });

    node.receive(append({ term: 4 }), vote({ term: 4, lastIndex: 9, lastTerm: 4 }), heartbeat({ term: 4 }));

    expect(node.outbox).toMatchObject([
      { kind: 'append-reply', accepted: false, term: 5 },
      { kind: 'vote-reply', granted: false, term: 5 },
      { kind: 'heartbeat-reply', term: 5 },
    ]);
    expect(node.status).toMatchObject({ term: 5, leader: undefined, lastIndex: 2 });
  });

  test('5.1: a candidate or leader that finds its term stale returns to following at once', () => {
    const candidate = new Node('a').step({ kind: 'campaign' }).receive(preVoteReply({ term: 1 }));
    const leader = leaderOver([1]);

    for (const node of [candidate, leader]) node.receive(rejected({ term: 3 }));

    for (const node of [candidate, leader]) {
      expect(node.status).toMatchObject({ role: 'follower', term: 3 });
      expect(node.propose('x', 1).proposals).toMatchObject([{ kind: 'refused', reason: 'not-leader' }]);
    }
  });

  test('5.1: who asks twice gets the same answer twice: questions may be sent in parallel and again', () => {
    const node = new Node('a', { configuration: votersOf('a', 'b', 'c') });
    const entry = appendOf(logOf([1]), { from: 1, to: 1 }, { term: 1 });

    node.receive(vote({ term: 1 }), vote({ term: 1 }), entry, entry);

    expect(node.sent('vote-reply').map(({ granted }) => granted)).toEqual([true, true]);
    expect(node.sent('append-reply').map((reply) => reply.accepted && reply.match)).toEqual([1, 1]);
    expect(node.disk.entries.map(({ payload }) => textOf(payload))).toEqual(['1/1']);
  });
});
