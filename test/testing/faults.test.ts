import { describe, expect, it } from 'vitest';
import { LockLostError } from '../../src/index.ts';
import type { TestCluster } from '../../src/testing/public.ts';
import { codeOf, start } from './start.ts';

/** A node that does not lead, and another. */
const nodesOf = (cluster: TestCluster): { readonly leader: string; readonly one: string; readonly two: string } => {
  const [one = '', two = ''] = cluster.nodeIds.filter((id) => id !== cluster.leader);
  return { leader: cluster.leader ?? '', one, two };
};

describe('a fault', () => {
  it('cuts a holder off: it knows of the loss before anybody else is granted', async () => {
    const cluster = await start({ sessionTtl: 5_000 });
    const { one, two } = nodesOf(cluster);
    const handle = await cluster.node(one).acquireLock('x');
    const told: string[] = [];
    handle.on('jeopardy', () => told.push('jeopardy'));
    handle.on('lost', ({ reason }) => told.push(reason));
    let heldAtGrant: boolean | undefined;
    const next = cluster
      .node(two)
      .acquireLock('x')
      .then(() => {
        heldAtGrant = handle.isHeld;
      });

    cluster.isolate(one);
    await cluster.settle(next);

    expect(heldAtGrant).toBe(false);
    expect(told).toEqual(['jeopardy', 'deadline']);
  });

  it('parts the cluster, and a client on the smaller side waits until it is healed', async () => {
    const cluster = await start();
    const { leader, one, two } = nodesOf(cluster);
    const client = cluster.client('shop');
    await client.sessions();

    cluster.partition([leader, 'shop'], [one, two]);
    const cut = client.acquireLock('x', { timeout: 3_000 });
    const outcome = await codeOf(cluster.settle(cut));
    cluster.heal();
    const healed = await cluster.settle(client.acquireLock('x'));

    expect(outcome).toBe('TIMEOUT');
    expect(healed.isHeld).toBe(true);
  });

  it('cuts off clients that are made after the isolation of a node', async () => {
    const cluster = await start({ nodes: 1 });
    cluster.isolate('a');

    const asked = codeOf(cluster.client().acquireLock('x', { timeout: 1_000 }));
    const outcome = await cluster.settle(asked);

    expect(outcome).toBe('TIMEOUT');
  });

  it('stops a holder, whose handle is lost when it wakes', async () => {
    const cluster = await start({ sessionTtl: 5_000 });
    const client = cluster.client();
    const handle = await client.acquireLock('x');

    cluster.pause('client-1');
    const next = await cluster.settle(cluster.node('a').acquireLock('x'));
    const heldWhilePaused = handle.isHeld;
    cluster.resume('client-1');
    await cluster.until(() => handle.signal.aborted);

    expect(heldWhilePaused).toBe(false);
    expect(next.isHeld).toBe(true);
    expect(handle.signal.reason).toBeInstanceOf(LockLostError);
  });

  it('kills a node: whoever awaits something there hears it, and its locks wait for the TTL', async () => {
    const cluster = await start();
    const { one, two } = nodesOf(cluster);
    const handle = await cluster.node(one).acquireLock('x');
    const waiting = codeOf(cluster.node(one).acquireLock('x'));
    const killedAt = cluster.now;

    cluster.kill(one);
    const outcome = await waiting;
    const next = await cluster.settle(cluster.node(two).acquireLock('x'));

    expect([outcome, handle.isHeld, next.isHeld]).toEqual(['BACKEND', false, true]);
    expect(handle.signal.reason).toMatchObject({ code: 'LOCK_LOST', reason: 'failed' });
    expect(cluster.now - killedAt).toBeGreaterThan(8_000);
    expect(await codeOf(cluster.node(one).inspect('x'))).toBe('SHUTTING_DOWN');
  });

  it('answers what was asked of a node when it is killed', async () => {
    const cluster = await start();
    const { leader, one, two } = nodesOf(cluster);
    cluster.partition([one], [leader, two]);
    const asked = codeOf(cluster.node(one).inspect('x'));

    cluster.kill(one);

    expect(await asked).toBe('SHUTTING_DOWN');
    expect(await cluster.node(one).whenFailed()).toMatchObject({ code: 'BACKEND' });
  });

  it('is over for the locks of a killed node as soon as it starts again', async () => {
    const cluster = await start();
    const { one, two } = nodesOf(cluster);
    const before = await cluster.node(one).acquireLock('x');
    cluster.kill(one);
    const killedAt = cluster.now;

    const node = await cluster.restart(one);
    const next = await cluster.settle(cluster.node(two).acquireLock('x'));

    expect(cluster.node(one)).toBe(node);
    expect(cluster.now - killedAt).toBeLessThan(2_000);
    expect(next.fencingToken).toBeGreaterThan(before.fencingToken);
  });

  it('kills all at once, and what was granted is still known afterwards', async () => {
    const cluster = await start();
    const client = cluster.client();
    const handle = await client.acquireLock('x');

    for (const id of cluster.nodeIds) cluster.kill(id);
    await Promise.all(cluster.nodeIds.map((id) => cluster.restart(id)));
    const { holders } = await cluster.settle(cluster.node('a').inspect('x'));

    expect(holders.map(({ token }) => token)).toEqual([handle.fencingToken]);
  });

  it('takes a lock from its holder', async () => {
    const cluster = await start();
    const client = cluster.client();
    const handle = await client.acquireLock('x');
    const beside = await client.acquireLock('y');
    const other = await cluster.node('a').acquireLock('z');

    await cluster.lose(handle);

    expect([handle.isHeld, beside.isHeld, other.isHeld]).toEqual([false, false, true]);
    expect(handle.signal.reason).toMatchObject({ code: 'LOCK_LOST', reason: 'session' });
    expect(await cluster.node('a').tryAcquireLock('x')).not.toBeNull();
    await expect(cluster.lose(handle)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('the end of a test cluster', () => {
  it('loses all handles, refuses further calls, and comes without a majority too', async () => {
    const cluster = await start();
    const { one, two, leader } = nodesOf(cluster);
    const handle = await cluster.client().acquireLock('x');
    cluster.kill(one);
    cluster.pause(two);

    await cluster.close();

    expect(handle.isHeld).toBe(false);
    expect(await codeOf(cluster.node(leader).acquireLock('x'))).toBe('SHUTTING_DOWN');
    expect(() => cluster.client()).toThrow(expect.objectContaining({ code: 'SHUTTING_DOWN' }));
  });

  it('may be that of one node alone', async () => {
    const cluster = await start();
    const { leader, one } = nodesOf(cluster);

    await cluster.settle(cluster.node(leader).close());
    const handle = await cluster.settle(cluster.node(one).acquireLock('x'));
    const node = await cluster.restart(leader);

    expect(handle.isHeld).toBe(true);
    expect(await node.tryAcquireLock('x')).toBeNull();
  });
});
