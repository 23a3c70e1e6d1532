import { describe, expect, it } from 'vitest';
import { Cli, Serving } from './serving.ts';
import { monotonicNow, until } from './waiting.ts';

const three = ['a', 'b', 'c'] as const;

describe('three nodes', () => {
  it('remember every acknowledged grant and release when all of them are killed at once', async () => {
    await using serving = await Serving.of(three);
    await using client = await serving.connect(30_000);
    const kept = await Promise.all(['one', 'two', 'three'].map((name) => client.acquireLock(name)));
    const released = await client.acquireLock('four');
    await released.release();
    const tokenHighest = Math.max(released.fencingToken, ...kept.map(({ fencingToken }) => fencingToken));

    await Promise.all(three.map((id) => serving.node(id).kill()));
    for (const id of three) serving.start(id);
    await serving.leader();

    await using other = await serving.connect();
    const { locks } = await other.list();
    expect(locks.map(({ name, holders }) => [name, holders[0]?.token])).toEqual(
      kept.map(({ name, fencingToken }) => [name, fencingToken]).toSorted(),
    );
    expect(kept.every(({ isHeld }) => isHeld)).toBe(true);
    const next = await other.acquireLock('four', { timeout: 10_000 });
    expect(next.fencingToken).toBeGreaterThan(tokenHighest);
  });

  it('free what a dead client held, after they were killed themselves', async () => {
    await using serving = await Serving.of(three);
    await using waiter = await serving.connect();
    const args = ['lock', 'orphan', '--ttl', '2s', '--endpoints', serving.endpoints.join(','), '--', 'sleep', '600'];
    await using holder = new Cli(args);
    await until('the holder', async () => (await waiter.inspect('orphan')).holders.length === 1);
    const [held] = (await waiter.inspect('orphan')).holders;

    await Promise.all([holder, ...three.map((id) => serving.node(id))].map((process) => process.kill()));
    for (const id of three) serving.start(id);

    const handle = await waiter.acquireLock('orphan', { timeout: 30_000 });
    expect(handle.fencingToken).toBeGreaterThan(held?.token ?? Number.NaN);
  });

  it('grant on within seconds of the loss of their leader', async () => {
    await using serving = await Serving.of(three);
    await using client = await serving.connect();
    await (await client.acquireLock('warm')).release();
    const leader = await serving.leader();

    const killedAt = monotonicNow();
    serving.node(leader).child.kill('SIGKILL');
    const handle = await client.acquireLock('next', { timeout: 20_000 });

    expect(handle.isHeld).toBe(true);
    expect(monotonicNow() - killedAt).toBeLessThan(5_000);
  });

  it('hand leadership over when the leader is asked to stop, without waiting for an election', async () => {
    const electionTimeout = 4_000;
    await using serving = await Serving.of(three, ['--election-timeout', `${electionTimeout}ms`]);
    await using client = await serving.connect(60_000);
    const held = await client.acquireLock('kept');
    const leader = await serving.leader();

    const stoppedAt = monotonicNow();
    const end = serving.node(leader).kill('SIGTERM');
    const handle = await client.acquireLock('next', { timeout: 30_000 });

    expect(monotonicNow() - stoppedAt).toBeLessThan(electionTimeout);
    expect(await end).toBe(0);
    expect([held.isHeld, handle.isHeld]).toEqual([true, true]);
  });
});
