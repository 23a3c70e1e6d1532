import { describe, expect, test } from 'vitest';
import { Cluster } from './cluster.ts';
import { logOf, votersOf } from './entries.ts';
import { heartbeat, heartbeatReply, preVote } from './messages.ts';
import { electionTimeout, heartbeatInterval, Node } from './node.ts';

const transfer = (to?: string) => ({ kind: 'transfer', to }) as const;

describe('a transfer', () => {
  test('makes the target leader without a pause, and without its patience ending', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    cluster.elect('a').step(transfer('c'));

    cluster.settle();

    expect(cluster.leaders()).toEqual(['c']);
    expect(cluster.node('c').status).toMatchObject({ term: 2, commitIndex: 2 });
    expect(cluster.node('a').now).toBe(0);
  });

  test('refuses proposals until it is done, and tells a target that is behind only once it holds all (S75)', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    const leader = cluster.elect('a');
    cluster.node('c').syncsAtOnce = false;
    leader.propose('x', 1).step(transfer('c')).propose('y', 2);
    cluster.settle();
    const early = cluster.delivered.filter(({ kind }) => kind === 'timeout-now').length;

    cluster.node('c').syncsAtOnce = true;
    cluster.node('c').sync();
    cluster.settle();

    expect(early).toBe(0);
    expect(cluster.leaders()).toEqual(['c']);
    expect(leader.proposals).toMatchObject([
      { id: 1, kind: 'accepted' },
      { id: 2, kind: 'refused', reason: 'transferring' },
    ]);
  });

  test('without a name goes to the voter that holds most', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    const leader = cluster.elect('a');
    cluster.loses = ({ from, kind }) => from === 'b' && kind === 'append-reply';
    leader.propose('x');
    cluster.settle();

    leader.step(transfer());
    cluster.settle();

    expect(cluster.leaders()).toEqual(['c']);
  });

  test('without a name goes to nobody who is silent', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    const leader = cluster.elect('a');
    cluster.isolate('b');
    cluster.wait(electionTimeout + 100);

    leader.step(transfer());
    cluster.settle();

    expect(cluster.leaders()).toEqual(['c']);
  });

  test('to a dead target ends after an election timeout, and the leader goes on (S76)', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    const leader = cluster.elect('a');
    cluster.isolate('c');
    leader.step(transfer('c'));

    cluster.wait(electionTimeout + 50);
    leader.propose('x', 1);

    expect(leader.status).toMatchObject({ role: 'leader', term: 1 });
    expect(leader.proposals).toMatchObject([{ id: 1, kind: 'accepted' }]);
  });

  test.each(['a', 'x', 'l'])('to %s, no other voter, does nothing', (to) => {
    const learners = [{ id: 'l', address: '', replaces: undefined }];
    const cluster = Cluster.of(['a', 'b', 'c'], { configuration: { ...votersOf('a', 'b', 'c'), learners } });
    const leader = cluster.elect('a').step(transfer(to)).propose('x', 1);

    expect(leader.proposals).toMatchObject([{ kind: 'accepted' }]);
  });

  test('asked for by a stranger moves no term', () => {
    const node = new Node('a', { term: 1 }).receive({ kind: 'timeout-now', from: 'x', to: 'a', term: 9 });

    expect(node.status).toMatchObject({ role: 'follower', term: 1 });
  });

  test('that nobody but the leader asked for is not believed', () => {
    const node = new Node('a', { term: 1 }).receive(heartbeat({ term: 1, from: 'b' }));

    node.receive(
      { kind: 'timeout-now', from: 'c', to: 'a', term: 1 },
      { kind: 'timeout-now', from: 'b', to: 'a', term: 0 },
    );

    expect(node.status).toMatchObject({ role: 'follower', term: 1 });
  });
});

describe('a disk that hangs', () => {
  test('stops the leader’s heartbeats and proposals, and ends its lead after an election timeout (S77)', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    const leader = cluster.elect('a');
    leader.syncsAtOnce = false;
    cluster.isolate('c');
    leader.propose('before', 1);
    cluster.settle();

    leader.step({ kind: 'disk-stalled', stalled: true }).propose('after', 2).step({ kind: 'read', id: 3 });
    leader.outbox.length = 0;
    leader.wait(electionTimeout - 50);
    const quiet = leader.outbox.length;
    const before = leader.status.role;
    leader.pass(50);

    expect(leader.proposals.map(({ kind }) => kind)).toEqual(['accepted', 'refused']);
    expect(leader.reads).toMatchObject([{ kind: 'refused' }]);
    expect(quiet).toBe(0);
    expect([before, leader.status.role]).toEqual(['leader', 'follower']);
  });

  test('of a former leader lets it come back as a follower (S77)', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    const leader = cluster.elect('a');
    leader.syncsAtOnce = false;
    leader.propose('x').step({ kind: 'disk-stalled', stalled: true });
    cluster.wait(5 * electionTimeout);
    const others = cluster.leaders();

    leader.syncsAtOnce = true;
    leader.sync();
    leader.step({ kind: 'disk-stalled', stalled: false });
    cluster.wait(5 * heartbeatInterval);

    expect(others).toHaveLength(1);
    expect(others).not.toContain('a');
    expect(cluster.leaders()).toEqual(others);
    expect(leader.status).toMatchObject({ role: 'follower', leader: others[0] });
    expect(leader.status.commitIndex).toBe(cluster.node(others[0] ?? '').status.commitIndex);
  });

  test('that recovers in time changes nothing', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    const leader = cluster.elect('a').step({ kind: 'disk-stalled', stalled: true });

    cluster.wait(electionTimeout / 2);
    leader.step({ kind: 'disk-stalled', stalled: false });
    cluster.wait(electionTimeout);

    expect(leader.status).toMatchObject({ role: 'leader', term: 1 });
  });

  test('keeps a follower from standing for election', () => {
    const node = new Node('a').step({ kind: 'disk-stalled', stalled: true }).wait(5 * electionTimeout);

    expect(node.status.role).toBe('follower');
  });

  test('of a follower holds up nobody, and its stream goes on when it is back (S78)', () => {
    const cluster = Cluster.of(['a', 'b', 'c'], { limits: { inflightMessagesMax: 2, appendEntriesMax: 1 } });
    const leader = cluster.elect('a');
    const slow = cluster.node('b');
    slow.syncsAtOnce = false;
    for (let id = 0; id < 20; id++) leader.propose('x', id);
    cluster.wait(electionTimeout);
    const meanwhile = leader.status.commitIndex;

    slow.syncsAtOnce = true;
    slow.sync();
    cluster.wait(2 * heartbeatInterval);

    expect(meanwhile).toBe(21);
    expect(slow.status.commitIndex).toBe(21);
  });
});

describe('a process that stood still', () => {
  test('listens for two heartbeats before it stands for election', () => {
    const node = new Node('a').pass(0).pass(10 * electionTimeout);
    const atOnce = node.status.role;
    node.wait(2 * heartbeatInterval - 50);
    const soon = node.status.role;

    node.wait(heartbeatInterval + 50);

    expect([atOnce, soon, node.status.role]).toEqual(['follower', 'follower', 'pre-candidate']);
  });

  test('as a leader refuses proposals on waking, and has half an election timeout to find its quorum (S110)', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    const leader = cluster.elect('a');

    leader.pass(5 * electionTimeout).propose('x', 1);
    const atOnce = leader.status.role;
    cluster.settle();
    leader.propose('y', 2);

    expect(atOnce).toBe('leader');
    expect(leader.proposals.map(({ id, kind }) => [id, kind])).toEqual([
      [1, 'refused'],
      [2, 'accepted'],
    ]);
  });

  test('as a leader without a quorum steps down soon after waking', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    const leader = cluster.elect('a');

    leader.pass(5 * electionTimeout).wait(electionTimeout / 2);

    expect(leader.status.role).toBe('follower');
  });

  test('as a leader does not hold others back who want to elect', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    const leader = cluster.elect('a');

    leader.pass(5 * electionTimeout).receive(preVote({ term: 2, from: 'b', lastIndex: 1, lastTerm: 1 }));

    expect(leader.sent('pre-vote-reply')).toMatchObject([{ granted: true }]);
  });

  test('everywhere at once comes to one leader in few rounds (S15)', () => {
    const rounds = Array.from({ length: 20 }, (_, seed) => {
      const ids = ['a', 'b', 'c', 'd', 'e'];
      const cluster = new Cluster(
        ids.map((id) => new Node(id, { configuration: votersOf(...ids), entries: logOf([1]), seed })),
      );
      for (const node of cluster.nodes.values()) node.pass(0).pass(2000);
      for (let waited = 0; cluster.leaders().length === 0 && waited < 200; waited++) cluster.wait(50);
      return Math.max(...[...cluster.nodes.values()].map(({ status }) => status.term)) - 1;
    });

    expect(Math.max(...rounds)).toBeLessThan(5);
  });

  test('does not mind heartbeats answered late', () => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    const leader = cluster.elect('a').pass(5 * electionTimeout);
    const [question] = leader.sent('heartbeat');

    leader.receive(heartbeatReply({ term: 1, round: question?.round ?? 0 })).propose('x', 1);

    expect(leader.proposals).toMatchObject([{ kind: 'accepted' }]);
  });
});
