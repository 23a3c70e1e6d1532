import { describe, expect, it } from 'vitest';
import type { Hold } from '../../src/hold.ts';
import { SessionEngine } from '../../src/session-engine.ts';
import type { SimulatedCluster } from '../../src/testing/index.ts';
import { decodeLock } from '../../src/views.ts';
import { grantedTo, openOn, readyCluster } from './client.ts';

/** A remote client's sessions and locks. */
const clientOf = (cluster: SimulatedCluster, name: string): SessionEngine => {
  const { gateway, clock } = cluster.connect(name);
  return new SessionEngine({ gateway, clock, random: cluster.random, ttlMs: 60_000, label: name, isHome: false });
};

const wish = (name: string) => ({ name, waits: true, limitMs: undefined });

describe('waiters of one client that fill a node', () => {
  it('do not keep the holder from the release that they wait for', () => {
    const { cluster } = readyCluster({ limits: { openRequestsMax: 20 } });
    const holder = clientOf(cluster, 'holder');
    const waiters = clientOf(cluster, 'waiters');
    const release: (() => void)[] = [];
    let granted = 0;
    holder.acquire(wish('x'), (outcome) => {
      if (outcome.kind === 'granted') release.push(() => outcome.hold.release(() => undefined));
    });
    cluster.time.until(() => release.length === 1, 5_000, 'the lock is held');
    for (let n = 0; n < 30; n += 1) {
      waiters.acquire(wish('x'), (outcome) => {
        if (outcome.kind !== 'granted') return;
        granted += 1;
        outcome.hold.release(() => undefined);
      });
    }
    cluster.time.advance(2_000);

    release[0]?.();

    cluster.time.until(() => granted === 30, 30_000, 'all were granted');
    expect(granted).toBe(30);
  });
});

describe('a client that changes to a node that has no room', () => {
  it('hears there of what it was granted meanwhile, for others may fill the node who wait for that', () => {
    const { cluster, leader, followers } = readyCluster({ limits: { openRequestsMax: 4 } });
    const [there] = followers;
    const holder = openOn(cluster, leader, 1, { ttlMs: 600_000 });
    const token = grantedTo(cluster, holder, 'x');
    const client = clientOf(cluster, 'client');
    const outcomes: string[] = [];
    client.acquire(wish('x'), (outcome) => {
      outcomes.push(outcome.kind);
      if (outcome.kind === 'granted') outcome.hold.release(() => undefined);
    });
    cluster.time.advance(1_000);
    for (const [n, id] of [leader, ...followers].entries()) {
      const waiter = openOn(cluster, id, 10 + n, { ttlMs: 600_000 });
      for (let more = 0; more < 4; more += 1) waiter.acquire('x');
    }
    cluster.time.advance(1_000);

    cluster.cut('client', leader);
    holder.release('x', token);
    cluster.time.until(() => outcomes.length > 0, 30_000, 'it hears of its grant elsewhere');

    expect(outcomes).toEqual(['granted']);
    expect(cluster.runtime(there).hasRoom).toBe(false);
  });
});

describe('a node that may have few requests open', () => {
  it('has room again as soon as they are answered, however many there were', () => {
    const { cluster, leader } = readyCluster({ limits: { openRequestsMax: 3 } });
    const client = openOn(cluster, leader, 1);

    for (let n = 0; n < 10; n += 1) client.release(`lock-${n}`, grantedTo(cluster, client, `lock-${n}`));
    cluster.time.advance(100);

    expect(cluster.runtime(leader).reluctance()).toBeUndefined();
  });
});

describe('a node that fails', () => {
  it('costs its remote clients nothing: they keep their locks by way of another', () => {
    const { cluster, leader } = readyCluster();
    const client = clientOf(cluster, 'client');
    const told: string[] = [];
    const holds: Hold[] = [];
    client.acquire(wish('x'), (outcome) => {
      if (outcome.kind !== 'granted') return void told.push(outcome.kind);
      holds.push(outcome.hold);
      outcome.hold.listen({
        jeopardy: () => told.push('jeopardy'),
        recovered: () => told.push('recovered'),
        lost: () => told.push('lost'),
      });
    });
    cluster.time.until(() => holds.length === 1, 5_000, 'the lock is held');

    cluster.disks.get(leader)?.failNext({ kind: 'write', error: new Error('EIO'), reachesDisk: false });
    client.acquire(wish('y'), () => {});
    cluster.time.until(() => cluster.failures(leader).length > 0, 5_000, 'it fails');
    cluster.time.advance(120_000);

    expect(told).not.toContain('lost');
    expect(holds.map((hold) => hold.isHeld)).toEqual([true]);
  });
});

describe('an acquire whose grant was told to nobody', () => {
  it('leaves nothing held once the caller has given up, though other requests were settled after it', () => {
    const { cluster, leader, followers } = readyCluster();
    const holder = openOn(cluster, followers[0], 1, { ttlMs: 600_000 });
    const token = grantedTo(cluster, holder, 'x');
    const client = clientOf(cluster, 'client');
    const outcomes: string[] = [];
    let rounds = 0;
    const waiting = client.acquire(wish('x'), ({ kind }) => outcomes.push(kind));
    const work = (): void => {
      client.acquire(wish('busy'), (outcome) => {
        if (outcome.kind !== 'granted') throw new Error(outcome.kind);
        rounds += 1;
        outcome.hold.release(() => rounds < 20 && work());
      });
    };
    work();
    cluster.time.until(() => rounds === 20, 20_000, 'other requests were settled');

    cluster.cut('client', leader);
    holder.release('x', token);
    cluster.time.advance(50);
    waiting.giveUp({ kind: 'timeout' });
    cluster.kill(leader);
    cluster.heal();

    cluster.time.until(() => client.isIdle, 20_000, 'the client has cleaned up');
    cluster.time.advance(1_000);
    expect(outcomes).toEqual(['given-up']);
    expect(holdersOf(cluster, followers[0], 'x')).toEqual([]);
  });
});

const holdersOf = (cluster: SimulatedCluster, nodeId: string, name: string): readonly unknown[] => {
  let holders: readonly unknown[] = ['not known'];
  cluster.runtime(nodeId).query({ kind: 'inspect', name, consistency: 'local' }, (outcome) => {
    if (outcome.ok) holders = decodeLock(outcome.value)?.holders ?? [];
  });
  cluster.time.advance(100);
  return holders;
};
