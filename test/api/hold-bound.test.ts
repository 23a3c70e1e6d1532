import { describe, expect, it } from 'vitest';
import type { ReentrantOptions } from '../../src/acquire-options.ts';
import type { LockHandle } from '../../src/handle.ts';
import { DistributedLock } from '../../src/lock.ts';
import { silentLogger } from '../../src/logger.ts';
import { OwnerScope } from '../../src/owner-scope.ts';
import { Process, ttlMs, world } from './process.ts';

/** 10 % of the bound, or of the TTL if that is more. */
const marginMs = 2_000;
const maxHold = 10 * marginMs;

/** A lock of one process in virtual time. */
const scene = () => {
  const { clock, cluster } = world();
  const process = new Process(cluster, clock);
  const { engine } = process;
  const verify = async (): Promise<boolean> => true;
  const surroundings = { engine, logger: silentLogger, now: () => clock.now(), scope: new OwnerScope(), verify };
  const lock = new DistributedLock('x', surroundings);
  const acquired = async (options: ReentrantOptions = { maxHold }): Promise<LockHandle> => {
    const acquiring = lock.acquire(options);
    clock.pass(20);
    return acquiring;
  };
  const holders = () => cluster.table.views.inspect('x')?.holders.length ?? 0;
  return { clock, cluster, lock, acquired, holders };
};

describe('a handle with a maximum hold', () => {
  it('is lost a margin before its time has passed, and gives the lock back', async () => {
    const { clock, acquired, holders } = scene();
    const grantedAt = clock.now();
    const handle = await acquired();
    clock.pass(maxHold - marginMs - (clock.now() - grantedAt) - 50);
    const before = [handle.isHeld, handle.signal.aborted, holders()];

    clock.pass(100);

    expect(before).toEqual([true, false, 1]);
    expect(handle.signal.reason).toMatchObject({ code: 'LOCK_LOST', reason: 'overdue' });
    expect([handle.isHeld, handle.remaining(), holders()]).toEqual([false, 0, 0]);
    await expect(handle.release()).rejects.toBe(handle.signal.reason);
  });

  it('begins in the cluster only after it has begun here', async () => {
    const { cluster, acquired } = scene();
    const bounds = () => [...cluster.table.views.bounds()].map(({ holdMsMax }) => holdMsMax);
    const plain = await acquired({ metadata: 'm' });
    expect(bounds()).toEqual([]);
    const releasing = plain.release();

    const handle = acquired();
    await releasing;

    expect((await handle).remaining()).toBeLessThanOrEqual(ttlMs);
    expect(bounds()).toEqual([maxHold]);
  });

  it('is not held when the event loop was blocked past its time, whatever the timers did', async () => {
    const { clock, acquired } = scene();
    const handle = await acquired({ maxHold: 2 * 1_000 });
    expect(handle.remaining()).toBeLessThanOrEqual(1_000);

    clock.block(1_000);

    expect(handle.isHeld).toBe(false);
    expect(() => handle.assertHeld()).toThrow('its maximum hold has passed');
  });

  it('is lost when the clocks jump, since nobody knows how much of its time has passed', async () => {
    const { clock, acquired } = scene();
    const handle = await acquired();

    clock.jump({ wallMs: 5_000, uptimeMs: 5_000 });
    clock.pass(10);

    expect(handle.isHeld).toBe(false);
    expect(handle.signal.reason).toMatchObject({ reason: 'overdue' });
  });

  it('tells nothing of a bound once it is released, and asks nothing more', async () => {
    const { clock, cluster, acquired } = scene();
    const handle = await acquired();
    const releasing = handle.release();
    clock.pass(20);
    await releasing;
    const { appliedIndex } = cluster.table;

    clock.pass(2 * maxHold);

    expect(handle.signal.aborted).toBe(false);
    expect(cluster.table.appliedIndex).toBe(appliedIndex);
  });

  it('shares it with every further entry of its owner, and all know before anybody is told', async () => {
    const { clock, acquired } = scene();
    const first = await acquired({ owner: 'ann', maxHold });
    clock.pass(5_000);
    const again = await acquired({ owner: 'ann', reentrant: true });
    const seen: boolean[] = [];
    for (const handle of [first, again]) handle.on('lost', () => seen.push(first.isHeld, again.isHeld));

    clock.pass(maxHold - marginMs - 5_000);

    expect(again.fencingToken).toBe(first.fencingToken);
    expect(seen).toEqual([false, false, false, false]);
  });

  it('takes no bound that leaves no room for the margin', () => {
    const { lock } = scene();

    expect(() => lock.acquire({ maxHold: 999 })).toThrow(RangeError);
    expect(() => lock.acquire({ maxHold: 2 * (ttlMs / 10) - 1 })).toThrow('maxHold must be 2000 milliseconds or more');
    expect(() => lock.acquire({ maxHold: 'x' as unknown as number })).toThrow(TypeError);
  });
});
