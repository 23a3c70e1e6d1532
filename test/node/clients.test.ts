import { describe, expect, it } from 'vitest';
import { SessionEngine } from '../../src/session-engine.ts';
import type { SimulatedCluster } from '../../src/testing/index.ts';
import { readyCluster } from './client.ts';

/** A remote client's sessions and locks. */
const clientOf = (cluster: SimulatedCluster, name: string): SessionEngine => {
  const { gateway, clock } = cluster.connect(name);
  return new SessionEngine({ gateway, clock, random: cluster.random, ttlMs: 10_000, label: name, isHome: false });
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
