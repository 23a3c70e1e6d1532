import { describe, expect, test } from 'vitest';
import { type Configuration, encodeConfiguration, isJoint } from '../../raft/index.ts';
import { Membership } from '../../raft/membership.ts';
import { Cluster } from './cluster.ts';
import { chainOf, logOf, member, votersOf } from './entries.ts';
import { accepted, append, preVoteReply, voteReply } from './messages.ts';
import { electionTimeout, heartbeatInterval, Node } from './node.ts';

const empty = votersOf();

/** Three voters and a newcomer that knows nothing yet. */
function withNewcomer(id = 'd'): Cluster {
  const voters = ['a', 'b', 'c'].map((each, at) => new Node(each, { seed: at + 1 }));
  return new Cluster([...voters, new Node(id, { configuration: empty, seed: 9 })]);
}

const replace = (id: string, replaces: string) => ({ kind: 'replace', id: 5, member: member(id), replaces }) as const;

const voterIds = (node: Node): readonly string[] => node.status.configuration.voters.map(({ id }) => id);

describe('a replacement', () => {
  test('goes through learner and joint configuration to the end by itself', () => {
    const cluster = withNewcomer();
    const leader = cluster.elect('a').propose('x');
    cluster.isolate('c');
    cluster.settle();

    leader.step(replace('d', 'c'));
    cluster.wait(3 * heartbeatInterval);

    const configurations = leader.applied.filter(({ kind }) => kind === 'configuration');
    expect(leader.proposals.at(-1)).toMatchObject({ id: 5, kind: 'accepted' });
    expect(configurations).toHaveLength(3);
    for (const id of ['a', 'b', 'd']) {
      expect(voterIds(cluster.node(id))).toEqual(['a', 'b', 'd']);
      expect(cluster.node(id).status).toMatchObject({ commitIndex: leader.status.lastIndex, leader: 'a' });
    }
  });

  test('lets the newcomer vote: with it and one other the cluster lives', () => {
    const cluster = withNewcomer();
    cluster.elect('a').step(replace('d', 'c'));
    cluster.wait(3 * heartbeatInterval);
    cluster.isolate('a');
    cluster.isolate('c');

    cluster.wait(5 * electionTimeout);

    expect(cluster.leaders().filter((id) => id === 'b' || id === 'd')).toHaveLength(1);
  });

  test('keeps the newcomer from voting until it has caught up (S56)', () => {
    const cluster = withNewcomer();
    const leader = cluster.elect('a');
    cluster.isolate('d');

    leader.step(replace('d', 'c'));
    cluster.wait(2 * electionTimeout);

    expect(voterIds(leader)).toEqual(['a', 'b', 'c']);
    expect(leader.status.configuration.learners).toMatchObject([{ id: 'd', replaces: 'c' }]);
  });

  test.each([1, 2, 3])('is finished once, whoever leads, when the leader dies after step %i (S57)', (steps) => {
    const cluster = withNewcomer();
    const leader = cluster.elect('a').step(replace('d', 'c'));
    for (let rounds = 0; rounds < 200; rounds++) {
      const done = leader.disk.entries.filter(({ kind }) => kind === 'configuration').length;
      if (done >= steps) break;
      if (!cluster.round()) cluster.wait(50);
    }
    // What reached nobody would be forgotten; the later steps need no help to be found.
    if (steps === 1) cluster.round();
    cluster.isolate('a');

    cluster.wait(6 * electionTimeout);
    cluster.heal();
    cluster.wait(6 * electionTimeout);

    const [now] = cluster.leaders();
    for (const id of ['a', 'b', 'd']) expect(voterIds(cluster.node(id))).toEqual(['a', 'b', 'd']);
    expect(isJoint(cluster.node('b').status.configuration)).toBe(false);
    expect(now).toBeDefined();
    const finals = cluster.node('b').disk.entries.filter(({ kind }) => kind === 'configuration');
    expect(finals).toHaveLength(3);
  });

  test('of the leader itself ends with another leader (S54)', () => {
    const cluster = withNewcomer();
    const leader = cluster.elect('a').step(replace('d', 'a'));

    cluster.wait(heartbeatInterval * 4);

    expect(leader.status.role).toBe('follower');
    expect(cluster.delivered.filter(({ kind }) => kind === 'timeout-now')).toHaveLength(1);
    expect(cluster.delivered.filter(({ kind }) => kind === 'pre-vote').every(({ from }) => from === 'a')).toBe(true);
    expect(cluster.leaders()).toHaveLength(1);
    expect(voterIds(cluster.node('b'))).toEqual(['d', 'b', 'c']);
    expect(leader.status.commitIndex).toBe(leader.status.lastIndex);
  });

  test('of the only voter survives the loss of the leader before the end is committed', () => {
    const cluster = new Cluster([
      new Node('a', { configuration: votersOf('a') }),
      new Node('d', { configuration: empty, seed: 9 }),
    ]);
    const old = cluster.node('a').pass(0);
    cluster.loses = ({ to, kind, ...rest }) =>
      to === 'd' && kind === 'append' && 'entries' in rest && rest.entries.some(({ index }) => index === 4);
    old.step(replace('d', 'a'));
    cluster.wait(heartbeatInterval);
    expect(voterIds(old)).toEqual(['d']);
    old.restart();
    cluster.loses = () => false;

    cluster.wait(6 * electionTimeout);

    expect(cluster.leaders()).toEqual(['d']);
    expect(cluster.node('d').status.configuration).toEqual(votersOf('d'));
  });

  test('may be begun anew with another newcomer when the first was lost on its way', () => {
    const cluster = withNewcomer('e');
    const leader = cluster.elect('a').step(replace('d', 'c'));
    cluster.settle();

    leader.step(replace('e', 'c'));
    cluster.wait(3 * heartbeatInterval);

    expect(voterIds(leader)).toEqual(['a', 'b', 'e']);
    expect(leader.status.configuration.learners).toEqual([]);
  });

  test.each([
    ['somebody who is no voter', replace('d', 'x'), 'bad-change'],
    ['a member by a member', replace('b', 'c'), 'bad-change'],
    ['a voter by itself', replace('c', 'c'), 'bad-change'],
  ])('of %s makes no sense', (_what, input, reason) => {
    const cluster = Cluster.of(['a', 'b', 'c']);
    const leader = cluster.elect('a').step(input);

    expect(leader.proposals).toEqual([{ id: 5, kind: 'refused', reason, leader: 'a' }]);
  });

  test('waits for the one under way (S60)', () => {
    const cluster = withNewcomer();
    const leader = cluster.elect('a').step(replace('d', 'c'));
    const uncommitted = leader.step(replace('e', 'b')).proposals.at(-1);
    cluster.isolate('d');
    cluster.settle();

    const other = leader.step(replace('e', 'b')).proposals.at(-1);
    const again = leader.step(replace('d', 'c')).proposals.at(-1);

    expect([uncommitted, other, again]).toMatchObject(Array(3).fill({ reason: 'change-in-progress' }));
  });

  test('is refused until the leader has committed an entry of its own term (S50)', () => {
    const node = new Node('a').step({ kind: 'campaign' }).receive(preVoteReply({ term: 1 }), voteReply({ term: 1 }));

    const early = node.step(replace('d', 'c')).proposals.at(-1);
    node.receive(accepted({ term: 1, match: 1 }));
    const late = node.step(replace('d', 'c')).proposals.at(-1);

    expect(early).toMatchObject({ kind: 'refused', reason: 'change-in-progress' });
    expect(late).toMatchObject({ kind: 'accepted' });
  });

  test('is refused by who does not lead', () => {
    expect(new Node('a').step(replace('d', 'c')).proposals).toMatchObject([{ reason: 'not-leader' }]);
  });
});

describe('a joint configuration', () => {
  const joint: Configuration = {
    voters: ['a', 'b', 'd'].map(member),
    outgoing: ['a', 'b', 'c'].map(member),
    learners: [],
  };

  test('needs both majorities to elect', () => {
    const apart: Configuration = { ...joint, voters: ['a', 'd', 'e'].map(member) };
    const node = new Node('a', { configuration: apart }).step({ kind: 'campaign' });

    node.receive(preVoteReply({ term: 1, from: 'd' }));
    const half = node.status.role;
    node.receive(preVoteReply({ term: 1, from: 'b' }));

    expect(half).toBe('pre-candidate');
    expect(node.status.role).toBe('candidate');
  });

  test('needs both majorities to commit', () => {
    const apart: Configuration = { ...joint, voters: ['a', 'd', 'e'].map(member) };
    const node = new Node('a', { configuration: apart }).step({ kind: 'campaign' });
    for (const from of ['b', 'd']) node.receive(preVoteReply({ term: 1, from }));
    for (const from of ['b', 'd']) node.receive(voteReply({ term: 1, from }));

    for (const from of ['d', 'e']) node.receive(accepted({ term: 1, from, match: 1 }));
    const half = node.status.commitIndex;
    node.receive(accepted({ term: 1, from: 'b', match: 1 }));

    expect(half).toBe(0);
    expect(node.status.commitIndex).toBe(1);
  });
});

describe('the configuration in force', () => {
  const entry = (index: number, configuration: Configuration) => ({
    index,
    term: 1,
    kind: 'configuration' as const,
    payload: encodeConfiguration(configuration),
    chain: 0,
  });

  test('is the last one in the log, and truncation takes back one after the other (S51)', () => {
    const membership = new Membership({ index: 0, configuration: votersOf('a') });
    for (const index of [10, 20, 30]) membership.appended(entry(index, votersOf('a', `n${index}`)));

    const indexes = [25, 20, 15, 10].map((from) => {
      membership.truncated(from);
      return membership.effective.index;
    });

    expect(indexes).toEqual([20, 10, 10, 0]);
  });

  test('is the former one again when another leader overwrites its entry', () => {
    const body = { index: 1, term: 1, kind: 'configuration' as const };
    const payload = encodeConfiguration(votersOf('a', 'b', 'c', 'd'));
    const change = { ...body, payload, chain: chainOf(0, { ...body, payload }) };
    const node = new Node('a');
    node.receive(append({ term: 1, entries: [change] }));
    const meanwhile = node.status;

    node.receive(append({ term: 2, from: 'c', entries: logOf([2]) }));

    expect(meanwhile).toMatchObject({ configIndex: 1, configuration: votersOf('a', 'b', 'c', 'd') });
    expect(node.status).toMatchObject({ lastIndex: 1, configIndex: 0, configuration: votersOf('a', 'b', 'c') });
  });

  test('outlives the compaction of its entry', () => {
    const membership = new Membership({ index: 0, configuration: votersOf('a') });
    for (const index of [10, 20]) membership.appended(entry(index, votersOf('a', `n${index}`)));

    membership.compacted(15);
    membership.truncated(18);

    expect(membership.effective).toEqual({ index: 10, configuration: votersOf('a', 'n10') });
  });

  test('is the snapshot’s after an installation, unless a later one stands in the log that stays', () => {
    const snapshot = { index: 12, configuration: votersOf('s') };
    const make = (): Membership => {
      const membership = new Membership({ index: 0, configuration: votersOf('a') });
      for (const index of [10, 20]) membership.appended(entry(index, votersOf('a', `n${index}`)));
      return membership;
    };
    const [kept, dropped] = [make(), make()];

    kept.installed(snapshot, 15, true);
    dropped.installed(snapshot, 15, false);

    expect(kept.effective.index).toBe(20);
    expect(dropped.effective).toBe(snapshot);
  });

  test('is found again at a restart', () => {
    const cluster = withNewcomer();
    cluster.elect('a').step(replace('d', 'c'));
    cluster.wait(3 * heartbeatInterval);
    const before = cluster.node('b').status;

    const { configuration, configIndex } = cluster.node('b').restart().status;

    expect({ configuration, configIndex }).toEqual({
      configuration: before.configuration,
      configIndex: before.configIndex,
    });
  });
});
