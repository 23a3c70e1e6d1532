import { describe, expect, it } from 'vitest';
import {
  type ClusterEvent,
  type EventPosition,
  type EventsAnswer,
  type QueryOutcome,
  wholeEntry,
} from '../../src/node/index.ts';
import { SimulatedCluster } from '../../src/testing/index.ts';
import { grantedTo, openOn, readyCluster } from './client.ts';
import { allTogether, fallenBehind, leaveBehind, untilCaughtUp } from './straggler.ts';

const genesis: EventPosition = { index: 0, place: wholeEntry };

const isAnswer = (value: unknown): value is EventsAnswer => typeof value === 'object' && value !== null;

/** One question; `at` is the virtual time of its answer. */
const asked = (cluster: SimulatedCluster, nodeId: string, after: EventPosition) => {
  const outcomes: { readonly outcome: QueryOutcome; readonly at: number }[] = [];
  cluster.runtime(nodeId).query({ kind: 'events', prefix: '', after }, (outcome) => {
    outcomes.push({ outcome, at: cluster.time.now });
  });
  return outcomes;
};

/** The answer to one question, which may wait for its time. */
const answerOf = (cluster: SimulatedCluster, nodeId: string, after: EventPosition): EventsAnswer => {
  const outcomes = asked(cluster, nodeId, after);
  cluster.time.until(() => outcomes.length > 0, 5_000, 'the question is answered');
  const outcome = outcomes[0]?.outcome;
  if (outcome?.ok !== true || !isAnswer(outcome.value)) throw new Error('no answer');
  return outcome.value;
};

/** All events behind a position. */
const eventsOf = (cluster: SimulatedCluster, nodeId: string, from = genesis): readonly ClusterEvent[] => {
  const seen: ClusterEvent[] = [];
  for (let after = from; ; ) {
    const answer = answerOf(cluster, nodeId, after);
    if (!('events' in answer)) throw new Error(`lost before ${answer.firstIndex}`);
    if (answer.events.length === 0) return seen;
    seen.push(...answer.events);
    after = answer.next;
  }
};

describe('the events of a cluster', () => {
  it('are the same at all nodes', () => {
    const { cluster, leader, followers } = readyCluster();
    const [follower] = followers;
    const client = openOn(cluster, follower, 1);
    for (const name of ['x', 'y', 'z']) client.release(name, grantedTo(cluster, client, name));
    untilCaughtUp(cluster, follower);
    cluster.time.advance(1_000);

    const lists = [leader, ...followers].map((nodeId) => eventsOf(cluster, nodeId));

    expect(lists[0]?.filter(({ kind }) => kind === 'granted')).toHaveLength(3);
    expect(lists[0]?.filter(({ kind }) => kind === 'released')).toHaveLength(3);
    expect(lists[1]).toEqual(lists[0]);
    expect(lists[2]).toEqual(lists[0]);
  });

  it('are told as soon as they are applied', () => {
    const { cluster, leader } = readyCluster();
    const client = openOn(cluster, leader, 1);
    const head = eventsOf(cluster, leader).at(-1) ?? genesis;
    const outcomes = asked(cluster, leader, head);
    const waiting = outcomes.length;

    const sequence = client.acquire('x');
    cluster.time.until(() => client.answers.has(sequence), 5_000, 'it is granted');
    const grantedAt = cluster.time.now;
    cluster.time.advance(50);

    expect(waiting).toBe(0);
    expect(outcomes).toMatchObject([
      { at: grantedAt, outcome: { ok: true, value: { events: [{ kind: 'granted' }] } } },
    ]);
  });

  it('are answered for with none after a while, so that nobody waits who has gone', () => {
    const { cluster, leader } = readyCluster();
    const after = { index: 10_000, place: 0 };
    const begun = cluster.time.now;
    const outcomes = asked(cluster, leader, after);

    cluster.time.advance(10_000);

    expect(outcomes).toMatchObject([{ outcome: { ok: true, value: { events: [], next: after } } }]);
    expect((outcomes[0]?.at ?? 0) - begun).toBe(2_000);
  });

  it('can be had again, at their places, after a restart', () => {
    const cluster = new SimulatedCluster(['solo'], { limits: { checkpointEntries: 16, keptEntries: 4 } });
    cluster.startAll();
    cluster.untilReady();
    const client = openOn(cluster, 'solo', 1, { isHome: false, ttlMs: 3_600_000 });
    for (let n = 0; n < 40; n += 1) grantedTo(cluster, client, `lock-${n}`);
    const before = eventsOf(cluster, 'solo');
    cluster.kill('solo');
    cluster.start('solo');
    cluster.untilReady();

    const answer = answerOf(cluster, 'solo', genesis);
    const first = 'firstIndex' in answer ? answer.firstIndex : 0;
    const after = eventsOf(cluster, 'solo', { index: first - 1, place: wholeEntry });

    const old = before.filter(({ index }) => index >= first);
    expect(first).toBeGreaterThan(16);
    expect(old.length).toBeGreaterThan(0);
    expect(after.slice(0, old.length)).toEqual(old);
  });

  it('have a gap where a snapshot was installed, and whoever waits there hears of it', () => {
    const world = allTogether();
    const { cluster, lagging, leader } = world;
    cluster.time.advance(1_000);
    const head = eventsOf(cluster, lagging).at(-1) ?? genesis;
    leaveBehind(world);

    cluster.heal();
    untilCaughtUp(cluster, lagging);
    const answer = answerOf(cluster, lagging, head);

    expect(answer).toMatchObject({ firstIndex: expect.any(Number) });
    const first = 'firstIndex' in answer ? answer.firstIndex : 0;
    const behind = { index: first - 1, place: wholeEntry };
    cluster.time.advance(1_000);
    expect(eventsOf(cluster, lagging, behind)).toEqual(eventsOf(cluster, leader, behind));
  });

  it('are lost at once to a reader that waits while a snapshot is installed', () => {
    const { cluster, lagging } = fallenBehind();
    const { appliedIndex } = cluster.runtime(lagging).status();
    cluster.heal();
    let firstIndex = 0;
    const follow = (after: EventPosition): void => {
      cluster.runtime(lagging).query({ kind: 'events', prefix: '', after }, (outcome) => {
        if (!outcome.ok || !isAnswer(outcome.value)) return;
        if ('firstIndex' in outcome.value) firstIndex = outcome.value.firstIndex;
        else follow(outcome.value.next);
      });
    };
    follow({ index: appliedIndex, place: wholeEntry });

    cluster.time.until(() => firstIndex > 0, 60_000, 'the reader hears of the gap');

    expect(firstIndex).toBeGreaterThan(appliedIndex + 1);
  });

  it('end for all who wait when the node stops', () => {
    const { cluster, leader } = readyCluster();
    const outcomes = asked(cluster, leader, { index: 10_000, place: 0 });

    cluster.runtime(leader).stop({ deadlineMs: 0 }, () => undefined);
    cluster.time.advance(100);

    expect(outcomes).toMatchObject([{ outcome: { ok: false, failure: { code: 'SHUTTING_DOWN' } } }]);
  });

  it('end with the reason for which the node fails', () => {
    const { cluster, leader } = readyCluster();
    const client = openOn(cluster, leader, 1);
    const outcomes = asked(cluster, leader, { index: 10_000, place: 0 });

    cluster.disks.get(leader)?.failNext({ kind: 'write', error: new Error('EIO'), reachesDisk: false });
    client.acquire('x');
    cluster.time.advance(1_000);

    expect(outcomes).toMatchObject([{ outcome: { ok: false, failure: { code: 'BACKEND' } } }]);
  });
});
