import { describe, expect, it } from 'vitest';
import type { SessionListener } from '../../src/node/index.ts';
import { grantedTo, openOn, readyCluster, type TestClient } from './client.ts';
import { allTogether, leaveBehind, untilCaughtUp } from './straggler.ts';

const nonceOf = (n: number): string => n.toString(16).padStart(32, '0');

/** Another stream's end of a session, which hears of contention alone. */
const ear = (told: string[]): SessionListener => ({
  answered: () => {},
  beatAcknowledged: () => {},
  taken: () => {},
  revokeRequested: () => {},
  contended: ({ name }) => told.push(name),
  ended: () => {},
});

describe('the node of a holder', () => {
  const scene = () => {
    const { cluster, leader, followers } = readyCluster();
    const holder = openOn(cluster, followers[0], 1);
    const other = openOn(cluster, leader, 2);
    const hold = { name: 'x', token: grantedTo(cluster, holder, 'x') };
    const runtime = cluster.runtime(followers[0]);
    const waits = (client: TestClient): void => {
      const sequence = client.acquire('x');
      cluster.time.until(() => client.answers.get(sequence)?.kind === 'queued', 5_000, 'it waits');
      // Until the follower has it, too.
      cluster.time.advance(500);
    };
    return { cluster, runtime, holder, other, hold, waits, leader };
  };

  it('tells its session of those who wait, by way of whatever node, if it wants to hear', () => {
    const { runtime, holder, other, hold, waits, cluster } = scene();
    waits(other);
    const unasked = holder.contentions.length;

    runtime.watchHold(holder.session, hold);
    const inside = holder.contentions.length;
    cluster.time.advance(10);

    expect([unasked, inside]).toEqual([0, 0]);
    expect(holder.contentions).toEqual([hold]);
    expect(other.contentions).toEqual([]);
  });

  it('does not tell who wants to hear no more', () => {
    const { runtime, holder, other, hold, waits } = scene();
    runtime.watchHold(holder.session, hold);
    runtime.unwatchHold(holder.session, hold);

    waits(other);

    expect(holder.contentions).toEqual([]);
  });

  it('forgets what was wanted when another stream takes the session over, or its stream ends', () => {
    const { runtime, holder, other, hold, waits } = scene();
    const [second, third]: [string[], string[]] = [[], []];
    const [taker, last] = [ear(second), ear(third)];
    runtime.watchHold(holder.session, hold);
    runtime.attach(holder.session, nonceOf(1), taker);
    waits(other);
    const byTaker = [...second];
    runtime.watchHold(holder.session, hold);
    runtime.detach(holder.session, taker);

    runtime.attach(holder.session, nonceOf(1), last);
    waits(other);

    expect([holder.contentions, byTaker, second, third]).toEqual([[], [], [], []]);
  });

  it('is not kept from it by the late end of the stream before', () => {
    const { runtime, holder, other, hold, waits } = scene();
    const told: string[] = [];
    runtime.attach(holder.session, nonceOf(1), ear(told));
    runtime.watchHold(holder.session, hold);

    runtime.detach(holder.session, holder);
    waits(other);

    expect(told).toEqual(['x']);
  });

  it('tells it once a snapshot brings the news', () => {
    const world = allTogether();
    const { cluster, lagging, client } = world;
    const holder = openOn(cluster, lagging, 2, { ttlMs: 3_600_000 });
    const hold = { name: 'x', token: grantedTo(cluster, holder, 'x') };
    cluster.runtime(lagging).watchHold(holder.session, hold);
    cluster.isolate(lagging);
    client.acquire('x');
    leaveBehind(world);
    const beforehand = holder.contentions.length;

    cluster.heal();
    untilCaughtUp(cluster, lagging);

    expect(beforehand).toBe(0);
    expect(holder.contentions).toEqual([hold]);
  });
});
