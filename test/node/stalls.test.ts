import { describe, expect, it } from 'vitest';
import type { QueryOutcome } from '../../src/node/index.ts';
import { SimulatedCluster } from '../../src/testing/index.ts';
import { openOn, three } from './client.ts';
import { Holder } from './holder.ts';

const hourMs = 3_600_000;

/** Three nodes that agree; `follower` and `other` do not lead. */
function ready(): {
  readonly cluster: SimulatedCluster;
  readonly leader: string;
  readonly follower: string;
  readonly other: string;
} {
  const cluster = new SimulatedCluster(three);
  cluster.startAll();
  const leader = cluster.untilReady();
  const [follower = '', other = ''] = cluster.followers();
  return { cluster, leader, follower, other };
}

describe('a node whose disk hangs', () => {
  it('tells for how long, and as a leader lets another take over', () => {
    const { cluster, leader } = ready();
    const client = openOn(cluster, leader, 1, { isHome: false, ttlMs: 60_000 });
    const before = cluster.runtime(leader).writeMs;

    cluster.diskMs.set(leader, 20_000);
    client.acquire('x');
    cluster.time.advance(10_000);
    const whileHung = cluster.runtime(leader).writeMs;
    const next = cluster.leader();
    cluster.time.advance(20_000);
    cluster.diskMs.delete(leader);
    cluster.time.until(() => cluster.runtime(leader).writeMs === 0, 60_000, 'the write ends');

    expect(before).toBeLessThan(10);
    expect(whileHung).toBeGreaterThan(9_000);
    expect(next).not.toBe(leader);
  });
});

describe('a holder that stands still', () => {
  it('for less than its deadline goes on holding, without a word of loss', () => {
    const { cluster, follower, other } = ready();
    const holder = new Holder(cluster, follower).get('x');
    const waiter = new Holder(cluster, other);
    waiter.ask('x');

    cluster.pause(follower);
    cluster.time.advance(5_000);
    cluster.resume(follower);
    const atOnce = holder.isHeld;
    cluster.time.advance(60_000);

    expect([atOnce, holder.isHeld, waiter.isHeld]).toEqual([true, true, false]);
    expect(holder.told.filter((word) => word.startsWith('lost'))).toEqual([]);
  });

  it('for longer says so with its first word, and never claims what another has', () => {
    const { cluster, follower, other } = ready();
    const holder = new Holder(cluster, follower).get('x');
    const waiter = new Holder(cluster, other);
    waiter.ask('x');

    cluster.pause(follower);
    cluster.time.until(() => waiter.isHeld, 30_000, 'the next one holds');
    const toldAsleep = [...holder.told];
    const heldOnWaking = holder.isHeld;
    cluster.resume(follower);
    cluster.time.advance(1);
    const toldOnWaking = [...holder.told];
    waiter.hold?.release(() => {});
    const again = new Holder(cluster, follower).get('x');

    expect([toldAsleep, heldOnWaking, toldOnWaking]).toEqual([[], false, ['lost:deadline']]);
    expect(again.isHeld).toBe(true);
    expect(again.hold?.token).toBeGreaterThan(waiter.hold?.token ?? Number.NaN);
  });

  it('while its machine sleeps is in doubt from its first moment, until the cluster has spoken', () => {
    const { cluster, follower } = ready();
    const holder = new Holder(cluster, follower).get('x');

    cluster.suspend(follower);
    cluster.time.advance(5_000);
    cluster.resume(follower);
    const atOnce = [holder.isHeld, ...holder.told];
    cluster.time.advance(5_000);

    expect(atOnce).toEqual([false, 'jeopardy']);
    expect([holder.isHeld, ...holder.told]).toEqual([true, 'jeopardy', 'recovered']);
  });

  it('while its machine sleeps past the TTL never holds again', () => {
    const { cluster, follower, other } = ready();
    const holder = new Holder(cluster, follower).get('x');
    const waiter = new Holder(cluster, other);
    waiter.ask('x');

    cluster.suspend(follower);
    cluster.time.until(() => waiter.isHeld, 30_000, 'the next one holds');
    cluster.time.advance(60_000);
    cluster.resume(follower);
    const heldAtTimes = [holder.isHeld];
    for (let step = 0; step < 500; step += 1) {
      cluster.time.advance(10);
      heldAtTimes.push(holder.isHeld);
    }

    expect(heldAtTimes).not.toContain(true);
    expect(holder.told).toEqual(['jeopardy', 'lost:session']);
    expect(waiter.isHeld).toBe(true);
  });
});

describe('a leader that stands still (S110, S111)', () => {
  const ways = [
    ['is stopped', 'pause'],
    ['sleeps', 'suspend'],
  ] as const;

  it.each(ways)('and %s is replaced, gives way on waking, and ends nobody', (_, way) => {
    const { cluster, leader, follower, other } = ready();
    const holders = [leader, follower, other].map((id) => new Holder(cluster, id).get(`lock of ${id}`));

    cluster[way](leader);
    cluster.time.advance(5_000);
    const next = cluster.leader() ?? '';
    const { term } = cluster.runtime(next).status();
    cluster.resume(leader);
    cluster.time.advance(60_000);

    expect(next).not.toBe(leader);
    for (const id of three) expect(cluster.runtime(id).status()).toMatchObject({ term, leader: next });
    expect(holders.map((holder) => holder.isHeld)).toEqual([true, true, true]);
    expect(holders.flatMap((holder) => holder.told).filter((word) => word.startsWith('lost'))).toEqual([]);
  });

  it.each(ways)('and %s answers nothing out of its past on waking', (_, way) => {
    const { cluster, leader, follower } = ready();
    const outcomes: QueryOutcome[] = [];
    cluster[way](leader);
    cluster.time.until(() => cluster.leader() !== leader, 30_000, 'another leads');
    cluster.time.advance(1_000);
    const holder = new Holder(cluster, follower).get('x');

    cluster.runtime(leader).query({ kind: 'inspect', name: 'x', consistency: 'linearizable' }, (said) => {
      outcomes.push(said);
    });
    cluster.resume(leader);
    cluster.time.until(() => outcomes.length > 0, 10_000, 'it is answered');

    expect(outcomes).toMatchObject([{ ok: true, value: { holders: [{ token: holder.hold?.token }] } }]);
  });

  it.each(ways)('and %s with all the others ends nobody whose process lives', (_, way) => {
    const { cluster } = ready();
    const holders = three.map((id) => new Holder(cluster, id, 60_000).get(`lock of ${id}`));

    for (const id of three) cluster[way](id);
    cluster.time.advance(20_000);
    for (const id of three) cluster.resume(id);
    cluster.time.advance(60_000);

    expect(holders.map((holder) => holder.isHeld)).toEqual([true, true, true]);
    expect(holders.flatMap((holder) => holder.told).filter((word) => word.startsWith('lost'))).toEqual([]);
  });

  it('acknowledges no heartbeat that came while it was away', () => {
    const { cluster, leader } = ready();
    const client = openOn(cluster, leader, 1, { isHome: false, ttlMs: 60_000 });

    cluster.pause(leader);
    client.beat(1);
    cluster.time.until(() => cluster.leader() !== leader, 30_000, 'another leads');
    for (const id of three) if (id !== leader) cluster.cut(id, leader);
    cluster.resume(leader);
    cluster.time.advance(10_000);

    expect(client.acknowledged).toEqual([]);
  });
});

describe('a follower that stands still (S111)', () => {
  it.each(['pause', 'suspend'] as const)('(%s) disturbs nobody on waking', (way) => {
    const { cluster, leader, follower, other } = ready();
    const { term } = cluster.runtime(leader).status();
    const holder = new Holder(cluster, other).get('x');

    for (let round = 0; round < 5; round += 1) {
      cluster[way](follower);
      cluster.time.advance(5_000);
      cluster.resume(follower);
      cluster.time.advance(500);
    }
    cluster.time.advance(5_000);

    for (const id of three) expect(cluster.runtime(id).status()).toMatchObject({ term, leader });
    expect([holder.isHeld, holder.told]).toEqual([true, []]);
  });
});

describe('a wall clock that is set (S112)', () => {
  it.each([hourMs, -hourMs])('by %i ms, on all nodes in turn, moves no leader and ends no hold', (stepMs) => {
    const { cluster, leader } = ready();
    const { term } = cluster.runtime(leader).status();
    const holders = three.map((id) => new Holder(cluster, id).get(`lock of ${id}`));

    for (const id of three) {
      cluster.clock(id).stepWall(stepMs);
      cluster.time.advance(5_000);
    }

    for (const id of three) expect(cluster.runtime(id).status()).toMatchObject({ term, leader });
    expect(holders.map((holder) => holder.isHeld)).toEqual([true, true, true]);
    const doubts = stepMs > 0 ? ['jeopardy', 'recovered'] : [];
    expect(holders.map((holder) => holder.told)).toEqual([doubts, doubts, doubts]);
  });

  it('back on the leader never makes a later grant look older', () => {
    const { cluster, leader, follower } = ready();
    const first = new Holder(cluster, follower).get('x');
    const sinceOf = (name: string): number | undefined => {
      let since: number | undefined;
      cluster.runtime(leader).query({ kind: 'inspect', name, consistency: 'local' }, (said) => {
        since = said.ok ? JSON.parse(JSON.stringify(said.value)).holders[0].since : undefined;
      });
      cluster.time.until(() => since !== undefined, 5_000, 'it is answered');
      return since;
    };
    const before = sinceOf('x') ?? Number.NaN;

    cluster.clock(leader).stepWall(-hourMs);
    const second = new Holder(cluster, follower).get('y');

    expect([first.isHeld, second.isHeld]).toEqual([true, true]);
    expect(sinceOf('y')).toBeGreaterThanOrEqual(before);
  });
});
