import { describe, expect, test } from 'vitest';
import { InvariantViolation } from '../../raft/index.ts';
import { Cluster } from './cluster.ts';
import { logAfter, logOf, textOf } from './entries.ts';
import { accepted, append, appendOf, heartbeat, rejected } from './messages.ts';
import { electionTimeout, heartbeatInterval, leaderOver, Node } from './node.ts';

/** The appends to `b` that left since the last look. */
const appendsToB = (node: Node) => node.sent('append').filter(({ to }) => to === 'b');

describe('5.3: a leader', () => {
  test('5.3: appends a command to its log and sends it to all others at once, without waiting for its own disk (ours)', () => {
    const node = leaderOver([]).receive(accepted({ term: 1, match: 1 }), accepted({ term: 1, from: 'c', match: 1 }));
    node.syncsAtOnce = false;
    node.outbox.length = 0;

    node.propose('x');

    expect(node.status).toMatchObject({ lastIndex: 2, durableIndex: 1 });
    expect(node.sent('append')).toMatchObject([
      { to: 'b', prevIndex: 1, entries: [{ index: 2, term: 1 }] },
      { to: 'c', prevIndex: 1, entries: [{ index: 2, term: 1 }] },
    ]);
  });

  test('5.3: applies an entry only once it is safe on a majority', () => {
    const node = leaderOver([])
      .receive(accepted({ term: 1, match: 1 }))
      .propose('x');
    const early = node.applied.map(({ payload }) => textOf(payload));

    node.receive(accepted({ term: 1, request: 3, match: 2 }));

    expect(early).toEqual(['']);
    expect(node.applied.map(({ payload }) => textOf(payload))).toEqual(['', 'x']);
  });

  test('5.3: asks a silent follower again without end, also when all else is committed', () => {
    const node = leaderOver([]);
    for (let beats = 0; beats < 50; beats++) {
      const { lastIndex } = node.pass(heartbeatInterval).status;
      node.receive(accepted({ term: 1, request: 0, match: lastIndex }));
    }
    const asked = node.sent('append').filter(({ to }) => to === 'c');

    expect(node.status).toMatchObject({ role: 'leader', commitIndex: 1 });
    expect(asked.length).toBeGreaterThan(40);
  });

  test('5.3: is not held up by one slow follower', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    const leader = cluster.elect('a');
    cluster.node('c').syncsAtOnce = false;

    leader.propose('x');
    cluster.settle();

    expect(leader.status.commitIndex).toBe(2);
    expect(cluster.node('b').status.commitIndex).toBe(2);
  });

  test('5.3: tells in appends and heartbeats how far it has committed, and followers apply that far, in order', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    const leader = cluster.elect('a').propose('x').propose('y');

    cluster.settle();

    expect(cluster.node('c').applied).toEqual(leader.disk.entries);
    expect(cluster.delivered.filter(({ kind }) => kind === 'heartbeat').at(-1)).toMatchObject({ commit: 3 });
  });

  test('5.3: never overwrites or deletes an entry of its own log', () => {
    const log = logOf([1, 1, 1]);
    const node = leaderOver([1, 1, 1]);
    const before = [...node.disk.entries];

    node.receive(
      rejected({ term: 2, prevIndex: 3, hintIndex: 0, lastIndex: 0 }),
      accepted({ term: 2, from: 'c', match: 2 }),
    );

    expect(node.disk.entries).toEqual(before);
    expect(node.disk.entries.slice(0, 3)).toEqual(log);
    expect(() => node.receive(appendOf(log, { from: 1, to: 1 }, { term: 2, from: 'c' }))).toThrow(InvariantViolation);
  });

  test('5.3: creates one entry for an index in a term, and its place never changes', () => {
    const node = leaderOver([]);

    node.propose('x').propose('y').propose('z');

    expect(node.disk.entries.map(({ index, term }) => [index, term])).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
      [4, 1],
    ]);
  });
});

describe('5.3: the consistency check', () => {
  test('5.3: an append names index and term of the entry before its first one', () => {
    const node = leaderOver([1, 1]).receive(accepted({ term: 2, match: 3 }));
    node.outbox.length = 0;

    node.propose('x');

    expect(appendsToB(node)).toMatchObject([{ prevIndex: 3, prevTerm: 2, entries: [{ index: 4 }] }]);
  });

  test('5.3: when two logs hold the same index and term, they hold the same up to there', () => {
    const shared = logOf([1, 1]);
    const cluster = new Cluster([
      new Node('a', { entries: logAfter(shared, [2, 2, 5], 'a') }),
      new Node('b', { entries: logAfter(shared, [3, 3, 3, 3], 'b'), seed: 2 }),
      new Node('c', { entries: shared.slice(0, 1), seed: 3 }),
    ]);

    cluster.elect('a').propose('x');
    cluster.settle();

    expect(cluster.node('b').disk.entries).toEqual(cluster.node('a').disk.entries);
    expect(cluster.node('c').disk.entries).toEqual(cluster.node('a').disk.entries);
  });

  test('5.3, ours: a log that holds the same index and term after another beginning is no log of this cluster', () => {
    const node = new Node('a', { entries: logOf([1, 1], 'mine'), term: 1 });
    const other = logAfter(logOf([1, 1], 'other'), [1]);

    expect(() => node.receive(appendOf(other, { from: 3, to: 3 }, { term: 1 }))).toThrow(/chain/);
  });

  test('5.3: the leader goes back until the logs agree, then sends everything from there', () => {
    const node = leaderOver([1, 1, 1, 1]);
    const { request = 0 } = appendsToB(node)[0] ?? {};

    node.receive(rejected({ term: 2, request, prevIndex: 4, hintIndex: 2, hintTerm: 1, lastIndex: 2 }));

    expect(appendsToB(node)).toMatchObject([
      { prevIndex: 2, prevTerm: 1, entries: [{ index: 3 }, { index: 4 }, { index: 5 }] },
    ]);
  });

  test('5.3, ours: one refusal passes over a whole term on either side', () => {
    const node = leaderOver([1, 1, 4, 4, 4, 4]);
    const { request = 0 } = appendsToB(node)[0] ?? {};

    // The follower has a long tail of term 3, of which the leader knows nothing.
    node.receive(rejected({ term: 5, request, prevIndex: 6, hintIndex: 6, hintTerm: 3, lastIndex: 9 }));

    expect(appendsToB(node)).toMatchObject([{ prevIndex: 2, prevTerm: 1 }]);
  });

  test.each([
    ['lacks entries', 3, []],
    ['has more of them', 6, [3, 3]],
    ['lacks some and has others', 4, [2, 2, 2]],
    ['has others, more than it lacks', 4, [2, 2, 2, 2, 2, 2]],
  ])('5.3, figure 7: a follower that %s comes to hold what the leader holds', (_what, agreed, others) => {
    const log = logOf([1, 1, 1, 1, 3, 3]);
    const cluster = new Cluster([
      new Node('a', { entries: log, term: 4 }),
      new Node('b', { entries: logAfter(log.slice(0, agreed), others, 'b'), term: 4, seed: 2 }),
      new Node('c', { term: 4, seed: 3 }),
    ]);

    // The vote is c's: the log of b may be the newer one.
    cluster.loses = ({ kind, from }) => from === 'b' && kind.endsWith('vote-reply');
    cluster.elect('a');

    expect(cluster.node('b').disk.entries).toEqual(cluster.node('a').disk.entries);
    expect(cluster.node('b').status.lastIndex).toBe(7);
  });
});

describe('figure 2, AppendEntries, receiver', () => {
  const log = logOf([1, 1, 2, 2]);
  const holder = (): Node => new Node('a', { entries: log, term: 3 });

  test('1: an append of an older term is refused', () => {
    const node = holder().receive(appendOf(logAfter(log, [2], 'old'), { from: 5, to: 5 }, { term: 2 }));

    expect(node.sent('append-reply')).toMatchObject([{ accepted: false, term: 3 }]);
    expect(node.disk.entries).toEqual(log);
  });

  test.each([
    ['its log is too short', { prevIndex: 5, prevTerm: 2 }],
    ['its log holds another term there', { prevIndex: 4, prevTerm: 3 }],
  ])('2: an append is refused if %s', (_why, prev) => {
    const node = holder().receive(append({ term: 3, ...prev }));

    expect(node.sent('append-reply')).toMatchObject([{ accepted: false, prevIndex: prev.prevIndex }]);
    expect(node.disk.entries).toEqual(log);
  });

  test('3: an entry that differs from a new one in term goes, with all that follow', () => {
    const theirs = logAfter(log.slice(0, 2), [3], 'theirs');

    const node = holder().receive(appendOf(theirs, { from: 3, to: 3 }, { term: 3 }));

    expect(node.disk.entries).toEqual(theirs);
  });

  test('3: entries go only for a conflict: what merely follows the new ones stays', () => {
    const node = holder().receive(appendOf(log, { from: 2, to: 2 }, { term: 3 }), append({ term: 3 }));

    expect(node.disk.entries).toEqual(log);
  });

  test('4: entries that the log has not are appended, those it has are not twice', () => {
    const longer = logAfter(log, [3, 3]);

    const node = holder().receive(appendOf(longer, { from: 3, to: 6 }, { term: 3 }));

    expect(node.disk.entries).toEqual(longer);
  });

  test('5: the commit index becomes the smaller of the leader’s and the last new entry', () => {
    const commits = [
      { to: 2, commit: 4 },
      { to: 4, commit: 3 },
      { to: 1, commit: 0 },
    ].map(({ to, commit }) => holder().receive(appendOf(log, { from: 1, to }, { term: 3, commit })).status.commitIndex);

    expect(commits).toEqual([2, 3, 0]);
  });
});

describe('figure 2, leaders', () => {
  test('ours: a new leader opens its term with an entry of it, where the paper sends an empty append', () => {
    const node = leaderOver([1]);

    expect(node.disk.entries.at(-1)).toMatchObject({ index: 2, term: 2, kind: 'noop' });
    expect(appendsToB(node)).toMatchObject([{ entries: [{ index: 2, term: 2, kind: 'noop' }] }]);
  });

  test('heartbeats go on in idle times, so that nobody’s timeout ends', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    cluster.elect('a');

    cluster.wait(50 * electionTimeout);

    expect(cluster.leaders()).toEqual(['a']);
    expect(cluster.node('b').status.term).toBe(1);
  });

  test('entries from the next index on are sent while there are any', () => {
    const node = leaderOver([], { limits: { appendEntriesMax: 2 } }).receive(accepted({ term: 1, match: 1 }));
    node.outbox.length = 0;

    node.turn(...[1, 2, 3].map((id) => ({ kind: 'propose', id, payload: Uint8Array.of(id) }) as const));

    expect(appendsToB(node).map(({ prevIndex, entries }) => [prevIndex, entries.length])).toEqual([
      [1, 2],
      [3, 1],
    ]);
  });

  test('an acknowledgement raises what the follower holds and what comes next', () => {
    const node = leaderOver([1, 1]).receive(accepted({ term: 2, match: 3 }));
    node.outbox.length = 0;

    node.propose('x');

    expect(node.status.progress[0]).toMatchObject({ id: 'b', match: 3 });
    expect(appendsToB(node)).toMatchObject([{ prevIndex: 3 }]);
  });

  test('a majority that holds an index of the leader’s own term commits it', () => {
    const node = leaderOver([1, 1]);

    const commits = [2, 3].map((match) => node.receive(accepted({ term: 2, match })).status.commitIndex);

    expect(commits).toEqual([0, 3]);
  });

  test('a commit reaches a follower no further than it is known to hold (ours, for heartbeats)', () => {
    const node = leaderOver([1, 1]).receive(accepted({ term: 2, match: 3 }));
    node.outbox.length = 0;

    node.pass(heartbeatInterval);
    const follower = new Node('c', { entries: logOf([1, 1]), term: 2 });
    follower.receive(heartbeat({ term: 2, from: 'a', to: 'c', commit: 3 }));

    expect(node.sent('heartbeat').map(({ to, commit }) => [to, commit])).toEqual([
      ['b', 3],
      ['c', 0],
    ]);
    expect(follower.status.commitIndex).toBe(0);
  });
});
