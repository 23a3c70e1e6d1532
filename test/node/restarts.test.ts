import { describe, expect, it } from 'vitest';
import { SimulatedCluster } from '../../src/testing/index.ts';
import { grantedTo, openOn, three } from './client.ts';

describe('restarts and snapshots', () => {
  it('remember every acknowledged grant after all nodes lost their power', () => {
    const cluster = new SimulatedCluster(three);
    cluster.startAll();
    const leader = cluster.untilReady();
    const holder = openOn(cluster, leader, 1, { ttlMs: 60_000, isHome: false });
    const token = grantedTo(cluster, holder, 'x');

    for (const id of three) cluster.kill(id);
    cluster.startAll();
    const next = cluster.untilReady();
    const rival = openOn(cluster, next, 2);
    const tried = rival.acquire('x', false);
    const free = grantedTo(cluster, rival, 'y');

    expect(rival.answers.get(tried)?.kind).toBe('busy');
    expect(free).toBeGreaterThan(token);
  });

  it('install a snapshot in a node that fell out of the log, and settle what it waited for', () => {
    const limits = { checkpointEntries: 20, keptEntries: 10 };
    const cluster = new SimulatedCluster(three, { limits });
    cluster.startAll();
    const leader = cluster.untilReady();
    const [lagging = ''] = cluster.followers();
    const waiter = openOn(cluster, lagging, 1, { ttlMs: 3_600_000 });
    const holder = openOn(cluster, leader, 2, { ttlMs: 3_600_000 });
    const token = grantedTo(cluster, holder, 'x');
    const waiting = waiter.acquire('x');
    cluster.time.until(() => waiter.answers.get(waiting)?.kind === 'queued', 5_000, 'it waits');

    cluster.isolate(lagging);
    holder.release('x', token);
    for (let n = 0; n < 100; n += 1) grantedTo(cluster, holder, `other-${n}`);
    cluster.heal();
    cluster.time.until(() => waiter.answers.get(waiting)?.kind === 'granted', 20_000, 'it learns of its grant');
    cluster.time.until(
      () => cluster.runtime(lagging).status().appliedIndex === cluster.runtime(leader).status().appliedIndex,
      5_000,
      'caught up',
    );

    expect(cluster.runtime(lagging).digest()?.digest).toBe(cluster.runtime(leader).digest()?.digest);
  });

  it('load the same table from checkpoint and log', () => {
    const cluster = new SimulatedCluster(['solo'], { limits: { checkpointEntries: 16, keptEntries: 4 } });
    cluster.startAll();
    cluster.untilReady();
    const client = openOn(cluster, 'solo', 1, { ttlMs: 3_600_000, isHome: false });
    for (let n = 0; n < 50; n += 1) grantedTo(cluster, client, `lock-${n}`);
    const view = (): unknown => {
      let value: unknown;
      cluster
        .runtime('solo')
        .query({ kind: 'list', prefix: '', limit: 100, after: undefined, consistency: 'local' }, (outcome) => {
          value = outcome.ok ? outcome.value : outcome.failure;
        });
      cluster.time.until(() => value !== undefined, 5_000, 'it answers');
      return value;
    };
    const before = view();

    cluster.kill('solo');
    cluster.start('solo');
    cluster.untilReady();

    expect(view()).toEqual(before);
  });
});
