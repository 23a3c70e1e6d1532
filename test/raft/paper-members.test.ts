import { describe, expect, test } from 'vitest';
import { type Configuration, encodeConfiguration, isJoint } from '../../raft/index.ts';
import { Cluster } from './cluster.ts';
import { chainOf, genesis, member, votersOf } from './entries.ts';
import { accepted, append, heartbeat, preVote, preVoteReply, vote, voteReply } from './messages.ts';
import { electionTimeout, heartbeatInterval, Node } from './node.ts';

const replace = (id: string, replaces: string) => ({ kind: 'replace', id: 5, member: member(id), replaces }) as const;

/** Voters `a`, `b`, `c`, and `d`, which knows nothing yet. */
function withNewcomer(): Cluster {
  const voters = ['a', 'b', 'c'].map((each, at) => new Node(each, { seed: at + 1 }));
  return new Cluster([...voters, new Node('d', { configuration: votersOf(), seed: 9 })]);
}

/** All three voters of the former configuration are replaced: no member is in both majorities. */
const apart: Configuration = {
  voters: ['a', 'd', 'e'].map(member),
  outgoing: ['a', 'b', 'c'].map(member),
  learners: [],
};

/** The configurations that stand in the log of `node`, and whether each is joint. */
const stepsOf = (node: Node): readonly string[] =>
  node.disk.entries.flatMap(({ kind }, at) => {
    if (kind !== 'configuration') return [];
    const before = new Node('x', { entries: node.disk.entries.slice(0, at + 1) }).status.configuration;
    return [isJoint(before) ? 'joint' : before.learners.length > 0 ? 'learner' : 'plain'];
  });

describe('6: how a configuration changes', () => {
  test('6: by entries of the log, first to a joint configuration, then out of it; ours with the newcomer as a learner before', () => {
    const cluster = withNewcomer();
    const leader = cluster.elect('a').step(replace('d', 'c'));

    cluster.wait(3 * heartbeatInterval);

    expect(stepsOf(leader)).toEqual(['learner', 'joint', 'plain']);
    expect(leader.status.configuration).toEqual(votersOf('a', 'b', 'd'));
  });

  test('6: a server uses the newest configuration in its log, committed or not', () => {
    const change = { index: 1, term: 1, kind: 'configuration' as const, payload: encodeConfiguration(apart) };
    const node = new Node('a').receive(
      append({ term: 1, entries: [{ ...change, chain: chainOf(genesis.chain, change) }] }),
    );

    expect(node.status).toMatchObject({ commitIndex: 0, configIndex: 1, configuration: apart });
  });

  test('6: while joint, entries go to the servers of both configurations', () => {
    const node = new Node('a', { configuration: apart }).step({ kind: 'campaign' });
    for (const from of ['b', 'd']) node.receive(preVoteReply({ term: 1, from }));
    node.outbox.length = 0;

    for (const from of ['b', 'd']) node.receive(voteReply({ term: 1, from }));

    expect(new Set(node.sent('append').map(({ to }) => to))).toEqual(new Set(['b', 'c', 'd', 'e']));
  });

  test.each(['c', 'e'])('6: while joint, a server of either configuration may lead: %s', (id) => {
    const node = new Node(id, { configuration: apart }).step({ kind: 'campaign' });

    for (const from of ['a', 'b', 'd']) node.receive(preVoteReply({ term: 1, from, to: id }));
    for (const from of ['a', 'b', 'd']) node.receive(voteReply({ term: 1, from, to: id }));

    expect(node.status.role).toBe('leader');
  });

  test.each([
    ['of the old one alone', ['b', 'c']],
    ['of the new one alone', ['d', 'e']],
  ])('6: while joint, a majority %s neither elects nor commits', (_which, friends) => {
    const [standing, leading] = [new Node('a', { configuration: apart }), new Node('a', { configuration: apart })];
    for (const node of [standing, leading]) {
      node.step({ kind: 'campaign' });
      for (const from of ['b', 'd']) node.receive(preVoteReply({ term: 1, from }));
    }
    for (const from of ['b', 'd']) leading.receive(voteReply({ term: 1, from }));

    for (const from of friends) standing.receive(voteReply({ term: 1, from }));
    for (const from of friends) leading.receive(accepted({ term: 1, from, match: 1 }));

    expect(standing.status.role).toBe('candidate');
    expect(leading.status).toMatchObject({ role: 'leader', commitIndex: 0 });
  });

  test('6: the new configuration is proposed once the joint one is committed, and not before', () => {
    const cluster = withNewcomer();
    const leader = cluster.elect('a').step(replace('d', 'c'));
    const isFinal = (): boolean => stepsOf(leader).at(-1) === 'plain';

    for (let rounds = 0; rounds < 100 && !isFinal(); rounds++) {
      if (!cluster.round()) cluster.wait(50);
    }
    const joint = leader.disk.entries.findLast(
      ({ kind }, at) => kind === 'configuration' && at + 1 < leader.status.lastIndex,
    );

    expect(isFinal()).toBe(true);
    expect(leader.status.commitIndex).toBeGreaterThanOrEqual(joint?.index ?? Number.NaN);
  });

  test('6: at no moment can the old and the new majority decide without each other', () => {
    const cluster = withNewcomer();
    cluster.elect('a').step(replace('d', 'c'));
    cluster.isolate('c');
    const aloneWith = (...ids: readonly string[]): boolean => {
      const wanted = JSON.stringify(votersOf(...ids).voters);
      const plain = [...cluster.nodes.values()]
        .map(({ status }) => status.configuration)
        .filter((each) => !isJoint(each));
      return plain.filter(({ voters }) => JSON.stringify(voters) === wanted).length >= 2;
    };
    const seen = new Set<string>();

    for (let rounds = 0; rounds < 60; rounds++) {
      seen.add(`old ${aloneWith('a', 'b', 'c')}, new ${aloneWith('a', 'b', 'd')}`);
      if (!cluster.round()) cluster.wait(50);
    }

    expect([...seen]).toEqual(['old true, new false', 'old false, new false', 'old false, new true']);
  });
});

describe('6: three further matters', () => {
  test('6: newcomers get the log without a vote, and decide only once they have caught up', () => {
    const cluster = withNewcomer();
    const leader = cluster.elect('a');
    for (let id = 0; id < 600; id++) leader.propose('x', id);
    cluster.settle();
    cluster.loses = ({ kind, from }) => kind === 'append-reply' && from === 'd';
    leader.step(replace('d', 'c'));
    cluster.wait(electionTimeout);
    const behind = leader.status.configuration;

    cluster.loses = () => false;
    cluster.wait(electionTimeout);

    expect(behind.voters.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    expect(behind.learners).toMatchObject([{ id: 'd' }]);
    expect(leader.status.configuration).toEqual(votersOf('a', 'b', 'd'));
  });

  test('6: a learner’s acknowledgement commits nothing', () => {
    const configuration = { ...votersOf('a', 'b', 'c'), learners: [{ ...member('d'), replaces: undefined }] };
    const node = new Node('a', { configuration }).step({ kind: 'campaign' });
    node.receive(preVoteReply({ term: 1 }), voteReply({ term: 1 }));

    const commits = ['d', 'b'].map((from) => node.receive(accepted({ term: 1, from, match: 1 })).status.commitIndex);

    expect(commits).toEqual([0, 1]);
  });

  test('6: a leader that is not in the new configuration leads until that is committed, without counting itself', () => {
    const gone: Configuration = {
      voters: ['b', 'c', 'd'].map(member),
      outgoing: ['a', 'b', 'c'].map(member),
      learners: [],
    };
    const node = new Node('a', { configuration: gone }).step({ kind: 'campaign' });
    for (const from of ['b', 'c']) node.receive(preVoteReply({ term: 1, from }));
    for (const from of ['b', 'c']) node.receive(voteReply({ term: 1, from }));
    node.receive(accepted({ term: 1, match: 1 }), accepted({ term: 1, from: 'd', match: 1 }));
    const { lastIndex, commitIndex, configuration } = node.status;
    const request = Math.max(...node.sent('append').map((sent) => sent.request));

    node.receive(accepted({ term: 1, from: 'b', request, match: lastIndex }));
    const withOne = node.status;
    node.receive(accepted({ term: 1, from: 'd', request, match: lastIndex }));

    expect(commitIndex).toBe(lastIndex - 1);
    expect(configuration).toEqual(votersOf('b', 'c', 'd'));
    expect(withOne).toMatchObject({ role: 'leader', commitIndex: lastIndex - 1 });
    expect(node.status).toMatchObject({ role: 'follower', term: 1, commitIndex: lastIndex });
  });

  test('6: a voter that hears its leader gives nobody its vote, nor takes a term from anybody', () => {
    const node = new Node('a', { term: 3 }).receive(heartbeat({ term: 3, from: 'b' }));

    node.wait(electionTimeout - 50).receive(vote({ term: 8, from: 'c', lastIndex: 9, lastTerm: 7 }));

    expect(node.sent('vote-reply')).toMatchObject([{ granted: false, term: 3 }]);
    expect(node.status).toMatchObject({ term: 3, leader: 'b' });
  });

  test('6, ours: who was removed and knows no newer configuration is refused even when no leader is heard', () => {
    const node = new Node('a', { term: 3 });

    node.receive(
      preVote({ term: 4, from: 'x', lastIndex: 9, lastTerm: 3 }),
      vote({ term: 4, from: 'x', lastIndex: 9, lastTerm: 3 }),
    );

    expect(node.sent('pre-vote-reply')).toMatchObject([{ granted: false }]);
    expect(node.sent('vote-reply')).toMatchObject([{ granted: false, term: 3 }]);
  });
});
