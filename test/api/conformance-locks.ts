import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { CancelledError, type LockHandle, type LockProvider, TimeoutError } from '../../src/index.ts';
import { freshName, outcomeOf, type Pair } from './pair.ts';

/** How locks are acquired. */
export const acquiring = (pair: () => Pair): void => {
  it('gives a held lock with a token above all earlier ones', async () => {
    const { subject, other } = pair();
    const first = await other.acquireLock(freshName());
    const second = await subject.acquireLock(freshName());
    const third = await other.acquireLock(freshName());

    expect(second.fencingToken).toBeGreaterThan(first.fencingToken);
    expect(third.fencingToken).toBeGreaterThan(second.fencingToken);
    expect(second.isHeld).toBe(true);
    expect(second.kind).toBe('exclusive');
    expect(second.signal.aborted).toBe(false);
    expect(second.remaining()).toBeGreaterThan(0);
    expect(() => second.assertHeld()).not.toThrow();
    await Promise.all([first, second, third].map((handle) => handle.release()));
  });

  it('queues behind a holder, and behind itself: the lock is not re-entrant', async () => {
    const { subject } = pair();
    const name = freshName();
    const first = await subject.acquireLock(name);
    const second = subject.acquireLock(name);
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(1);

    await first.release();
    const handle = await second;

    expect(handle.isHeld).toBe(true);
    expect(first.isHeld).toBe(false);
    await handle.release();
  });

  it('serves waiters in the order in which they came', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const order: number[] = [];
    const held = await other.acquireLock(name);
    const waiters: Promise<void>[] = [];
    for (const [place, provider] of [subject, other, subject].entries()) {
      waiters.push(
        provider.createLock(name).use(() => {
          order.push(place);
        }),
      );
      await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(place + 1);
    }

    await held.release();
    await Promise.all(waiters);

    expect(order).toEqual([0, 1, 2]);
  });

  it('never lets two hold one lock, whoever contends', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const tokens: number[] = [];
    let inside = 0;
    let insideMax = 0;
    const work = async (provider: LockProvider): Promise<void> => {
      await provider.createLock(name).use({ timeout: 15_000 }, async (handle) => {
        inside += 1;
        insideMax = Math.max(insideMax, inside);
        tokens.push(handle.fencingToken);
        await Promise.resolve();
        inside -= 1;
      });
    };

    await Promise.all(Array.from({ length: 30 }, (_, at) => work(at % 2 === 0 ? subject : other)));

    expect(insideMax).toBe(1);
    expect(tokens).toHaveLength(30);
    expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
  });

  it('tries once without queueing: null when somebody holds the lock', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const held = await other.acquireLock(name);

    const whileHeld = await subject.tryAcquireLock(name);
    const waiting = (await subject.inspect(name)).waiting;
    await held.release();
    const afterwards = await subject.tryAcquireLock(name);

    expect([whileHeld, waiting]).toEqual([null, 0]);
    expect(afterwards?.isHeld).toBe(true);
    await afterwards?.release();
  });

  it('tries without barging: null when somebody waits', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const held = await other.acquireLock(name);
    const waiting = other.acquireLock(name);
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(1);

    expect(await subject.tryAcquireLock(name)).toBeNull();
    await held.release();
    await (await waiting).release();
  });
};

/** How an acquire ends without a lock. */
export const givingUp = (pair: () => Pair): void => {
  it('times out with a TimeoutError and leaves the queue', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const held = await other.acquireLock(name);

    const error = await outcomeOf(subject.acquireLock(name, { timeout: 50 }));

    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ code: 'TIMEOUT', retryable: true });
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(0);
    await held.release();
  });

  it('makes one attempt with timeout 0', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const free = await subject.acquireLock(name, { timeout: 0 });

    const error = await outcomeOf(other.acquireLock(name, { timeout: 0 }));

    expect(error).toMatchObject({ code: 'TIMEOUT', outcome: 'not-applied' });
    await free.release();
  });

  it('does not mistake a timeout beyond 2^31 ms for a short one (S113)', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const held = await other.acquireLock(name);
    let isSettled = false;
    const waiting = subject.acquireLock(name, { timeout: 2 ** 31 + 5 }).finally(() => {
      isSettled = true;
    });
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(1);

    const settledEarly = isSettled;
    await held.release();

    expect(settledEarly).toBe(false);
    await (await waiting).release();
  });

  it('passes the reason of an abort untouched and leaves the queue', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const held = await other.acquireLock(name);
    const controller = new AbortController();
    const reason = { why: 'changed my mind' };
    const asked = outcomeOf(subject.acquireLock(name, { signal: controller.signal }));
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(1);

    controller.abort(reason);
    const error = await asked;

    expect(error).toBeInstanceOf(CancelledError);
    expect(error).toMatchObject({ code: 'CANCELLED', cause: reason });
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(0);
    await held.release();
  });

  it('asks nobody when the signal has aborted before', async () => {
    const { subject } = pair();
    const name = freshName();

    const error = await outcomeOf(subject.acquireLock(name, { signal: AbortSignal.abort('early') }));

    expect(error).toMatchObject({ code: 'CANCELLED', outcome: 'not-applied', cause: 'early' });
    expect((await subject.inspect(name)).holders).toEqual([]);
  });

  it('takes its listener off the signal however it ends', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const { signal } = new AbortController();

    const handle = await subject.acquireLock(name, { signal });
    await outcomeOf(other.acquireLock(name, { signal, timeout: 20 }));
    await other.tryAcquireLock(name, { signal });

    expect(getEventListeners(signal, 'abort')).toEqual([]);
    await handle.release();
  });
};

/** How locks are let go. */
export const releasing = (pair: () => Pair): void => {
  it('is felt at the call, hands the lock on, and does not abort the signal', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const handle = await subject.acquireLock(name);
    const next = other.acquireLock(name);

    const released = handle.release();
    const heldAtOnce = handle.isHeld;
    await released;
    const successor = await next;

    expect(heldAtOnce).toBe(false);
    expect(successor.fencingToken).toBeGreaterThan(handle.fencingToken);
    expect(handle.signal.aborted).toBe(false);
    expect(handle.remaining()).toBe(0);
    expect(() => handle.assertHeld()).toThrow(expect.objectContaining({ code: 'LOCK_LOST' }));
    await successor.release();
  });

  it('may be asked for again without effect on whoever holds the lock by then', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const handle = await subject.acquireLock(name);
    await Promise.all([handle.release(), handle.release()]);
    const successor = await other.acquireLock(name);

    await handle.release();

    expect((await subject.inspect(name)).holders.map(({ token }) => token)).toEqual([successor.fencingToken]);
    await successor.release();
  });

  it('comes with the end of the scope that disposes of the handle', async () => {
    const { subject } = pair();
    const name = freshName();
    const handle = await subject.acquireLock(name);

    await handle[Symbol.asyncDispose]();

    expect((await subject.inspect(name)).holders).toEqual([]);
  });

  it('comes with the end of use, whose result passes', async () => {
    const { subject } = pair();
    const name = freshName();
    let handle: LockHandle | undefined;

    const result = await subject.createLock(name).use({ timeout: 5_000 }, (held) => {
      handle = held;
      return held.isHeld;
    });

    expect(result).toBe(true);
    expect(handle?.isHeld).toBe(false);
    expect((await subject.inspect(name)).holders).toEqual([]);
  });

  it('comes with the end of use, whose error passes untouched', async () => {
    const { subject } = pair();
    const name = freshName();
    const failure = new Error('mine');

    const error = await outcomeOf(subject.createLock(name).use(() => Promise.reject(failure)));

    expect(error).toBe(failure);
    expect((await subject.inspect(name)).holders).toEqual([]);
  });
};
