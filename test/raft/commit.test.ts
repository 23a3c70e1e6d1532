import { describe, expect, test } from 'vitest';
import { InvariantViolation, type Message } from '../../raft/index.ts';
import { Cluster } from './cluster.ts';
import { logOf, textOf, votersOf } from './entries.ts';
import { accepted, heartbeat, heartbeatReply, preVoteReply, rejected, voteReply } from './messages.ts';
import { electionTimeout, heartbeatInterval, leaderOver, Node } from './node.ts';

const lastTo = (node: Node, to: string): Extract<Message, { kind: 'append' }> => {
  const found = node.sent('append').findLast((message) => message.to === to);
  if (found === undefined) throw new Error(`nothing was sent to ${to}`);
  return found;
};

describe('a leader', () => {
  test('sends its entries before its own disk has them, and counts itself only after', () => {
    const node = leaderOver([]);
    node.syncsAtOnce = false;
    node.receive(accepted({ term: 1, match: 1 }));
    node.outbox.length = 0;

    node.propose('x');
    const early = node.sent('append').filter(({ to, entries }) => to === 'b' && entries.length > 0);
    node.receive(accepted({ term: 1, request: node.status.lastIndex, match: 2 }));
    const alone = node.status.commitIndex;
    node.sync();

    expect(early).toHaveLength(1);
    expect(alone).toBe(1);
    expect(node.status.commitIndex).toBe(2);
  });

  test('commits with the others before its own disk has the entry', () => {
    const node = leaderOver([]);
    node.syncsAtOnce = false;
    node.propose('x');

    node.receive(accepted({ term: 1, match: 2 }), accepted({ term: 1, from: 'c', request: 2, match: 2 }));

    expect(node.status).toMatchObject({ durableIndex: 1, commitIndex: 2 });
  });

  test('of one voter grants nothing that a power cut could take (S37)', () => {
    const node = new Node('a', { configuration: votersOf('a') }).pass(0);
    node.syncsAtOnce = false;

    node.propose('x');
    const early = node.status.commitIndex;
    node.sync();
    node.restart().pass(0);
    while (node.writes.length > 0) node.sync();

    expect(early).toBe(1);
    expect(node.applied.map(({ payload }) => textOf(payload))).toContain('x');
  });

  test('does not commit an entry of an older term by counting (S01)', () => {
    const five = votersOf('a', 'b', 'c', 'd', 'e');
    const node = new Node('a', { configuration: five, entries: logOf([1, 2]) });
    node.step({ kind: 'campaign' });
    for (const from of ['b', 'c']) node.receive(preVoteReply({ term: 3, from }));
    for (const from of ['b', 'c']) node.receive(voteReply({ term: 3, from }));

    for (const from of ['b', 'c', 'd', 'e']) node.receive(accepted({ term: 3, from, match: 2 }));
    const byCounting = node.status.commitIndex;
    node.receive(accepted({ term: 3, match: 3 }), accepted({ term: 3, from: 'c', match: 3 }));

    expect(byCounting).toBe(0);
    expect(node.status.commitIndex).toBe(3);
  });

  test('an entry of an older term on a majority may still be overwritten, and was applied nowhere (S01)', () => {
    const ids = ['a', 'b', 'c', 'd', 'e'];
    const [one, two] = [logOf([1]), logOf([1, 2])];
    const nodes = ids.map((id, at) => {
      const entries = id === 'a' || id === 'b' ? two : one;
      const limits = { appendEntriesMax: 1 };
      return new Node(id, { configuration: votersOf(...ids), entries, term: 2, seed: at + 1, limits });
    });
    const cluster = new Cluster(nodes);
    const [a, e] = [cluster.node('a'), cluster.node('e')];
    // e leads term 3 with the votes of c and d, and keeps its entry 2/3 for itself.
    cluster.loses = ({ kind, from }) => (from === 'e' && kind === 'append') || from === 'a' || from === 'b';
    cluster.elect('e');
    e.restart();
    cluster.wait(2 * electionTimeout);
    // a leads term 4 and brings 2/2 to c, but its own entry 3/4 to nobody.
    cluster.loses = (message) =>
      [message.from, message.to].includes('e') ||
      [message.from, message.to].includes('d') ||
      (message.kind === 'append' && message.entries.some(({ term }) => term > 3)) ||
      (message.kind === 'pre-vote' && message.from !== 'a');
    a.step({ kind: 'campaign' });
    cluster.settle();
    for (let tries = 0; tries < 9 && a.status.role !== 'leader'; tries++) cluster.wait(electionTimeout);
    cluster.wait(3 * heartbeatInterval);
    const onMajority = nodes.filter(({ disk }) => disk.entries[1]?.term === 2).map(({ id }) => id);
    const committed = a.status.commitIndex;
    // a is gone; e leads again and overwrites.
    cluster.loses = ({ kind, from, to }) => from === 'a' || to === 'a' || (kind === 'pre-vote' && from !== 'e');
    cluster.wait(2 * electionTimeout);
    for (let tries = 0; tries < 20 && e.status.role !== 'leader'; tries++) {
      e.step({ kind: 'campaign' });
      cluster.wait(electionTimeout);
    }

    expect(onMajority).toEqual(['a', 'b', 'c']);
    expect(committed).toBe(0);
    expect(e.status.role).toBe('leader');
    expect(cluster.node('c').disk.entries[1]).toMatchObject({ term: 3 });
    expect(nodes.flatMap(({ applied }) => applied).filter(({ term }) => term === 2)).toEqual([]);
  });

  test('takes acknowledgements and refusals in any order, without going back (S24)', () => {
    const node = leaderOver(Array.from({ length: 11 }, () => 1));
    node.receive(accepted({ term: 2, match: 12 }), accepted({ term: 2, match: 9 }));
    node.sent('append');

    node.receive(rejected({ term: 2, request: 1, prevIndex: 9, hintIndex: 8, hintTerm: 1, lastIndex: 8 }));
    node.propose('next');

    expect(node.status.progress[0]).toMatchObject({ match: 12, mode: 'replicate', reverted: false });
    expect(lastTo(node, 'b')).toMatchObject({ prevIndex: 12, entries: [{ index: 13 }] });
  });

  test('gives up a request once, however often its refusal comes (S25)', () => {
    const node = leaderOver([1, 1, 1, 1, 1, 1]);
    const { request, prevIndex } = lastTo(node, 'b');
    const refusal = rejected({ term: 2, request, prevIndex, hintIndex: 4, hintTerm: 1, lastIndex: 4 });

    node.receive(refusal);
    const again = node.sent('append').filter(({ to }) => to === 'b');
    node.receive(refusal, refusal);

    expect(again).toMatchObject([{ prevIndex: 4 }]);
    expect(node.sent('append')).toEqual([]);
  });

  test('an answer to a request that was never sent is ignored', () => {
    const node = leaderOver([1]);

    node.receive(accepted({ term: 2, request: 77, match: 2 }));

    expect(node.status.progress[0]).toMatchObject({ match: 0 });
  });

  test('an acknowledgement beyond its log means that two logs live in one term', () => {
    const node = leaderOver([1]);

    expect(() => node.receive(accepted({ term: 2, match: 40 }))).toThrow(InvariantViolation);
  });

  test('announces a commit at once, not at the next heartbeat', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    cluster.elect('a').propose('x');

    cluster.settle();

    expect([...cluster.nodes.values()].map(({ status, now }) => [status.commitIndex, now])).toEqual([
      [2, 0],
      [2, 0],
      [2, 0],
    ]);
  });

  test('tells nobody of a commit beyond what it is known to hold (S22)', () => {
    const node = leaderOver([]);
    node.receive(accepted({ term: 1, match: 1 }), accepted({ term: 1, from: 'c', request: 2, match: 1 }));
    node.propose('x').receive(accepted({ term: 1, request: 3, match: 2 }));
    node.outbox.length = 0;

    node.pass(heartbeatInterval);

    expect(node.status.commitIndex).toBe(2);
    expect(node.sent('heartbeat').map(({ to, commit }) => [to, commit])).toEqual([
      ['b', 2],
      ['c', 1],
    ]);
  });

  test('stops counting a peer whose log is shorter than what it acknowledged (S34)', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    const leader = cluster.elect('a').propose('x');
    cluster.settle();
    const lost = cluster.node('b');
    lost.disk.entries.length = 0;
    lost.restart();
    cluster.isolate('c');

    leader.step({ kind: 'unreachable', peer: 'b', refused: false }).propose('y');
    cluster.wait(electionTimeout / 2);

    expect(leader.status.progress[0]).toMatchObject({ id: 'b', reverted: true });
    expect(leader.status.commitIndex).toBe(2);
    expect(lost.status.lastIndex).toBe(0);
  });

  test('does not commit by what a peer had acknowledged before it lost its log (S34)', () => {
    const node = new Node('a', { configuration: votersOf('a', 'b', 'c', 'd', 'e') }).step({ kind: 'campaign' });
    const [friends, others] = [
      ['b', 'c'],
      ['c', 'd', 'e'],
    ] as const;
    for (const from of friends) node.receive(preVoteReply({ term: 1, from }));
    for (const from of friends) node.receive(voteReply({ term: 1, from }));
    for (const from of friends) node.receive(accepted({ term: 1, from, match: 1 }));
    node.propose('x');
    const requests = node.sent('append').map(({ request }) => request);
    const acknowledged = (from: string): number => {
      const request = Math.max(...requests);
      return node.receive(accepted({ term: 1, from, request, match: 2 })).status.commitIndex;
    };
    acknowledged('b');
    node.propose('y').receive(rejected({ term: 1, request: lastTo(node, 'b').request, prevIndex: 2, lastIndex: 0 }));

    const commits = others.map(acknowledged);

    expect(node.status.progress[0]).toMatchObject({ id: 'b', match: 2, reverted: true });
    expect(commits).toEqual([1, 2, 2]);
  });

  test('does not take an overtaken refusal for a loss (S34)', () => {
    const node = leaderOver([], { limits: { appendEntriesMax: 1 } });
    node
      .receive(accepted({ term: 1, match: 1 }))
      .propose('x')
      .propose('y');
    const [first, second] = node.sent('append').filter(({ to, entries }) => to === 'b' && (entries[0]?.index ?? 0) > 1);
    if (first === undefined || second === undefined) throw new Error('two appends are needed');

    // The peer got the second first: it refused that, and then took the first.
    node.receive(accepted({ term: 1, request: first.request, match: 2 }));
    node.receive(rejected({ term: 1, request: second.request, prevIndex: 2, hintIndex: 1, hintTerm: 1, lastIndex: 1 }));

    expect(node.status.progress[0]).toMatchObject({ match: 2, reverted: false });
  });

  test('is named to whom proposes elsewhere', () => {
    const node = new Node('a', { term: 1 }).receive(heartbeat({ term: 1, from: 'c' })).propose('x', 7);

    expect(node.proposals).toEqual([{ id: 7, kind: 'refused', reason: 'not-leader', leader: 'c' }]);
  });

  test('ignores answers of heartbeat rounds that it never began', () => {
    const node = leaderOver([])
      .receive(accepted({ term: 1, match: 1 }))
      .step({ kind: 'read', id: 1 });

    node.receive(heartbeatReply({ term: 1, round: 99 }));

    expect(node.reads).toEqual([]);
  });
});
