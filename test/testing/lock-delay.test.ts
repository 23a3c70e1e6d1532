import { expect, it } from 'vitest';
import { start } from './start.ts';

it('a lock whose holder was cut off is granted once its lock-delay has passed, and a new leader gives it whole', async () => {
  const cluster = await start({ sessionTtl: 5_000 });
  const leader = cluster.leader ?? 'a';
  const [other = ''] = cluster.nodeIds.filter((id) => id !== leader);
  const client = cluster.client('holder');
  const held = await cluster.settle(client.acquireLock('x', { lockDelay: 30_000 }));
  let grantedAt = Number.NaN;
  const next = cluster
    .node(other)
    .acquireLock('x')
    .then((handle) => {
      grantedAt = cluster.now;
      return handle;
    });
  cluster.isolate('holder');
  await cluster.advance(6_000);
  const seen = await cluster.settle(cluster.node(other).inspect('x'));
  const expiredBefore = cluster.now;

  await cluster.advance(20_000);
  cluster.kill(leader);
  const killedAt = cluster.now;
  await cluster.settle(next);

  expect(held.signal.aborted).toBe(true);
  expect(seen).toMatchObject({ holders: [], waiting: 1, lockDelay: 30_000 });
  expect(grantedAt).toBeGreaterThan(expiredBefore + 30_000);
  expect(grantedAt - killedAt).toBeGreaterThan(30_000);
  expect(grantedAt - killedAt).toBeLessThan(40_000);
});

it('a lock whose node began anew is in delay, unless its node was closed before', async () => {
  const cluster = await start();
  const leader = cluster.leader ?? 'a';
  const [one = '', two = ''] = cluster.nodeIds.filter((id) => id !== leader);
  await cluster.settle(cluster.node(one).acquireLock('x', { lockDelay: 30_000 }));
  await cluster.settle(cluster.node(two).acquireLock('y', { lockDelay: 30_000 }));

  await cluster.settle(cluster.node(two).close());
  cluster.kill(one);
  await cluster.settle(cluster.restart(one));
  const [x, y] = await cluster.settle(Promise.all(['x', 'y'].map((name) => cluster.node(leader).inspect(name))));

  expect([x?.lockDelay, y?.lockDelay]).toEqual([30_000, null]);
});
