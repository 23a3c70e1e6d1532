import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Mutex } from '../../src/facades/mutex.ts';
import { CancelledError, InvalidNameError, TimeoutError } from '../../src/index.ts';
import { createTestCluster, type TestCluster } from '../../src/testing/public.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await createTestCluster();
});
afterAll(() => cluster.close());

let names = 0;

/** The same mutex in two processes. */
const pair = (): readonly [Mutex, Mutex] => {
  names += 1;
  const name = `mutex/${names}`;
  return [new Mutex(cluster.node('a'), name), new Mutex(cluster.node('b'), name)];
};

const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

const whenWaiting = (mutex: Mutex, count: number): Promise<void> =>
  expect.poll(async () => (await cluster.node('c').inspect(mutex.name)).waiting).toBe(count);

describe('a mutex', () => {
  it('gives a function that releases, once', async () => {
    const [here, there] = pair();
    const release = await here.acquire();
    const lockedBefore = await there.isLocked();

    await release();
    await release();
    const lockedAfter = await there.isLocked();

    expect([lockedBefore, lockedAfter]).toEqual([true, false]);
    expect(release.handle.fencingToken).toBeGreaterThan(0);
  });

  it('does not release what somebody else holds by then', async () => {
    const [here, there] = pair();
    const release = await here.acquire();
    await release();
    await there.acquire();

    await release();
    await here.release();

    expect(await here.isLocked()).toBe(true);
  });

  it('lets go by itself of what was acquired last', async () => {
    const [here, there] = pair();
    await here.acquire();

    await here.release();

    expect(await there.isLocked()).toBe(false);
  });

  it('runs one at a time, in the order in which they came, whatever process they are in', async () => {
    const [here, there] = pair();
    const release = await here.acquire();
    const order: string[] = [];
    const work = (who: string) => async (): Promise<string> => {
      order.push(`${who} in`);
      await Promise.resolve();
      order.push(`${who} out`);
      return who;
    };
    const first = there.runExclusive(work('first'));
    await whenWaiting(here, 1);
    const second = here.runExclusive(work('second'));
    await whenWaiting(here, 2);

    await release();

    expect(await Promise.all([first, second])).toEqual(['first', 'second']);
    expect(order).toEqual(['first in', 'first out', 'second in', 'second out']);
  });

  it('passes the error of what it ran, and is free afterwards', async () => {
    const [here] = pair();
    const failure = new Error('mine');

    const error = await errorOf(here.runExclusive(() => Promise.reject(failure)));

    expect(error).toBe(failure);
    expect(await here.isLocked()).toBe(false);
  });

  it('gives nothing when it is held and only an attempt is made', async () => {
    const [here, there] = pair();
    const release = await here.acquire();

    const attempt = await there.tryAcquire();
    await release();
    const second = await there.tryAcquire();

    expect(attempt).toBeNull();
    expect(second?.handle.isHeld).toBe(true);
  });

  it('waits until it is unlocked, and is free then', async () => {
    const [here, there] = pair();
    const release = await here.acquire();
    let isUnlocked = false;
    const waiting = there.waitForUnlock().then(() => {
      isUnlocked = true;
    });
    await whenWaiting(here, 1);
    const unlockedEarly = isUnlocked;

    await release();
    await waiting;

    expect(unlockedEarly).toBe(false);
    expect(await here.isLocked()).toBe(false);
  });

  it('gives up after a timeout', async () => {
    const [here, there] = pair();
    await here.acquire();

    const waiting = there.acquire({ timeout: 1_000 });

    expect(await cluster.settle(errorOf(waiting))).toBeInstanceOf(TimeoutError);
  });

  it('cancels all who wait by way of it, nobody else, and not its holder', async () => {
    const [here, there] = pair();
    const release = await here.acquire();
    const cancelled = [
      errorOf(there.acquire()),
      errorOf(there.runExclusive(() => undefined)),
      errorOf(there.waitForUnlock()),
    ];
    const other = here.acquire();
    await whenWaiting(here, 4);

    there.cancel('enough');
    const errors = await Promise.all(cancelled);
    await release();

    for (const error of errors) expect(error).toBeInstanceOf(CancelledError);
    expect(errors[0]).toMatchObject({ cause: 'enough' });
    expect((await other).handle.isHeld).toBe(true);
    const later = there.acquire();
    await (await other)();
    expect((await later).handle.isHeld).toBe(true);
  });

  it('obeys the signal of a single call, too', async () => {
    const [here, there] = pair();
    await here.acquire();
    const controller = new AbortController();
    const waiting = errorOf(there.acquire({ signal: controller.signal }));
    await whenWaiting(here, 1);

    controller.abort('mine');

    expect(await waiting).toMatchObject({ code: 'CANCELLED', cause: 'mine' });
  });

  it('lets a hundred wait without a warning of Node', async () => {
    const [here, there] = pair();
    const release = await here.acquire();
    const warnings: unknown[] = [];
    const listen = (warning: unknown): void => void warnings.push(warning);
    process.on('warning', listen);
    const waiting = Array.from({ length: 100 }, () => errorOf(there.acquire()));
    await whenWaiting(here, 100);

    there.cancel();
    await Promise.all(waiting);
    await release();
    process.off('warning', listen);

    expect(warnings).toEqual([]);
  });

  it('refuses what makes no sense', async () => {
    const [here] = pair();

    expect(() => new Mutex(cluster.node('a'), '')).toThrow(InvalidNameError);
    expect(await errorOf(here.acquire({ timeout: -1 }))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    for (const options of [{ signal: {} }, { priority: 1 }, 5, null]) {
      expect(await errorOf(Reflect.apply(here.acquire, here, [options]))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
    expect(await errorOf(Reflect.apply(here.runExclusive, here, [5]))).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
