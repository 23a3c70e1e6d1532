import { describe, expect, it } from 'vitest';
import type { LockHandle } from '../../src/handle.ts';
import { DistributedLock } from '../../src/lock.ts';
import type { Logger } from '../../src/logger.ts';
import { OwnerScope } from '../../src/owner-scope.ts';
import { Process, ttlMs, world } from './process.ts';

/** A lock of one process in virtual time. */
const scene = () => {
  const { clock, cluster } = world();
  const process = new Process(cluster, clock);
  const logged: string[] = [];
  const log = (_context: object, text: string): void => {
    logged.push(text);
  };
  const logger: Logger = { debug: log, info: log, warn: log, error: log };
  const lock = new DistributedLock('x', {
    engine: process.engine,
    logger,
    now: () => clock.now(),
    scope: new OwnerScope(),
    verify: async () => true,
  });
  const acquired = async (): Promise<LockHandle> => {
    const acquiring = lock.acquire();
    clock.pass(20);
    return acquiring;
  };
  const endSession = (): void => {
    cluster.apply({ kind: 'close', session: cluster.table.views.sessions()[0]?.session ?? 0 });
    clock.pass(20);
  };
  return { clock, process, lock, logged, acquired, endSession };
};

describe('a handle', () => {
  it('refuses listeners for what it never tells, and listeners that are none', async () => {
    const { acquired } = scene();
    const handle = await acquired();
    const on = (...args: readonly unknown[]): unknown => Reflect.apply(handle.on, handle, args);

    expect(() => on('losst', () => {})).toThrow(
      'a handle tells jeopardy, recovered, revokeRequested, contended, lost, not "losst"',
    );
    expect(() => on('toString', () => {})).toThrow(TypeError);
    expect(() => on('lost', 'me')).toThrow('a listener must be a function');
  });
});

describe('a handle whose lock is lost', () => {
  it('aborts its signal with the LockLostError before it tells its listeners', async () => {
    const { acquired, endSession } = scene();
    const handle = await acquired();
    const { signal } = handle;
    const seen: unknown[] = [];
    handle.on('lost', (error) => seen.push(signal.aborted, signal.reason === error, handle.isHeld));

    endSession();

    expect(seen).toEqual([true, true, false]);
    expect(signal.reason).toMatchObject({ code: 'LOCK_LOST', reason: 'session' });
    expect(() => handle.assertHeld()).toThrow(signal.reason);
  });

  it('is not current any more, whatever the cluster says of its hold', async () => {
    const { acquired, endSession } = scene();
    const handle = await acquired();
    const before = await handle.verify();

    endSession();

    expect([before, await handle.verify()]).toEqual([true, false]);
  });

  it('has an aborted signal also for whoever asks for it only then', async () => {
    const { acquired, endSession } = scene();
    const handle = await acquired();

    endSession();

    expect(handle.signal.aborted).toBe(true);
  });

  it('goes on telling the other listeners, and other handles, when a listener throws', async () => {
    const { acquired, endSession, logged } = scene();
    const handle = await acquired();
    const heard: string[] = [];
    handle.on('lost', () => {
      throw new Error('a mistake of the user');
    });
    handle.on('lost', () => heard.push('second'));

    endSession();

    expect(heard).toEqual(['second']);
    expect(logged).toEqual(['a listener of a lock handle threw']);
  });

  it('rejects the first release and makes later ones no-ops', async () => {
    const { acquired, endSession } = scene();
    const handle = await acquired();
    endSession();

    await expect(handle.release()).rejects.toMatchObject({ code: 'LOCK_LOST' });

    await expect(handle.release()).resolves.toBeUndefined();
  });

  it('is disposed of without an error that could mask another', async () => {
    const { acquired, endSession, logged } = scene();
    const handle = await acquired();
    endSession();

    await expect(handle[Symbol.asyncDispose]()).resolves.toBeUndefined();

    expect(logged).toEqual(['a lock was not released in an orderly way']);
  });

  it('tells listeners that were taken off nothing', async () => {
    const { acquired, clock, process } = scene();
    const handle = await acquired();
    const heard: string[] = [];
    const quiet = (): void => {
      heard.push('quiet');
    };
    handle
      .on('jeopardy', quiet)
      .off('jeopardy', quiet)
      .on('jeopardy', (remainingMs) => heard.push(`jeopardy:${remainingMs > 0}`))
      .on('recovered', () => heard.push('recovered'));

    process.gateway.losesBeats = true;
    clock.pass(ttlMs / 2);
    process.gateway.losesBeats = false;
    clock.pass(ttlMs / 4);

    expect(heard).toEqual(['jeopardy:true', 'recovered']);
  });
});

describe('use', () => {
  it('rejects with the loss when the callback came to its end unprotected', async () => {
    const { lock, clock, endSession } = scene();
    const using = lock.use(() => {
      endSession();
      return 'done';
    });
    clock.pass(20);

    await expect(using).rejects.toMatchObject({ code: 'LOCK_LOST' });
  });

  it('passes the error of the callback even when the lock was lost as well', async () => {
    const { lock, clock, endSession } = scene();
    const mine = new Error('mine');
    const using = lock.use(() => {
      endSession();
      throw mine;
    });
    clock.pass(20);

    await expect(using).rejects.toBe(mine);
  });

  it('passes the result though the release is not confirmed', async () => {
    const { lock, clock, process, logged } = scene();
    let isInside = false;
    const using = lock.use(() => {
      process.gateway.cut();
      isInside = true;
      return 'done';
    });
    clock.pass(20);
    await expect.poll(() => isInside).toBe(true);
    // The release is sent in a later microtask; its limit is one TTL.
    await Promise.resolve();
    clock.pass(ttlMs + 1);

    await expect(using).resolves.toBe('done');
    expect(logged).toEqual(['the release of a lock is not confirmed yet']);
  });

  it('without a function is a TypeError', () => {
    const { lock } = scene();

    const wrong = expect.objectContaining({ name: 'TypeError', code: 'INVALID_ARGUMENT' });

    expect(() => Reflect.apply(lock.use, lock, [{ timeout: 5 }])).toThrow(wrong);
  });
});

describe('an acquire that is given up by the signal of a lost lock', () => {
  it.each(['end', 'close'] as const)('rejects, and nothing is thrown into the signal (%s)', async (how) => {
    const { clock, cluster } = world();
    const logger: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
    const [rival, owner] = [new Process(cluster, clock), new Process(cluster, clock)];
    const lockOf = (of: Process, name: string): DistributedLock =>
      new DistributedLock(name, {
        engine: of.engine,
        logger,
        now: () => clock.now(),
        scope: new OwnerScope(),
        verify: async () => true,
      });
    const held = [lockOf(rival, 'inner').acquire(), lockOf(owner, 'outer').acquire()] as const;
    clock.pass(20);
    const outer = await held[1];
    await held[0];
    const inner = lockOf(owner, 'inner').acquire({ signal: outer.signal });
    const outcome = inner.catch((error: unknown) => error);
    clock.pass(20);

    if (how === 'close') owner.engine.close(() => {});
    else cluster.apply({ kind: 'close', session: cluster.table.views.sessions()[1]?.session ?? 0 });
    clock.pass(20);

    // What an abort listener throws surfaces as an uncaught exception, which fails the run.
    expect(await outcome).toMatchObject({ code: 'CANCELLED', outcome: 'unknown' });
  });
});
