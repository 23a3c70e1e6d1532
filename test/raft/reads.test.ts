import { describe, expect, test } from 'vitest';
import { Cluster } from './cluster.ts';
import { votersOf } from './entries.ts';
import { accepted, heartbeat, heartbeatReply, preVoteReply, vote, voteReply } from './messages.ts';
import { electionTimeout, heartbeatInterval, Node } from './node.ts';

/** `a` leads term 1 of three; its opening entry is committed unless `isOpen` is false. */
function leader(isOpen = true): Node {
  const node = new Node('a').step({ kind: 'campaign' }).receive(preVoteReply({ term: 1 }), voteReply({ term: 1 }));
  if (isOpen) node.receive(accepted({ term: 1, match: 1 }));
  node.outbox.length = 0;
  return node;
}

const read = (id: number) => ({ kind: 'read', id }) as const;

describe('a read at the leader', () => {
  test('waits until an entry of the leader’s own term is committed (S40)', () => {
    const node = leader(false).step(read(1));
    const early = node.sent('heartbeat').length;

    node.receive(accepted({ term: 1, match: 1 }));
    const [question] = node.sent('heartbeat');
    node.receive(heartbeatReply({ term: 1, round: question?.round ?? 0 }));

    expect(early).toBe(0);
    expect(node.reads).toEqual([{ id: 1, kind: 'confirmed', index: 1, term: 1 }]);
  });

  test('asks at once, and one round serves all reads of a turn', () => {
    const node = leader().turn(read(1), read(2), read(3));
    const questions = node.sent('heartbeat');

    node.receive(heartbeatReply({ term: 1, round: questions[0]?.round ?? 0 }));

    expect(questions.map(({ to }) => to)).toEqual(['b', 'c']);
    expect(node.reads.map(({ id, kind }) => [id, kind])).toEqual([
      [1, 'confirmed'],
      [2, 'confirmed'],
      [3, 'confirmed'],
    ]);
  });

  test('is not confirmed by an answer to a round that was sent before it came (S41)', () => {
    const node = leader().step(read(1));
    const first = node.sent('heartbeat')[0]?.round ?? 0;
    node.step(read(2));
    const second = node.sent('heartbeat')[0]?.round ?? 0;

    node.receive(heartbeatReply({ term: 1, round: first }), heartbeatReply({ term: 1, round: first }));
    const early = node.reads.map(({ id }) => id);
    node.receive(heartbeatReply({ term: 1, round: second, from: 'c' }));

    expect(early).toEqual([1]);
    expect(node.reads.map(({ id }) => id)).toEqual([1, 2]);
  });

  test('of a deposed leader is not confirmed by answers that were under way (S41)', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    const old = cluster.elect('a').step(read(1));
    cluster.round();
    const held = [...cluster.node('b').outbox.splice(0), ...cluster.node('c').outbox.splice(0)];
    cluster.isolate('a');
    cluster.wait(electionTimeout / 2);
    cluster.node('b').wait(3 * electionTimeout);
    cluster.settle();
    cluster.node('c').wait(3 * electionTimeout);
    cluster.settle();
    old.step(read(2));

    old.receive(...held.filter(({ to }) => to === 'a'));

    expect(old.reads.filter(({ kind }) => kind === 'confirmed').map(({ id }) => id)).toEqual([1]);
  });

  test('gets an index that is not below what was committed when it came', () => {
    const node = leader()
      .propose('x')
      .receive(accepted({ term: 1, request: 2, match: 2 }));

    node.step(read(1)).receive(heartbeatReply({ term: 1, round: node.sent('heartbeat').at(-1)?.round ?? 0 }));

    expect(node.reads).toMatchObject([{ index: 2 }]);
  });

  test('counts voters only (S43)', () => {
    const learners = ['l', 'm'].map((id) => ({ id, address: '', replaces: undefined }));
    const configuration = { ...votersOf('a', 'b', 'c', 'd', 'e'), learners };
    const node = new Node('a', { configuration }).step({ kind: 'campaign' });
    for (const from of ['b', 'c']) node.receive(preVoteReply({ term: 1, from }));
    for (const from of ['b', 'c']) node.receive(voteReply({ term: 1, from }));
    for (const from of ['b', 'c']) node.receive(accepted({ term: 1, from, match: 1 }));
    node.outbox.length = 0;
    const { round = 0 } = node.step(read(1)).sent('heartbeat')[0] ?? {};

    for (const from of ['l', 'm', 'x', 'b']) node.receive(heartbeatReply({ term: 1, from, round }));
    const early = node.reads.length;
    node.receive(heartbeatReply({ term: 1, from: 'e', round }));

    expect(early).toBe(0);
    expect(node.reads).toHaveLength(1);
  });

  test('of one voter is confirmed at once', () => {
    const node = new Node('a', { configuration: votersOf('a') }).pass(0).step(read(1));

    expect(node.reads).toEqual([{ id: 1, kind: 'confirmed', index: 1, term: 1 }]);
  });

  test('is refused while leadership moves (S44)', () => {
    const node = leader().step({ kind: 'transfer', to: 'b' }).step(read(1));

    expect(node.reads).toEqual([{ id: 1, kind: 'refused', leader: undefined }]);
  });

  test('is refused when the leader steps down', () => {
    const node = leader().step(read(1)).wait(electionTimeout);

    expect(node.status.role).not.toBe('leader');
    expect(node.reads).toMatchObject([{ id: 1, kind: 'refused' }]);
  });

  test('is void when a change of leader comes in one turn with the answer, and settled once in any order (S42)', () => {
    const change = vote({ term: 2, from: 'c', transfer: true, lastIndex: 9, lastTerm: 1 });
    const outcomes = ['change', 'answer'].map((first) => {
      const node = leader().step(read(1));
      const answer = heartbeatReply({ term: 1, round: node.sent('heartbeat')[0]?.round ?? 0 });
      node.receive(...(first === 'change' ? [change, answer] : [answer, change, answer]));
      return node.reads.map(({ kind }) => kind);
    });

    expect(outcomes).toEqual([['refused'], ['confirmed']]);
  });

  test('is not confirmed by a member that was removed since it was asked (S43)', () => {
    const node = leader().step(read(1));
    const { round = 0 } = node.sent('heartbeat')[0] ?? {};
    node.step({ kind: 'replace', id: 2, member: { id: 'd', address: 'd:1' }, replaces: 'b' });
    node.receive(accepted({ term: 1, request: 3, match: 2 }));
    for (let request = 4; request < 12; request++) {
      const { lastIndex } = node.status;
      for (const from of ['d', 'c']) node.receive(accepted({ term: 1, from, request, match: lastIndex }));
    }
    const { configuration } = node.status;

    node.receive(heartbeatReply({ term: 1, from: 'b', round }));
    const early = node.reads.length;
    node.receive(heartbeatReply({ term: 1, from: 'd', round }));

    expect(configuration).toEqual(votersOf('a', 'd', 'c'));
    expect(early).toBe(0);
    expect(node.reads).toMatchObject([{ id: 1, kind: 'confirmed' }]);
  });

  test('whose answers were lost is confirmed by the next heartbeat', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    const node = cluster.elect('a').step(read(1));
    node.outbox.length = 0;

    cluster.wait(heartbeatInterval + 50);

    expect(node.reads).toMatchObject([{ id: 1, kind: 'confirmed' }]);
  });
});

describe('a read at a follower', () => {
  test('is answered through the leader, and one request serves all reads of a turn', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    cluster.elect('a');

    const follower = cluster.node('b').turn(read(1), read(2));
    const requests = follower.outbox.filter(({ kind }) => kind === 'read-request');
    cluster.settle();

    expect(requests).toHaveLength(1);
    expect(follower.reads).toEqual([
      { id: 1, kind: 'confirmed', index: 1, term: 1 },
      { id: 2, kind: 'confirmed', index: 1, term: 1 },
    ]);
  });

  test('is refused where no leader is known', () => {
    expect(new Node('a').step(read(1)).reads).toEqual([{ id: 1, kind: 'refused', leader: undefined }]);
  });

  test('is refused after an election timeout without an answer', () => {
    const node = new Node('a', { term: 1 }).receive(heartbeat({ term: 1 })).step(read(1));

    for (let time = 0; time <= electionTimeout; time += 100) node.receive(heartbeat({ term: 1 })).pass(100);

    expect(node.reads).toEqual([{ id: 1, kind: 'refused', leader: 'b' }]);
  });

  test('is refused when the term ends, and an answer of the old term comes too late (S47)', () => {
    const node = new Node('a', { term: 1 }).receive(heartbeat({ term: 1 })).step(read(1));
    const [request] = node.sent('read-request');

    node.receive(heartbeat({ term: 2, from: 'c' }));
    node.receive({ kind: 'read-reply', from: 'b', to: 'a', term: 1, read: request?.read ?? 0, index: 9 });

    expect(node.reads).toMatchObject([{ id: 1, kind: 'refused' }]);
  });

  test('is not answered by what was meant for a former life', () => {
    const node = new Node('a', { term: 1 }).receive(heartbeat({ term: 1 })).step(read(1));
    const before = node.sent('read-request')[0]?.read ?? 0;

    node
      .restart()
      .receive(heartbeat({ term: 1 }))
      .step(read(2));
    node.receive({ kind: 'read-reply', from: 'b', to: 'a', term: 1, read: before, index: 3 });

    expect(node.reads).toEqual([]);
    expect(node.sent('read-request')[0]?.read).not.toBe(before);
  });

  test('is refused by a peer that does not lead', () => {
    const node = new Node('b', { term: 1 });

    node.receive({ kind: 'read-request', from: 'a', to: 'b', term: 1, read: 4 });

    expect(node.sent('read-reply')).toMatchObject([{ to: 'a', read: 4, index: undefined }]);
  });

  test('is refused at the leader’s end when its leadership ends', () => {
    const node = leader().receive({ kind: 'read-request', from: 'b', to: 'a', term: 1, read: 4 });

    node.receive(vote({ term: 2, from: 'b', transfer: true, lastIndex: 5, lastTerm: 1 }));

    expect(node.sent('read-reply')).toMatchObject([{ to: 'b', read: 4, index: undefined }]);
  });
});
