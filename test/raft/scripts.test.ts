import { describe, expect, test } from 'vitest';
import { Cluster } from './cluster.ts';
import { logOf, member, textOf, votersOf } from './entries.ts';
import { accepted, append, appendOf, heartbeat, preVoteReply, rejected, voteReply } from './messages.ts';
import { electionTimeout, heartbeatInterval, leaderOver, Node } from './node.ts';

const five = ['a', 'b', 'c', 'd', 'e'];

const isCommitted = (node: Node, text: string): boolean => node.applied.some(({ payload }) => textOf(payload) === text);

describe('elections, told step by step', () => {
  test('links that form only a partial mesh settle on one leader, and it serves (S12)', () => {
    const cluster = Cluster.of(five).connect(['a', 'b', 'c'], ['b', 'c', 'e'], ['d', 'e'], ['a', 'd']);
    cluster.wait(10 * electionTimeout);
    const terms = new Set<number>();

    for (let second = 0; second < 50; second++) {
      cluster.wait(1_000);
      terms.add(Math.max(...[...cluster.nodes.values()].map(({ status }) => status.term)));
    }
    const [leader = ''] = cluster.leaders();
    cluster.node(leader).propose('x', 1);
    cluster.wait(heartbeatInterval);

    expect(terms.size).toBeLessThanOrEqual(2);
    expect(cluster.node(leader).proposals.at(-1)).toMatchObject({ id: 1, kind: 'accepted' });
    expect(isCommitted(cluster.node(leader), 'x')).toBe(true);
  });

  test('a write of its time as a follower completes at a leader without harm (S17)', () => {
    const node = new Node('a', { term: 1 });
    node.syncsAtOnce = false;
    node.receive(appendOf(logOf([1, 1]), { from: 1, to: 2 }, { term: 1 }));
    const [late] = node.writes;
    node.now += electionTimeout;
    node
      .step({ kind: 'campaign' })
      .receive(preVoteReply({ term: 2 }))
      .sync()
      .receive(voteReply({ term: 2 }));
    const { role } = node.status;

    node.step({ kind: 'durable', write: late?.id ?? 0 }).sync();

    expect(role).toBe('leader');
    expect(node.status).toMatchObject({ role: 'leader', term: 2, lastIndex: 3, durableIndex: 3 });
    expect(node.disk.entries.map(({ term }) => term)).toEqual([1, 1, 2]);
  });

  test('a candidate that stood still hears its peers before it goes on standing (S111)', () => {
    const node = new Node('a', { term: 1 }).step({ kind: 'campaign' }).receive(preVoteReply({ term: 2 }));
    const before = node.status;

    node.pass(10 * electionTimeout);
    const onWaking = node.status;
    node.receive(heartbeat({ term: 3, from: 'c' })).pass(50);

    expect(before).toMatchObject({ role: 'candidate', term: 2 });
    expect(onWaking).toMatchObject({ role: 'candidate', term: 2 });
    expect(node.status).toMatchObject({ role: 'follower', term: 3, leader: 'c' });
  });

  test('after all nodes restarted at once the term rises above all earlier ones, and what was acknowledged is there (S05)', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    for (const id of ['a', 'b', 'c', 'a']) {
      cluster.forget().elect(id).propose(`of ${id}`);
      cluster.settle();
    }
    const before = cluster.node('a').status;

    for (const node of cluster.nodes.values()) node.restart();
    const slowest = cluster.elect('c');

    expect(before).toMatchObject({ term: 4, commitIndex: 8 });
    expect(slowest.status.term).toBe(5);
    for (const node of cluster.nodes.values()) {
      expect(node.applied.map(({ payload }) => textOf(payload)).filter(Boolean)).toEqual([
        'of a',
        'of b',
        'of c',
        'of a',
      ]);
    }
  });
});

describe('logs, told step by step', () => {
  test('an entry and the term it came in are durable together or not at all (S04)', () => {
    const entries = logOf([5]);
    const make = (): Node => {
      const node = new Node('c', { term: 1 });
      node.syncsAtOnce = false;
      return node.receive(appendOf(entries, { from: 1, to: 1 }, { term: 5, from: 'b', to: 'c' }));
    };
    const [written, lost] = [make(), make()];
    const writes = written.writes.length;

    written.sync();
    for (const node of [written, lost]) {
      node.restart().receive(appendOf(logOf([1]), { from: 1, to: 1 }, { term: 1, from: 'a', to: 'c' }));
      node.sync();
    }

    expect(writes).toBe(1);
    expect(written.disk.hardState.term).toBe(5);
    expect(written.disk.entries).toEqual(entries);
    expect(written.sent('append-reply')).toMatchObject([{ accepted: false, term: 5 }]);
    expect(lost.disk.hardState.term).toBe(1);
    expect(lost.disk.entries).toEqual(logOf([1]));
  });

  test('of seven: a write whose entry was overwritten and came back attests nothing two terms later (S32)', () => {
    const cluster = Cluster.of(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((id) => cluster.node(id));
    if (a === undefined || b === undefined || c === undefined || d === undefined) throw new Error('four are needed');
    cluster.elect('a');
    b.syncsAtOnce = false;
    // a brings 2/1 to b, whose disk is slow, and to d.
    cluster.connect(['a', 'b', 'd']);
    a.propose('x');
    cluster.settle();
    // c leads term 2, and its 2/2 reaches b alone.
    cluster.forget().connect(['b', 'c', 'e', 'f', 'g']);
    cluster.loses = ({ kind, to }) => kind === 'append' && to !== 'b';
    cluster.elect('c');
    const overwritten = b.status.lastIndex;
    // d leads term 3, and brings 2/1 to b again, with its own 3/3.
    cluster.forget().connect(['a', 'd', 'e', 'f', 'g']);
    cluster.elect('d');
    b.receive(appendOf(d.disk.entries, { from: 2, to: 3 }, { term: 3, from: 'd', to: 'b', request: 9 }));
    b.outbox.length = 0;
    const writes = b.writes.length;

    const durable = Array.from({ length: writes }, () => b.sync(1).status.durableIndex);
    const replies = b.sent('append-reply').map((reply) => [reply.to, reply.term, reply.accepted && reply.match]);

    expect(overwritten).toBe(2);
    expect(d.disk.entries.map(({ term }) => term)).toEqual([1, 1, 3]);
    expect(durable.slice(0, -1).every((index) => index === 1)).toBe(true);
    expect(durable.at(-1)).toBe(3);
    expect(replies).toEqual([
      ['a', 1, 2],
      ['c', 2, 2],
      ['d', 3, 3],
    ]);
  });

  test('of a stream that breaks in mid-batch everything arrives twice, and nothing is there twice (S116)', () => {
    const cluster = Cluster.of(['a', 'b', 'c'], { limits: { appendEntriesMax: 2 } });
    const leader = cluster.elect('a');
    const texts = Array.from({ length: 9 }, (_, at) => `text ${at}`);
    for (const text of texts) leader.propose(text);
    const once = [...leader.outbox];
    cluster.loses = (message) => message.kind === 'append' && message.entries.some(({ index }) => index > 5);
    cluster.settle();

    cluster.loses = () => false;
    for (const peer of ['b', 'c']) leader.step({ kind: 'unreachable', peer, refused: false });
    cluster.settle();
    for (const message of once) cluster.node(message.to).receive(message);
    cluster.settle();

    for (const node of cluster.nodes.values()) {
      expect(node.applied.map(({ payload }) => textOf(payload))).toEqual(['', ...texts]);
      expect(node.disk.entries).toEqual(leader.disk.entries);
    }
    expect(leader.status.progress).toMatchObject([{ match: 10 }, { match: 10 }]);
  });
});

describe('a change of members before anything of the term is committed (S50)', () => {
  /** `a` leads term 1 of `a` to `d` and lets `e` in, which nobody hears of; then `b` leads term 2. */
  function diverged(): Cluster {
    const voters = votersOf('a', 'b', 'c', 'd');
    const cluster = new Cluster(
      ['a', 'b', 'c', 'd', 'e', 'f'].map(
        (id, at) => new Node(id, { configuration: at < 4 ? voters : votersOf(), seed: at + 1 }),
      ),
    );
    cluster.elect('a');
    cluster.connect(['a', 'e']);
    cluster.node('a').step({ kind: 'replace', id: 1, member: member('e'), replaces: 'd' });
    cluster.settle();
    cluster.node('a').restart();
    cluster.forget().connect(['b', 'c', 'd']);
    cluster.loses = ({ kind }) => kind === 'append';
    cluster.elect('b').step({ kind: 'replace', id: 2, member: member('f'), replaces: 'a' });
    return cluster;
  }

  test('is refused, and a leader of before may still win with its own change', () => {
    const cluster = diverged();

    cluster.loses = () => false;
    cluster.forget().connect(['a', 'c', 'd', 'e']);
    cluster.elect('a');
    cluster.settle();

    expect(cluster.node('b').proposals).toMatchObject([{ id: 2, kind: 'refused', reason: 'change-in-progress' }]);
    expect(cluster.node('b').status.configIndex).toBe(0);
    expect(cluster.node('a').status.configIndex).toBeGreaterThan(0);
  });

  test('is possible once the term has committed its first entry, and then nobody of before can win', () => {
    const cluster = diverged();
    const b = cluster.node('b');

    cluster.loses = () => false;
    cluster.wait(heartbeatInterval);
    cluster.settle();
    b.step({ kind: 'replace', id: 3, member: member('f'), replaces: 'a' });
    cluster.settle();
    cluster.forget().connect(['a', 'c', 'd', 'e']);
    cluster.node('a').step({ kind: 'campaign' });
    cluster.settle();
    cluster.node('a').step({ kind: 'campaign' });
    cluster.settle();

    expect(b.proposals.at(-1)).toMatchObject({ id: 3, kind: 'accepted' });
    expect(cluster.node('a').status.role).not.toBe('leader');
  });
});

test('the end of a transfer to a peer that was removed meanwhile concerns nobody (S70)', () => {
  const node = leaderOver([1, 1, 1]).receive(accepted({ term: 2, from: 'c', request: 2, match: 4 }));
  node.step({ kind: 'compact', index: 4 }).receive(rejected({ term: 2, request: 1, prevIndex: 3 }));
  const asked = [...node.snapshots];
  node.step({ kind: 'replace', id: 1, member: member('d'), replaces: 'b' });
  for (let request = 3; request < 12; request++) {
    const { lastIndex } = node.status;
    for (const from of ['c', 'd']) node.receive(accepted({ term: 2, from, request, match: lastIndex }));
  }

  node.step({ kind: 'snapshot-sent', to: 'b', delivered: false }).wait(3 * heartbeatInterval);

  expect(asked).toEqual(['b']);
  expect(node.status.configuration).toEqual(votersOf('a', 'd', 'c'));
  expect(node.status.progress.map(({ id }) => id)).toEqual(['d', 'c']);
  expect(node.snapshots).toEqual(asked);
});

describe('numbers beyond 2^31', () => {
  const far = 2 ** 40;

  test('of terms and indexes are numbers like any other (S117)', () => {
    const checkpoint = {
      position: { index: far, term: far, chain: 7 },
      configuration: { index: far, configuration: votersOf('a', 'b', 'c') },
    };
    const nodes = ['a', 'b', 'c'].map((id, at) => new Node(id, { seed: at + 1, checkpoint, term: far }));
    const cluster = new Cluster(nodes);

    const leader = cluster.elect('a').propose('x');
    cluster.settle();
    leader.step({ kind: 'read', id: 1 });
    cluster.settle();

    for (const { status } of nodes) {
      expect(status).toMatchObject({ term: far + 1, commitIndex: far + 2, appliedIndex: far + 2, firstIndex: far + 1 });
    }
    expect(leader.reads).toEqual([{ id: 1, kind: 'confirmed', index: far + 2, term: far + 1 }]);
  });

  test('that no double holds exactly are refused, not rounded (S117)', () => {
    const node = new Node('a', { term: Number.MAX_SAFE_INTEGER });

    expect(() => node.receive(append({ term: Number.MAX_SAFE_INTEGER + 1 }))).toThrow(/term/);
  });
});
