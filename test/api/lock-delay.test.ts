import { describe, expect, it } from 'vitest';
import type { AcquireOptions } from '../../src/acquire-options.ts';
import type { LockHandle } from '../../src/handle.ts';
import { DistributedLock } from '../../src/lock.ts';
import { silentLogger } from '../../src/logger.ts';
import { OwnerScope } from '../../src/owner-scope.ts';
import { Process, ttlMs, world } from './process.ts';

const lockDelay = 60_000;
const maxHold = 20_000;

/** A lock of one process in virtual time; nobody there says that a bounded hold or a delay is over. */
const scene = () => {
  const { clock, cluster } = world();
  const process = new Process(cluster, clock);
  const { engine, gateway } = process;
  const verify = async (): Promise<boolean> => true;
  const surroundings = { engine, logger: silentLogger, now: () => clock.now(), scope: new OwnerScope(), verify };
  const lock = new DistributedLock('x', surroundings);
  const acquired = async (options: AcquireOptions): Promise<LockHandle> => {
    const acquiring = lock.acquire(options);
    clock.pass(20);
    return acquiring;
  };
  const seen = () => {
    const view = cluster.table.views.inspect('x');
    return { holders: view?.holders.length ?? 0, delayMs: view?.lockDelay ?? null };
  };
  return { clock, cluster, gateway, lock, acquired, seen };
};

describe('a hold with a lock-delay that its process has lost', () => {
  it('for want of heartbeats is not let go of: its session expires, and leaves the delay', async () => {
    const { clock, gateway, acquired, seen } = scene();
    const handle = await acquired({ lockDelay });
    gateway.losesBeats = true;

    clock.pass(ttlMs - 500);
    const lost = [handle.signal.aborted, seen().holders];
    clock.pass(ttlMs);

    expect(handle.signal.reason).toMatchObject({ reason: 'deadline' });
    expect(lost).toEqual([true, 1]);
    expect(gateway.ended).toEqual([]);
    expect(seen()).toEqual({ holders: 0, delayMs: lockDelay });
  });

  it('to its maximum is not given back: the leader ends it, and so it leaves the delay', async () => {
    const { clock, cluster, acquired, seen } = scene();
    const handle = await acquired({ lockDelay, maxHold });

    clock.pass(maxHold);
    const lost = [handle.isHeld, seen().holders];
    cluster.apply({ kind: 'overdue', name: 'x', token: handle.fencingToken });

    expect(handle.signal.reason).toMatchObject({ reason: 'overdue' });
    expect(lost).toEqual([false, 1]);
    expect(seen()).toEqual({ holders: 0, delayMs: lockDelay });
  });
});

describe('a hold without a lock-delay', () => {
  it('is let go of when it is lost, as before, also if it says that the delay is 0', async () => {
    const { clock, gateway, acquired, seen } = scene();
    await acquired({ lockDelay: 0 });
    gateway.losesBeats = true;

    clock.pass(ttlMs - 500);

    expect(gateway.ended).toHaveLength(1);
    expect(seen()).toEqual({ holders: 0, delayMs: null });
  });

  it('is asked for like any other if it says that the delay is 0', async () => {
    const { cluster, acquired } = scene();
    const asked: string[] = [];
    const apply = cluster.apply.bind(cluster);
    cluster.apply = (command) => {
      asked.push(command.kind);
      apply(command);
    };

    await acquired({ lockDelay: 0 });

    expect(asked).toEqual(['open', 'acquire']);
  });
});

it('a lock-delay is a whole number of milliseconds, an hour at most', () => {
  const { lock } = scene();

  expect(() => lock.acquire({ lockDelay: -1 })).toThrow(RangeError);
  expect(() => lock.acquire({ lockDelay: 0.5 })).toThrow(RangeError);
  expect(() => lock.acquire({ lockDelay: 3_600_001 })).toThrow('lockDelay must be at most 3600000 milliseconds');
  expect(() => lock.acquire({ lockDelay: '1' as unknown as number })).toThrow(TypeError);
});
