import { describe, expect, it } from 'vitest';
import { decodeBatch } from '../../src/node/batch-codec.ts';
import { encodeBatch } from '../../src/node/index.ts';
import { commandTuple, defaultTableLimits, Table, type TableEvent } from '../../src/table/index.ts';
import { SimulatedCluster } from '../../src/testing/index.ts';
import { Cluster } from '../raft/cluster.ts';
import { votersOf } from '../raft/entries.ts';
import { heartbeatInterval, Node } from '../raft/node.ts';
import { acquire, nonceOf } from '../table/world.ts';
import { grantedTo, openOn, readyCluster, type TestClient } from './client.ts';
import { allTogether } from './straggler.ts';

const pending = 50;

/** Asks for as many locks at once, none of which is answered yet. */
const askMany = (client: TestClient): readonly number[] =>
  Array.from({ length: pending }, (_, at) => client.acquire(`pending-${at}`));

const untilAllAnswered = (cluster: SimulatedCluster, client: TestClient, sequences: readonly number[]): void =>
  cluster.time.until(() => sequences.every((sequence) => client.answers.has(sequence)), 60_000, 'all are answered');

describe('fifty proposals that wait at a leader (S39)', () => {
  it('are each settled once, and executed once, when it loses its leadership', () => {
    const { cluster, leader, followers } = readyCluster();
    const client = openOn(cluster, leader, 1, { isHome: false, ttlMs: 3_600_000 });
    cluster.isolate(leader);

    const sequences = askMany(client);
    cluster.time.until(() => followers.includes(cluster.leader() ?? ''), 20_000, 'another leads');
    const early = client.history.length;
    cluster.heal();
    untilAllAnswered(cluster, client, sequences);
    cluster.time.advance(10_000);

    expect(early).toBe(0);
    expect(client.history).toHaveLength(pending);
    expect(new Set(sequences.map((sequence) => client.token(sequence)))).toEqual(
      new Set(Array.from({ length: pending }, (_, at) => at + 1)),
    );
  });

  it('are each settled once when a snapshot passes them by', () => {
    const world = allTogether();
    const { cluster, leader, other, lagging } = world;
    const asked = cluster.runtime(leader).status().commitIndex + pending;
    const former = openOn(cluster, leader, 5, { isHome: false, ttlMs: 3_600_000 });
    cluster.isolate(leader);
    const sequences = askMany(former);
    cluster.time.until(() => [other, lagging].includes(cluster.leader() ?? ''), 20_000, 'another leads');
    const next = cluster.leader() ?? '';
    const rival = openOn(cluster, next, 6, { isHome: false, ttlMs: 3_600_000 });
    for (let at = 0; at < 2 * pending; at += 1) grantedTo(cluster, rival, `elsewhere-${at}`);
    const cut = cluster.disks.get(next)?.image.log?.base.index ?? 0;

    cluster.heal();
    untilAllAnswered(cluster, former, sequences);
    cluster.time.advance(10_000);

    const tokens = sequences.map((sequence) => former.token(sequence));
    expect(cut).toBeGreaterThan(asked);
    expect(former.history).toHaveLength(pending);
    expect(new Set(tokens).size).toBe(pending);
  });

  it('are each unknown, and told nothing more, when it shuts down', () => {
    const { cluster, leader } = readyCluster();
    const client = openOn(cluster, leader, 1, { isHome: false, ttlMs: 3_600_000 });
    cluster.isolate(leader);
    let isStopped = false;

    askMany(client);
    cluster.runtime(leader).stop({ deadlineMs: 500 }, () => {
      isStopped = true;
    });
    cluster.time.until(() => isStopped, 5_000, 'it stops');
    cluster.heal();
    cluster.time.advance(10_000);

    expect(client.ended_).toBe('unknown');
    expect(client.history).toEqual([]);
  });
});

describe('a grant', () => {
  it('is told once to who waits, by the table of its own node, whoever leads when it comes (S92)', () => {
    const { cluster, leader, followers } = readyCluster();
    const [near, far] = followers;
    const holder = openOn(cluster, far, 1, { isHome: false, ttlMs: 3_600_000 });
    const waiter = openOn(cluster, near, 2, { isHome: false, ttlMs: 3_600_000 });
    const token = grantedTo(cluster, holder, 'x');
    const sequence = waiter.acquire('x');
    cluster.time.until(() => waiter.answers.get(sequence)?.kind === 'queued', 5_000, 'it waits');
    // What the leader applies reaches the waiter's node only after the leader is gone.
    cluster.linkMs = (from, to) => (from === leader && to === near ? 500 : 1);

    holder.release('x', token);
    cluster.time.advance(20);
    cluster.kill(leader);
    cluster.time.until(() => waiter.answers.get(sequence)?.kind === 'granted', 20_000, 'it is granted');
    cluster.start(leader);
    cluster.time.advance(20_000);

    expect(waiter.history.filter(({ kind }) => kind === 'granted')).toEqual([
      { kind: 'granted', token: token + 1, grantedAt: expect.any(Number) },
    ]);
  });

  it('is neither skipped nor repeated by a restart, at whichever moment the power goes (S80)', () => {
    const tokens = Array.from({ length: 25 }, (_, at) => {
      const cluster = new SimulatedCluster(['solo'], { limits: { checkpointEntries: 3, keptEntries: 0 } });
      cluster.startAll();
      cluster.untilReady();
      cluster.diskMs.set('solo', 4);
      const client = openOn(cluster, 'solo', 1, { isHome: false, ttlMs: 3_600_000 });
      let asked = 0;
      const ask = (): void => {
        asked += 1;
        client.acquire(`lock-${asked}`);
      };
      for (let ms = 0; ms < 60 + at; ms += 3) {
        ask();
        cluster.time.advance(3);
      }

      cluster.kill('solo');
      const told = client.history.length;
      cluster.start('solo');
      cluster.untilReady();
      const later = openOn(cluster, 'solo', 2, { isHome: false, ttlMs: 3_600_000 });
      const token = grantedTo(cluster, later, 'last');

      return {
        atLeast: told + 1,
        token,
        atMost: asked + 1,
        first: client.history.map((_, place) => client.token(place + 1)),
      };
    });

    for (const { atLeast, token, atMost, first } of tokens) {
      expect(token).toBeGreaterThanOrEqual(atLeast);
      expect(token).toBeLessThanOrEqual(atMost);
      expect(first).toEqual(first.map((_, place) => place + 1));
    }
    expect(new Set(tokens.map(({ token }) => token)).size).toBeGreaterThan(3);
  });
});

describe('a proposal of five that its leader lost sight of', () => {
  it('was unknown, is committed by a later leader after all, and is executed once though it was repeated (S82)', () => {
    const ids = ['a', 'b', 'c', 'd', 'e'];
    const cluster = new Cluster(
      ids.map((id, at) => new Node(id, { configuration: votersOf(...ids), seed: at + 1, term: 1 })),
    );
    const a = cluster.elect('a');
    const propose = (node: Node, id: number, tuple: readonly unknown[]): void =>
      void node.step({ kind: 'propose', id, payload: encodeBatch(1_000, [tuple]) });
    propose(a, 1, commandTuple({ kind: 'open', nonce: nonceOf(1), ttlMs: 10_000, home: undefined, label: 'x' }));
    cluster.settle();
    const request = commandTuple(acquire([1, 1], 'x'));
    cluster.connect(['a', 'e']);
    propose(a, 2, request);
    cluster.settle();
    const uncommitted = a.status;
    // b leads the next term and truncates a's copy; its own entry stays on a and b.
    cluster.forget().connect(['b', 'c', 'd']);
    cluster.loses = ({ kind }) => kind === 'append';
    cluster.elect('b');
    cluster.loses = () => false;
    cluster.forget().connect(['a', 'b']);
    cluster.node('b').pass(0).pass(200);
    cluster.settle();
    const truncated = a.disk.entries.at(-1);

    cluster.forget().connect(['c', 'd', 'e']);
    const e = cluster.elect('e');
    cluster.heal();
    cluster.wait(2 * heartbeatInterval);
    propose(e, 3, request);
    cluster.settle();
    const [here, there] = [a, e].map((node) => executed(node));

    expect(a.proposals.at(-1)).toMatchObject({ id: 2, kind: 'accepted', index: uncommitted.lastIndex });
    expect(uncommitted.commitIndex).toBe(uncommitted.lastIndex - 1);
    expect(truncated).toMatchObject({ index: uncommitted.lastIndex, kind: 'noop' });
    expect(e.proposals).toMatchObject([{ id: 3, kind: 'accepted' }]);
    expect(here?.filter(({ kind }) => kind === 'granted')).toEqual([
      { kind: 'granted', name: 'x', session: 1, token: 1 },
    ]);
    expect(here?.filter(({ kind }) => kind === 'answered')).toHaveLength(2);
    expect(there).toEqual(here);
  });
});

/** What a table says to all that `node` has applied. */
function executed(node: Node): readonly TableEvent[] {
  const table = new Table(defaultTableLimits);
  const events: TableEvent[] = [];
  for (const { kind, index, payload } of node.applied) {
    if (kind !== 'commands') continue;
    const { stamp, commands } = decodeBatch(payload);
    for (const command of commands) table.apply(index, stamp, command, (event) => events.push(event));
  }
  return events;
}
