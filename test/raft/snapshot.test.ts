import { describe, expect, test } from 'vitest';
import { type Entry, InvariantViolation, type SnapshotHead } from '../../raft/index.ts';
import { Cluster } from './cluster.ts';
import { logAfter, logOf, positionOf, votersOf } from './entries.ts';
import {
  accepted,
  append,
  appendOf,
  heartbeat,
  heartbeatReply,
  preVoteReply,
  rejected,
  voteReply,
} from './messages.ts';
import { electionTimeout, heartbeatInterval, Node } from './node.ts';

const theirs = logOf([1, 1, 2, 2, 2, 2]);

/** The snapshot that the owner of `log` makes at `index`. */
function headAt(log: readonly Entry[], index: number): SnapshotHead {
  return { position: positionOf(log, index), configuration: { index: 0, configuration: votersOf('a', 'b', 'c') } };
}

const received = (head: SnapshotHead, term = 3) => ({ kind: 'snapshot-received', from: 'b', term, head }) as const;

describe('a snapshot that comes in', () => {
  test('replaces a log that does not hold its position (S62)', () => {
    const node = new Node('a', { entries: logAfter(theirs.slice(0, 2), [1, 1, 1], 'mine'), term: 3 });
    node.syncsAtOnce = false;

    node.step(received(headAt(theirs, 4)));
    const early = node.outbox.length;
    const [write] = node.writes;
    node.sync();
    node.receive(appendOf(theirs, { from: 5, to: 6 }, { term: 3, request: 2 }));
    node.sync();

    expect(early).toBe(0);
    expect(write?.write.install).toEqual({ snapshot: headAt(theirs, 4), keepsSuffix: false });
    expect(node.status).toMatchObject({ firstIndex: 5, lastIndex: 6, commitIndex: 4 });
    expect(node.sent('append-reply')).toMatchObject([
      { accepted: true, request: 0, match: 4, to: 'b' },
      { accepted: true, request: 2, match: 6 },
    ]);
    expect(node.disk.entries.map(({ term }) => term)).toEqual([2, 2]);
  });

  test('keeps what stands after its position in a log that holds it (S62)', () => {
    const node = new Node('a', { entries: theirs, term: 3 });

    node.step(received(headAt(theirs, 4)));

    expect(node.disk.entries.map(({ index }) => index)).toEqual([5, 6]);
    expect(node.status).toMatchObject({ firstIndex: 5, lastIndex: 6, commitIndex: 4, durableIndex: 6 });
  });

  test('drops a whole divergent suffix with uncommitted entries after its position (S62)', () => {
    const mine = logAfter(theirs.slice(0, 2), [1, 1, 1, 1, 1], 'mine');
    const node = new Node('a', { entries: mine, term: 3 });

    node.step(received(headAt(theirs, 4)));

    expect(node.status).toMatchObject({ lastIndex: 4 });
    expect(node.disk.entries).toEqual([]);
  });

  test('that is not above the commit index changes nothing, and is answered with it (S63)', () => {
    const node = new Node('a', { entries: theirs, term: 3 });
    node.receive(append({ term: 3, prevIndex: 6, prevTerm: 2, commit: 5 }));
    node.outbox.length = 0;

    node.step(received(headAt(theirs, 4))).step(received(headAt(theirs, 5)));

    expect(node.sent('append-reply')).toMatchObject([
      { request: 0, match: 5 },
      { request: 0, match: 5 },
    ]);
    expect(node.status).toMatchObject({ firstIndex: 1, commitIndex: 5 });
  });

  test('of an older leader changes nothing, and teaches it the term (S63)', () => {
    const node = new Node('a', { entries: theirs.slice(0, 1), term: 7 });

    node.step(received(headAt(theirs, 4), 3));

    expect(node.status).toMatchObject({ lastIndex: 1, commitIndex: 0 });
    expect(node.sent('append-reply')).toMatchObject([{ term: 7, match: 0 }]);
  });

  test('with another entry where one is committed stops the node (S63)', () => {
    const node = new Node('a', { entries: theirs, term: 3 });
    node.receive(append({ term: 3, prevIndex: 6, prevTerm: 2, commit: 5 }));
    const other = logAfter(theirs.slice(0, 4), [1], 'other');

    expect(() => node.step(received(headAt(other, 5)))).toThrow(InvariantViolation);
  });

  test('with the same entry but another history stops the node', () => {
    const node = new Node('a', { entries: theirs, term: 3 });
    const other = logAfter(logOf([1, 1], 'other'), [2, 2]);

    expect(() => node.step(received(headAt(other, 4)))).toThrow(/chain/);
  });

  test('is followed by the entries after it, once it is installed and not before', () => {
    const node = new Node('a', { term: 3 });
    node.step(received(headAt(theirs, 4)));
    node.receive(appendOf(theirs, { from: 5, to: 6 }, { term: 3, commit: 6 }));
    const early = node.applied.length;

    node.step({ kind: 'snapshot-installed', index: 4 });

    expect(early).toBe(0);
    expect(node.applied.map(({ index }) => index)).toEqual([5, 6]);
    expect(node.status.appliedIndex).toBe(6);
  });

  test('is outrun by a newer one, and nothing is applied between the two (S65)', () => {
    const node = new Node('a', { term: 3 });
    node.step(received(headAt(theirs, 2))).step(received(headAt(theirs, 5)));

    node.step({ kind: 'snapshot-installed', index: 2 });
    const between = [node.applied.length, node.status.appliedIndex];
    node.receive(appendOf(theirs, { from: 6, to: 6 }, { term: 3, commit: 6 }));
    node.step({ kind: 'snapshot-installed', index: 5 });

    expect(between).toEqual([0, 0]);
    expect(node.applied.map(({ index }) => index)).toEqual([6]);
  });

  test('keeps the node from standing for election until it is installed (S16)', () => {
    const node = new Node('a', { term: 3 }).step(received(headAt(theirs, 4)));

    node.wait(5 * electionTimeout).step({ kind: 'campaign' });
    const meanwhile = node.status.role;
    node.step({ kind: 'snapshot-installed', index: 4 }).wait(2 * electionTimeout);

    expect(meanwhile).toBe('follower');
    expect(node.status.role).toBe('pre-candidate');
  });

  test('brings its configuration', () => {
    const node = new Node('d', { configuration: votersOf(), term: 3 });
    const head = { ...headAt(theirs, 4), configuration: { index: 2, configuration: votersOf('a', 'b', 'd') } };

    node.step(received(head));

    expect(node.status).toMatchObject({ configIndex: 2, configuration: votersOf('a', 'b', 'd') });
  });

  test('is taken together with entries of the same turn in one write', () => {
    const node = new Node('a', { entries: theirs.slice(0, 5), term: 3 });

    node.turn(
      { kind: 'message', message: appendOf(theirs, { from: 6, to: 6 }, { term: 3 }) },
      received(headAt(theirs, 5)),
      { kind: 'message', message: append({ term: 3, prevIndex: 6, prevTerm: 2, request: 4 }) },
    );

    expect(node.disk.entries.map(({ index }) => index)).toEqual([6]);
    expect(node.status.durableIndex).toBe(6);
  });
});

describe('a leader with a short log', () => {
  /** `a` leads term 3; its log begins after 4. `b` and `c` have said nothing yet. */
  function leader(): Node {
    const node = new Node('a', { entries: theirs, checkpoint: headAt(theirs, 4) }).step({ kind: 'compact', index: 4 });
    node.step({ kind: 'campaign' }).receive(preVoteReply({ term: 3 }), voteReply({ term: 3 }));
    node.outbox.length = 0;
    return node;
  }

  const behind = rejected({ term: 3, request: 1, prevIndex: 6, hintIndex: 2, hintTerm: 1, lastIndex: 2 });

  test('asks for a snapshot for a peer beyond it, without waiting for a write (S31)', () => {
    const node = leader().receive(behind);

    expect(node.snapshots).toEqual(['b']);
    expect(node.status.progress[0]).toMatchObject({ id: 'b', mode: 'snapshot' });
    expect(node.sent('append')).toEqual([]);
  });

  test('asks for it once, and goes on with heartbeats meanwhile', () => {
    const node = leader().receive(behind, behind).propose('x');

    node.pass(heartbeatInterval).receive(behind);

    expect(node.snapshots).toEqual(['b']);
    expect(node.sent('heartbeat').map(({ to }) => to)).toContain('b');
    expect(node.sent('append').filter(({ to }) => to === 'b')).toEqual([]);
  });

  test('asks for none while the peer is silent (S70)', () => {
    const node = new Node('a', { entries: theirs, checkpoint: headAt(theirs, 4) });
    node.step({ kind: 'campaign' }).receive(preVoteReply({ term: 3 }), voteReply({ term: 3 }));
    node.receive(accepted({ term: 3, match: 7 }), accepted({ term: 3, from: 'c', request: 2, match: 3 }));
    for (let time = 0; time < 2 * electionTimeout; time += 100)
      node.receive(heartbeatReply({ term: 3, round: 0 })).pass(100);
    node.step({ kind: 'unreachable', peer: 'c', refused: false }).step({ kind: 'compact', index: 4 });
    node.step({ kind: 'unreachable', peer: 'c', refused: false });
    const silent = [...node.snapshots];

    node.receive(heartbeatReply({ term: 3, from: 'c', round: 0 }));

    expect(silent).toEqual([]);
    expect(node.snapshots).toEqual(['c']);
  });

  test('streams on from the acknowledgement', () => {
    const node = leader().receive(behind).step({ kind: 'snapshot-sent', to: 'b', delivered: true });

    node.receive(accepted({ term: 3, request: 0, match: 4 }));

    expect(node.sent('append')).toMatchObject([
      { to: 'b', prevIndex: 4, entries: [{ index: 5 }, { index: 6 }, { index: 7 }] },
    ]);
    expect(node.status.progress[0]).toMatchObject({ mode: 'replicate', match: 4 });
  });

  test('finds out by itself when the acknowledgement was lost', () => {
    const node = leader().receive(behind).step({ kind: 'snapshot-sent', to: 'b', delivered: true });

    for (let time = 0; time <= electionTimeout; time += 100)
      node.receive(heartbeatReply({ term: 3, round: 0 })).pass(100);
    const probes = node.sent('append').filter(({ to }) => to === 'b');
    node.receive(accepted({ term: 3, request: probes[0]?.request ?? 0, match: 7 }));

    expect(probes[0]).toMatchObject({ prevIndex: 4 });
    expect(node.snapshots).toEqual(['b']);
    expect(node.status.progress[0]).toMatchObject({ mode: 'replicate', match: 7 });
  });

  test('asks again after a failed transfer, but not in a hurry', () => {
    const node = leader().receive(behind).step({ kind: 'snapshot-sent', to: 'b', delivered: false });
    const atOnce = node.snapshots.length;

    node.pass(heartbeatInterval);

    expect(atOnce).toBe(1);
    expect(node.snapshots).toEqual(['b', 'b']);
  });

  test('asks for a snapshot when the log is cut under a full window, and never probes at a wildcard (S28)', () => {
    const limits = { inflightMessagesMax: 2, appendEntriesMax: 1 };
    const node = new Node('a', { limits })
      .step({ kind: 'campaign' })
      .receive(preVoteReply({ term: 1 }), voteReply({ term: 1 }));
    node.receive(accepted({ term: 1, match: 1 }), accepted({ term: 1, from: 'c', request: 2, match: 1 }));
    for (let id = 0; id < 6; id++) node.propose('x', id);
    for (let match = 2; match <= 7; match++) node.receive(accepted({ term: 1, from: 'c', request: match, match }));
    node.step({ kind: 'compact', index: 6 });
    node.outbox.length = 0;

    for (let time = 0; time < 400; time += 100) node.receive(heartbeatReply({ term: 1, round: 0 })).pass(100);

    expect(node.status.firstIndex).toBe(7);
    expect(node.snapshots).toEqual(['b']);
    expect(node.sent('append').filter(({ to, prevIndex }) => to === 'b' && prevIndex < 6)).toEqual([]);
  });

  test('brings a peer back that was away past the window', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    const node = cluster.elect('a');
    cluster.isolate('c');
    for (let id = 0; id < 20; id++) node.propose('x', id);
    cluster.wait(electionTimeout);
    const head = headAt(node.disk.entries, 15);
    node.step({ kind: 'compact', index: 15 });
    cluster.heal();
    cluster.wait(2 * heartbeatInterval);
    const away = cluster.node('c');

    away.step({ kind: 'snapshot-received', from: 'a', term: 1, head });
    away.step({ kind: 'snapshot-installed', index: 15 });
    node.step({ kind: 'snapshot-sent', to: 'c', delivered: true });
    cluster.settle();

    expect(node.snapshots).toEqual(['c']);
    expect(away.status).toMatchObject({ firstIndex: 16, lastIndex: 21, commitIndex: 21, appliedIndex: 21 });
  });
});

describe('compaction', () => {
  test('drops what the checkpoint covers, and says so in the write', () => {
    const node = new Node('a', { entries: theirs, term: 3 });
    node.receive(append({ term: 3, prevIndex: 6, prevTerm: 2, commit: 5 }));
    node.syncsAtOnce = false;

    node.step({ kind: 'compact', index: 4 });

    expect(node.writes.map(({ write }) => write.base)).toEqual([headAt(theirs, 4).position]);
    expect(node.status).toMatchObject({ firstIndex: 5, lastIndex: 6 });
  });

  test('of the past is ignored, and of what was never applied is a bug', () => {
    const node = new Node('a', { entries: theirs, term: 3 });
    node.receive(append({ term: 3, prevIndex: 6, prevTerm: 2, commit: 5 }));
    node.step({ kind: 'compact', index: 4 }).step({ kind: 'compact', index: 2 });

    expect(node.status.firstIndex).toBe(5);
    expect(() => node.step({ kind: 'compact', index: 6 })).toThrow(InvariantViolation);
  });

  test('leaves nothing behind at a restart', () => {
    const node = new Node('a', { entries: theirs, checkpoint: headAt(theirs, 5) });

    const { commitIndex, appliedIndex, firstIndex, lastIndex } = node.status;
    node.receive(heartbeat({ term: 2, commit: 6 }));

    expect({ commitIndex, appliedIndex, firstIndex, lastIndex }).toEqual({
      commitIndex: 5,
      appliedIndex: 5,
      firstIndex: 1,
      lastIndex: 6,
    });
    expect(node.applied.map(({ index }) => index)).toEqual([6]);
  });
});
