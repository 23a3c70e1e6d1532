import { describe, expect, it } from 'vitest';
import { openOn, three } from './client.ts';
import { SimulatedCluster } from './simulated-cluster.ts';

describe('a node whose disk hangs', () => {
  it('tells for how long, and as a leader lets another take over', () => {
    const cluster = new SimulatedCluster(three);
    cluster.startAll();
    const leader = cluster.untilReady();
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
