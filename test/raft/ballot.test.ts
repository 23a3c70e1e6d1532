import { describe, expect, test } from 'vitest';
import { logOf, votersOf } from './entries.ts';
import { append, heartbeat, preVoteReply, vote, voteReply } from './messages.ts';
import { electionTimeout, Node } from './node.ts';

/** `a`, candidate of term 1, its ballot durable. */
function candidate(): Node {
  return new Node('a').step({ kind: 'campaign' }).receive(preVoteReply({ term: 1 }));
}

describe('the ballot', () => {
  test('a candidate asks for votes only once its ballot is durable, and only then counts its own', () => {
    const node = new Node('a', { configuration: votersOf('a', 'b') });
    node.syncsAtOnce = false;

    node.step({ kind: 'campaign' }).receive(preVoteReply({ term: 1 }));
    const early = node.sent('vote');
    node.receive(voteReply({ term: 1 }));
    const countedEarly = node.status.role;
    node.sync();

    expect(early).toEqual([]);
    expect(countedEarly).toBe('candidate');
    expect(node.sent('vote')).toHaveLength(1);
    expect(node.disk.hardState).toEqual({ term: 1, votedFor: 'a' });
    expect(node.status.role).toBe('leader');
  });

  test('a follower that votes is quiet until the ballot is durable, and a crash before that leaves it free (S02)', () => {
    const node = new Node('a', { term: 4 });
    node.syncsAtOnce = false;

    node.receive(vote({ term: 5, from: 'b' }));
    const early = node.outbox.length;
    node.restart().receive(vote({ term: 5, from: 'c' }));
    node.sync();
    node.receive(vote({ term: 5, from: 'b' }));
    node.sync();

    expect(early).toBe(0);
    expect(node.sent('vote-reply')).toMatchObject([
      { to: 'c', granted: true, term: 5 },
      { to: 'b', granted: false, term: 5 },
    ]);
  });

  test('a durable vote survives the restart (S02)', () => {
    const node = new Node('a', { term: 4 }).receive(vote({ term: 5, from: 'b' }));

    node.restart().receive(vote({ term: 5, from: 'c' }), vote({ term: 5, from: 'b' }));

    expect(node.sent('vote-reply').map(({ to, granted }) => [to, granted])).toEqual([
      ['c', false],
      ['b', true],
    ]);
  });

  test('term and vote are written together (S03)', () => {
    const node = new Node('a', { term: 4 });
    node.syncsAtOnce = false;

    node.receive(vote({ term: 5, from: 'b' }));

    expect(node.writes.map(({ write }) => write.hardState)).toEqual([{ term: 5, votedFor: 'b' }]);
  });

  test('even the candidate that was voted for is judged again by its log (S03)', () => {
    const node = new Node('a', { entries: logOf([1, 2]) });

    node.receive(vote({ term: 5, lastIndex: 2, lastTerm: 2 }), vote({ term: 5, lastIndex: 9, lastTerm: 1 }));

    expect(node.sent('vote-reply').map(({ granted }) => granted)).toEqual([true, false]);
  });

  test('a candidate that is refused takes no time from its voter', () => {
    const node = new Node('a', { entries: logOf([1, 2]) }).pass(0);
    node.wait(electionTimeout - 50).receive(vote({ term: 9, lastIndex: 1, lastTerm: 1 }));

    node.wait(electionTimeout + 50);

    expect(node.sent('vote-reply')).toMatchObject([{ granted: false, term: 9 }]);
    expect(node.status).toMatchObject({ role: 'pre-candidate', term: 9 });
  });

  test('who steps back within a term keeps its vote (S06)', () => {
    const node = new Node('a', { term: 2 }).receive(vote({ term: 3, from: 'b' }));
    node.receive(append({ term: 3, from: 'b', prevIndex: 5, prevTerm: 3 }));

    node.pass(3 * electionTimeout).receive(vote({ term: 3, from: 'c', lastIndex: 9, lastTerm: 3 }));

    expect(node.sent('vote-reply').map(({ to, granted }) => [to, granted])).toEqual([
      ['b', true],
      ['c', false],
    ]);
  });

  test('a candidate that yields to the leader of its term keeps its vote too (S06)', () => {
    const node = candidate();
    node.receive(append({ term: 1, from: 'b' }));

    node.restart().receive(vote({ term: 1, from: 'c' }));

    expect(node.sent('vote-reply')).toMatchObject([{ to: 'c', granted: false }]);
  });

  test('nothing said in a term that is still being written leaves before it is written', () => {
    const node = new Node('a');
    node.syncsAtOnce = false;

    node.receive(heartbeat({ term: 3 }));
    node.receive(heartbeat({ term: 3, round: 2 }));
    const early = node.outbox.length;
    const writes = node.writes.length;
    node.sync();

    expect(early).toBe(0);
    expect(writes).toBe(1);
    expect(node.sent('heartbeat-reply').map(({ round }) => round)).toEqual([1, 2]);
  });

  test('a heartbeat in a durable term is answered while the disk is busy', () => {
    const node = new Node('a', { term: 3 });
    node.syncsAtOnce = false;
    node.receive(append({ term: 3, entries: logOf([3]) }));

    node.receive(heartbeat({ term: 3 }));

    expect(node.sent('heartbeat-reply')).toHaveLength(1);
    expect(node.sent('append-reply')).toEqual([]);
  });
});
