import { describe, expect, test } from 'vitest';
import type { Message } from '../../raft/index.ts';
import { Cluster } from './cluster.ts';
import { logAfter, logOf, textOf, votersOf } from './entries.ts';
import { accepted, appendOf, heartbeatReply, preVote, preVoteReply, vote, voteReply } from './messages.ts';
import { electionTimeout, heartbeatInterval, leaderOver, Node } from './node.ts';

const five = ['a', 'b', 'c', 'd', 'e'];

describe('5.4.1: the election restriction', () => {
  test('5.4.1: a voter refuses a candidate whose log is older than its own, in the pre-vote (ours) and in the vote', () => {
    const node = new Node('a', { entries: logOf([1, 1, 2]) });

    node.receive(preVote({ term: 3, lastIndex: 2, lastTerm: 1 }), vote({ term: 3, lastIndex: 2, lastTerm: 1 }));

    expect(node.sent('pre-vote-reply')).toMatchObject([{ granted: false }]);
    expect(node.sent('vote-reply')).toMatchObject([{ granted: false }]);
  });

  test('5.4.1: of two logs the one whose last entry has the later term is newer, however short', () => {
    const node = new Node('a', { entries: logOf([1, 1, 1, 1, 1]) }).receive(
      vote({ term: 4, lastIndex: 1, lastTerm: 2 }),
    );

    expect(node.sent('vote-reply')).toMatchObject([{ granted: true }]);
  });

  test('5.4.1: of two logs that end in the same term the longer one is newer', () => {
    const granted = [4, 5, 6].map((lastIndex) => {
      const node = new Node('a', { entries: logOf([1, 1, 1, 1, 1]) }).receive(
        vote({ term: 4, lastIndex, lastTerm: 1 }),
      );
      return node.sent('vote-reply').map((reply) => reply.granted);
    });

    expect(granted).toEqual([[false], [true], [true]]);
  });

  test('5.4.1: nobody leads without all that is committed, whoever stands first', () => {
    const cluster = Cluster.of(five);
    cluster.elect('a');
    cluster.connect(['a', 'b', 'c']);
    cluster.node('a').propose('x');
    cluster.settle();
    const { commitIndex } = cluster.node('a').status;
    cluster.forget().connect(['c', 'd', 'e']);

    for (const id of ['d', 'e', 'd', 'e']) {
      cluster.node(id).step({ kind: 'campaign' });
      cluster.settle();
    }
    const withoutIt = cluster.leaders().filter((id) => id !== 'a');
    const winner = cluster.forget().elect('c');

    expect(commitIndex).toBe(2);
    expect(withoutIt).toEqual([]);
    expect(winner.applied.map(({ payload }) => textOf(payload))).toEqual(['', 'x', '']);
  });

  test('5.4.1: entries flow from leaders to followers only: a new leader takes nothing from those who hold more', () => {
    const shared = logOf([1]);
    const cluster = new Cluster([
      new Node('a', { entries: logAfter(shared, [3], 'a') }),
      new Node('b', { entries: shared, term: 3, seed: 2 }),
      new Node('c', { entries: logAfter(shared, [2, 2, 2], 'c'), term: 3, seed: 3 }),
    ]);

    cluster.elect('a');

    expect(cluster.node('a').disk.entries.map(({ term }) => term)).toEqual([1, 3, 4]);
    expect(cluster.node('c').disk.entries).toEqual(cluster.node('a').disk.entries);
  });
});

describe('5.4.2: entries of earlier terms', () => {
  test('5.4.2: a leader commits by counting only entries of its own term', () => {
    const node = leaderOver([1, 2], { configuration: votersOf('a', 'b', 'c') });

    const commits = [
      accepted({ term: 3, match: 2 }),
      accepted({ term: 3, from: 'c', match: 2 }),
      accepted({ term: 3, match: 3 }),
    ].map((reply) => node.receive(reply).status.commitIndex);

    expect(commits).toEqual([0, 0, 3]);
  });

  test('5.4.2: with an entry of its own term all before it are committed and applied, in order', () => {
    const node = leaderOver([1, 2]).receive(accepted({ term: 3, match: 3 }));

    expect(node.applied.map(({ index, term }) => [index, term])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
  });

  test('5.4.2: entries keep the term in which they were made, whoever sends them', () => {
    const cluster = new Cluster([
      new Node('a', { entries: logOf([1, 2]), term: 6 }),
      new Node('b', { seed: 2 }),
      new Node('c', { seed: 3 }),
    ]);

    cluster.elect('a');

    expect(cluster.node('b').disk.entries.map(({ term }) => term)).toEqual([1, 2, 7]);
  });

  /** Figure 8 up to (c): `a` leads term 4 and has brought 2/2 to a majority; `e` alone holds 2/3. */
  function figure8(): Cluster {
    const nodes = five.map((id, at) => {
      const entries = id === 'a' || id === 'b' ? logOf([1, 2], 'a') : logOf([1], 'a');
      return new Node(id, {
        configuration: votersOf(...five),
        entries,
        term: 2,
        seed: at + 1,
        limits: { appendEntriesMax: 1 },
      });
    });
    const cluster = new Cluster(nodes);
    cluster.connect(['c', 'd', 'e']);
    cluster.loses = ({ kind }) => kind === 'append';
    cluster.elect('e').restart();
    cluster.forget().connect(['a', 'b', 'c']);
    cluster.loses = (message) => message.kind === 'append' && message.entries.some(({ term }) => term > 2);
    cluster.elect('a');
    // c was a voter of term 3, so its log is compared from the end: one step back per heartbeat.
    for (let beats = 0; beats < 5; beats++) {
      cluster.node('a').pass(heartbeatInterval);
      cluster.settle();
    }
    return cluster;
  }

  const secondOf = (cluster: Cluster): readonly (number | undefined)[] =>
    five.map((id) => cluster.node(id).disk.entries[1]?.term);

  test('5.4.2, figure 8 (d): an old entry on a majority is not committed, and a later leader may overwrite it', () => {
    const cluster = figure8();
    const onMajority = secondOf(cluster);
    const { role, term, commitIndex } = cluster.node('a').status;

    cluster.loses = () => false;
    cluster.forget().connect(['b', 'c', 'd', 'e']);
    cluster.elect('e');

    expect(onMajority).toEqual([2, 2, 2, undefined, 3]);
    expect({ role, term, commitIndex }).toEqual({ role: 'leader', term: 4, commitIndex: 0 });
    expect(secondOf(cluster).slice(1)).toEqual([3, 3, 3, 3]);
    expect([...cluster.nodes.values()].flatMap(({ applied }) => applied).filter(({ term }) => term === 2)).toEqual([]);
  });

  test('5.4.2, figure 8 (e): with an entry of the leader’s own term on a majority both are committed, and nobody without them can win', () => {
    const cluster = figure8();

    cluster.loses = () => false;
    cluster.wait(3 * heartbeatInterval);
    const { commitIndex } = cluster.node('a').status;
    cluster.forget().connect(['b', 'c', 'd', 'e']);
    for (let tries = 0; tries < 3; tries++) cluster.node('e').step({ kind: 'campaign' });
    cluster.settle();

    expect(commitIndex).toBe(3);
    expect(cluster.node('e').status.role).not.toBe('leader');
    expect(secondOf(cluster).slice(0, 3)).toEqual([2, 2, 2]);
  });
});

describe('5.4.3: state machine safety', () => {
  test('5.4.3: a voter that holds what is committed refuses everybody who does not', () => {
    const log = logOf([1, 1, 1]);
    const node = new Node('a', { entries: log, term: 1 });

    node.receive(vote({ term: 2, lastIndex: 2, lastTerm: 1 }));

    expect(node.sent('vote-reply')).toMatchObject([{ granted: false }]);
  });

  test('5.4.3: no two servers apply different entries at one index, through any sequence of leaders', () => {
    const cluster = Cluster.of(five);
    const reigns = [
      ['a', 'b', 'c'],
      ['c', 'd', 'e'],
      ['e', 'a', 'b'],
      ['b', 'c', 'd'],
      ['c', 'a', 'e'],
    ] as const;
    for (const [leader, friend, other] of reigns) {
      cluster.forget().connect([leader, friend, other]);
      cluster.elect(leader).propose(`safe with ${leader}`);
      cluster.settle();
      // The last word of each reign reaches one follower at most, and is heard of again or not.
      cluster.loses = ({ kind, to }) => kind === 'append' && to !== friend;
      cluster.node(leader).propose(`last of ${leader}`);
      cluster.round();
      cluster.loses = () => false;
      for (const node of cluster.nodes.values()) node.outbox.length = 0;
    }
    cluster.forget().heal();
    cluster.elect('a');

    const logs = five.map((id) => cluster.node(id).applied);
    const longest = logs.reduce((one, other) => (other.length > one.length ? other : one));
    const words = longest.map(({ payload }) => textOf(payload));
    expect(words.filter((word) => word.startsWith('safe'))).toHaveLength(reigns.length);
    expect(words.filter((word) => word.startsWith('last'))).toEqual(['last of b', 'last of c']);
    for (const applied of logs) expect(applied).toEqual(longest.slice(0, applied.length));
  });
});

describe('5.5: crashes of followers and candidates', () => {
  test('5.5: a question to a crashed follower is asked again until it is back, and then answered', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    const leader = cluster.elect('a');
    cluster.isolate('c');
    leader.propose('x');
    cluster.wait(20 * electionTimeout);

    cluster.node('c').restart();
    cluster.heal();
    cluster.wait(2 * heartbeatInterval);

    expect(cluster.node('c').disk.entries).toEqual(leader.disk.entries);
    expect(leader.status.term).toBe(1);
  });

  test('5.5: a follower that crashes after its write and before its answer takes the same append again', () => {
    const log = logOf([1, 1]);
    const node = new Node('a', { term: 1 }).receive(appendOf(log, { from: 1, to: 2 }, { term: 1 }));

    node.restart().receive(appendOf(log, { from: 1, to: 2 }, { term: 1, request: 2 }));

    expect(node.sent('append-reply')).toMatchObject([{ accepted: true, request: 2, match: 2 }]);
    expect(node.disk.entries).toEqual(log);
  });

  test('5.5: a candidate that crashes does not vote for another one in the term that it stood in', () => {
    const node = new Node('a').step({ kind: 'campaign' }).receive(preVoteReply({ term: 1 }));

    node.restart().receive(vote({ term: 1, from: 'c' }), voteReply({ term: 1 }));

    expect(node.sent('vote-reply')).toMatchObject([{ to: 'c', granted: false }]);
    expect(node.status.role).toBe('follower');
  });
});

describe('5.6: timing', () => {
  test('5.6: safety does not depend on time: a leader that stood still for ages answers and commits nothing of its own accord', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    const old = cluster.elect('a');
    cluster.connect(['b', 'c']);
    cluster.forget().elect('b').propose('x');
    cluster.settle();
    const { round = 0 } = old.step({ kind: 'read', id: 1 }).sent('heartbeat')[0] ?? {};

    old.now += 1_000_000;
    old.propose('y', 2);
    old.receive(heartbeatReply({ term: 2, round }));

    expect(old.status).toMatchObject({ role: 'follower', term: 2, commitIndex: 1 });
    expect(old.reads).toMatchObject([{ id: 1, kind: 'refused' }]);
    expect(old.proposals).toMatchObject([{ id: 2, kind: 'refused' }]);
  });

  test('5.6: messages that take less than an election timeout let one leader stay', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    cluster.elect('a');
    const onTheWay: { readonly at: number; readonly message: Message }[] = [];
    const delay = electionTimeout / 3;

    for (let now = 0; now < 20 * electionTimeout; now += 50) {
      for (const node of cluster.nodes.values()) {
        for (const message of node.outbox.splice(0)) onTheWay.push({ at: now + delay, message });
      }
      const due = onTheWay.filter(({ at }) => at <= now);
      for (const each of due) {
        onTheWay.splice(onTheWay.indexOf(each), 1);
        cluster.node(each.message.to).receive(each.message);
      }
      for (const node of cluster.nodes.values()) node.pass(50);
    }

    expect(cluster.leaders()).toEqual(['a']);
    expect(cluster.node('c').status.term).toBe(1);
  });
});
