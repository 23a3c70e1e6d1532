import { describe, expect, test } from 'vitest';
import type { SnapshotHead } from '../../raft/index.ts';
import { Cluster } from './cluster.ts';
import { logAfter, logOf, positionOf, votersOf } from './entries.ts';
import { accepted, append, appendOf, heartbeatReply, rejected } from './messages.ts';
import { heartbeatInterval, leaderOver, Node } from './node.ts';

const log = logOf([1, 1, 2, 2, 2, 2]);
const configuration = votersOf('a', 'b', 'c');

const headAt = (index: number): SnapshotHead => ({
  position: positionOf(log, index),
  configuration: { index: 0, configuration },
});

const received = (index: number, term = 3) =>
  ({ kind: 'snapshot-received', from: 'b', term, head: headAt(index) }) as const;

/** Holds all of `log` and has applied up to `commit`. */
const holder = (commit: number): Node =>
  new Node('a', { entries: log, term: 3 }).receive(append({ term: 3, prevIndex: 6, prevTerm: 2, commit }));

describe('7: compaction', () => {
  test('7: every server compacts its own log, and only what is committed and applied', () => {
    const node = holder(5);

    node.step({ kind: 'compact', index: 4 });

    expect(node.status).toMatchObject({ firstIndex: 5, lastIndex: 6 });
    expect(node.disk.entries.map(({ index }) => index)).toEqual([5, 6]);
    expect(() => node.step({ kind: 'compact', index: 6 })).toThrow(/checkpoint/);
  });

  test('7: index and term of the last entry that went stay known, for the check of the next append', () => {
    const node = holder(5).step({ kind: 'compact', index: 5 });
    node.outbox.length = 0;

    node.receive(appendOf(log, { from: 6, to: 6 }, { term: 3, request: 2 }));

    expect(node.disk.base).toEqual(positionOf(log, 5));
    expect(node.sent('append-reply')).toMatchObject([{ accepted: true, match: 6 }]);
  });

  test('7: the newest configuration up to there stays known', () => {
    const cluster = Cluster.of(['a', 'b', 'c', 'd'], { configuration });
    const leader = cluster.elect('a');
    leader.step({ kind: 'replace', id: 1, member: { id: 'd', address: 'd:1' }, replaces: 'c' });
    cluster.wait(3 * heartbeatInterval);
    const before = leader.status;

    leader.step({ kind: 'compact', index: before.appliedIndex });

    expect(leader.status.firstIndex).toBe(before.appliedIndex + 1);
    expect(leader.status.configuration).toEqual(before.configuration);
    expect(before.configuration).toEqual(votersOf('a', 'b', 'd'));
  });

  test('7: a snapshot goes only to a follower that needs entries which are gone', () => {
    const node = leaderOver([1, 1, 1, 1])
      .receive(accepted({ term: 2, match: 5 }))
      .step({ kind: 'compact', index: 3 });
    const behind = (lastIndex: number) =>
      rejected({ term: 2, from: 'c', request: 2, prevIndex: 4, hintIndex: lastIndex, hintTerm: 1, lastIndex });

    const near = node.receive(behind(3)).snapshots.length;
    const far = leaderOver([1, 1, 1, 1])
      .receive(accepted({ term: 2, match: 5 }))
      .step({ kind: 'compact', index: 3 });
    far.receive(heartbeatReply({ term: 2, from: 'c', round: 0 }), behind(1));

    expect(near).toBe(0);
    expect(far.snapshots).toEqual(['c']);
  });
});

describe('figure 13, InstallSnapshot, receiver', () => {
  test('1: the snapshot of a leader of an older term is refused, and the refusal tells the newer one', () => {
    const node = new Node('a', { term: 7 }).step(received(4));

    expect(node.sent('append-reply')).toMatchObject([{ term: 7, match: 0 }]);
    expect(node.status).toMatchObject({ lastIndex: 0, commitIndex: 0 });
  });

  test('2 to 5, ours: chunks are the matter of the floors above; here a snapshot is whole, and becomes the table by one write', () => {
    const node = new Node('a', { entries: log.slice(0, 1), term: 3 });
    node.syncsAtOnce = false;

    node.step(received(4));

    expect(node.writes.map(({ write }) => write.install)).toEqual([{ snapshot: headAt(4), keepsSuffix: false }]);
    expect(node.outbox).toEqual([]);
  });

  test('6: if the log holds its last entry, what follows it stays, and the snapshot is acknowledged', () => {
    const node = new Node('a', { entries: log, term: 3 }).step(received(4));

    expect(node.disk.entries.map(({ index }) => index)).toEqual([5, 6]);
    expect(node.sent('append-reply')).toMatchObject([{ accepted: true, match: 4 }]);
  });

  test('7: otherwise the whole log goes', () => {
    const node = new Node('a', { entries: logAfter(log.slice(0, 2), [1, 1, 1, 1, 1], 'mine'), term: 3 });

    node.step(received(4));

    expect(node.disk.entries).toEqual([]);
    expect(node.status).toMatchObject({ firstIndex: 5, lastIndex: 4, commitIndex: 4 });
  });

  test('8: the state machine begins anew from the snapshot, and its configuration is in force', () => {
    const other = votersOf('a', 'b', 'd');
    const node = new Node('a', { term: 3 });
    node.step({ ...received(4), head: { ...headAt(4), configuration: { index: 2, configuration: other } } });
    node.receive(appendOf(log, { from: 5, to: 6 }, { term: 3, commit: 6 }));
    const early = node.applied.length;

    node.step({ kind: 'snapshot-installed', index: 4 });

    expect(early).toBe(0);
    expect(node.applied.map(({ index }) => index)).toEqual([5, 6]);
    expect(node.status).toMatchObject({ configIndex: 2, configuration: other });
  });

  test('7: a snapshot of what the follower has committed already changes nothing', () => {
    const node = holder(5);
    node.outbox.length = 0;

    node.step(received(4)).step(received(4));

    expect(node.disk.entries).toEqual(log);
    expect(node.sent('append-reply').map((reply) => reply.accepted && reply.match)).toEqual([5, 5]);
  });

  test('7: a snapshot is a sign of life of its leader, like an append', () => {
    const node = new Node('a', { term: 3 }).wait(900).step(received(4)).step({ kind: 'snapshot-installed', index: 4 });

    node.wait(950);

    expect(node.status).toMatchObject({ role: 'follower', leader: 'b' });
  });
});
