import { createServer, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Holdfast, type HoldfastNode } from '../../src/index.ts';
import { freePorts, quick, TestCluster } from './cluster.ts';

let world: TestCluster;

beforeAll(async () => {
  world = await TestCluster.start();
});

afterEach(() => world.revive());

afterAll(() => world.stop());

const addressOf = (node: HoldfastNode): string => {
  const { nodeId, members } = node.status();
  return members.find(({ id }) => id === nodeId)?.address ?? '';
};

describe('a remote client', () => {
  it('keeps its lock and its place in a queue when the node that serves it goes away', async () => {
    const client = await world.connect();
    const held = await client.acquireLock('kept');
    const taken = await world.follower.acquireLock('taken');
    const waiting = client.acquireLock('taken');
    await expect.poll(async () => (await client.inspect('taken')).waiting).toBe(1);
    const { nodeId } = await client.status();
    const server = world.nodes.find((node) => node.status().nodeId === nodeId);
    if (server === undefined) throw new Error('nobody serves the client');
    const isHolder = taken.isHeld && server.status().nodeId === world.follower.status().nodeId;

    await world.close(server);
    if (!isHolder) await taken.release();
    const granted = await waiting;

    expect(granted.isHeld).toBe(true);
    expect(held.isHeld).toBe(true);
    expect(held.signal.aborted).toBe(false);
    expect((await client.inspect('kept')).holders.map(({ token }) => token)).toEqual([held.fencingToken]);
    expect((await client.status()).nodeId).not.toBe(nodeId);
    await Promise.all([held.release(), granted.release()]);
  });

  it('is told again by the next node that somebody waits for what it holds', async () => {
    const client = await world.connect();
    const held = await client.acquireLock('wanted');
    let told = 0;
    held.on('contended', () => {
      told += 1;
    });
    const { nodeId } = await client.status();
    const server = world.nodes.find((node) => node.status().nodeId === nodeId);
    const staying = world.nodes.find((node) => node !== server);
    if (server === undefined || staying === undefined) throw new Error('nobody serves the client');
    const waiting = staying.acquireLock('wanted');
    await expect.poll(() => told, { timeout: 5_000 }).toBe(1);

    await world.close(server);
    await expect.poll(() => told, { timeout: 10_000 }).toBeGreaterThanOrEqual(2);

    expect(held.isHeld).toBe(true);
    await held.release();
    await (await waiting).release();
  });

  it('is served by the leader, wherever it knocked', async () => {
    const client = await world.connect([addressOf(world.follower)]);

    await expect.poll(async () => (await client.status()).role).toBe('leader');
  });

  it('says whom it tried when it reaches nobody', async () => {
    const [port] = await freePorts(1);

    const connecting = Holdfast.connect({ endpoints: [`127.0.0.1:${port}`], readyTimeout: 300 });

    await expect(connecting).rejects.toMatchObject({ code: 'CONNECTION', message: expect.stringContaining(`${port}`) });
  });

  it('gives up on a server that accepts and says nothing', async () => {
    const sockets = new Set<Socket>();
    const mute = createServer((socket) => void sockets.add(socket.on('error', () => undefined)));
    const [port] = await freePorts(1);
    await new Promise<void>((resolve) => mute.listen({ host: '127.0.0.1', port }, resolve));

    const connecting = Holdfast.connect({ endpoints: [`127.0.0.1:${port}`], readyTimeout: 400 });

    await expect(connecting).rejects.toMatchObject({ code: 'CONNECTION' });
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => mute.close(resolve));
  });

  it('is turned away by a cluster that it did not ask for', async () => {
    const connecting = Holdfast.connect({ endpoints: world.endpoints, clusterId: 'another', readyTimeout: 400 });

    await expect(connecting).rejects.toMatchObject({ code: 'WRONG_CLUSTER' });
  });
});

describe('a node that closes', () => {
  it('ends its handles synchronously and passes its locks on without waiting for the TTL', async () => {
    const leaving = world.leader;
    const staying = world.follower;
    const held = await leaving.acquireLock('x');
    const { signal } = held;
    const waiting = staying.acquireLock('x', { timeout: 10_000 });
    await expect.poll(async () => (await staying.inspect('x')).waiting).toBe(1);

    const before = performance.now();
    const closing = world.close(leaving);
    const atOnce = [held.isHeld, signal.aborted, signal.reason];
    const next = await waiting;
    const waitedMs = performance.now() - before;
    await closing;

    expect(atOnce).toEqual([false, true, expect.objectContaining({ code: 'LOCK_LOST', reason: 'closed' })]);
    expect(waitedMs).toBeLessThan(quick.sessionTtl);
    await expect(held.release()).rejects.toMatchObject({ code: 'LOCK_LOST' });
    await expect(held.release()).resolves.toBeUndefined();
    await next.release();
  });

  it('refuses everything afterwards, and closing again changes nothing', async () => {
    const node = world.follower;
    const lock = node.createLock('x');
    await world.close(node);

    await expect(lock.acquire()).rejects.toMatchObject({ code: 'SHUTTING_DOWN', outcome: 'not-applied' });
    await expect(lock.tryAcquire()).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    await expect(node.inspect('x')).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    await expect(node.close()).resolves.toBeUndefined();
  });

  it('may do so together with all others, and all of them go on from their data', async () => {
    const first = await world.leader.acquireLock('x');
    const before = performance.now();

    const ids = await Promise.all(world.nodes.map((node) => world.close(node)));
    const closedMs = performance.now() - before;
    await Promise.all(ids.map((id) => world.open(id)));
    const second = await world.leader.acquireLock('x', { timeout: 10_000 });

    expect(closedMs).toBeLessThan(2 * quick.closeTimeout);
    expect(second.fencingToken).toBeGreaterThan(first.fencingToken);
    await second.release();
  });
});

describe('without a quorum', () => {
  it('acquire ends at its deadline with an unknown outcome, the hold is lost by the clock, and close still ends', async () => {
    const last = world.leader;
    const held = await last.acquireLock('x');
    const { signal } = held;
    const gone = world.nodes.filter((node) => node !== last);
    await Promise.all(gone.map((node) => world.close(node)));

    const before = performance.now();
    const error = await last.acquireLock('y', { timeout: 300 }).catch((reason: unknown) => reason);
    const waitedMs = performance.now() - before;
    await expect.poll(() => signal.aborted, { timeout: 10_000 }).toBe(true);

    expect(error).toMatchObject({ code: 'TIMEOUT', outcome: 'unknown' });
    expect(waitedMs).toBeGreaterThanOrEqual(300);
    expect(held.isHeld).toBe(false);
    expect(signal.reason).toMatchObject({ reason: 'deadline' });
    await expect(last.inspect('x')).rejects.toMatchObject({ code: 'CONNECTION' });
    await expect(last.inspect('x', { consistency: 'local' })).resolves.toMatchObject({ name: 'x' });
    await world.close(last);
  });

  it('open gives up as NOT_READY, says whom it misses, and leaves nothing open', async () => {
    const [one, two, three] = world.nodes;
    if (one === undefined || two === undefined || three === undefined) throw new Error('three nodes were started');
    const id = await world.close(one);
    await Promise.all([world.close(two), world.close(three)]);

    const opening = world.open(id, { readyTimeout: 500 });

    await expect(opening).rejects.toMatchObject({ code: 'NOT_READY', message: expect.stringMatching(/[abc], [abc]/) });
    await expect(world.open(id, { readyTimeout: 300 })).rejects.toMatchObject({ code: 'NOT_READY' });
  });
});
