import { expect, it } from 'vitest';
import { CancelledError, KindMismatchError, SemaphoreLimitError } from '../../src/index.ts';
import { freshName, outcomeOf, type Pair } from './pair.ts';

const abortable = (): { readonly signal: AbortSignal; readonly abort: () => void } => {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
};

/** How permits are shared. */
export const counting = (pair: () => Pair): void => {
  it('give out as many permits as they have, each with a token of its own', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const [one, two] = [await subject.acquireSemaphore(name, 3), await other.acquireSemaphore(name, 3, { permits: 2 })];

    const more = await subject.tryAcquireSemaphore(name, 3);
    const view = await subject.inspect(name);
    await two.release();
    const three = await subject.tryAcquireSemaphore(name, 3, { permits: 2 });

    expect([one.kind, one.permits, two.permits, one.isHeld]).toEqual(['semaphore', 1, 2, true]);
    expect(two.fencingToken).toBeGreaterThan(one.fencingToken);
    expect(more).toBeNull();
    expect(view).toMatchObject({ kind: 'semaphore', limit: 3, holders: [{ permits: 1 }, { permits: 2 }] });
    expect(three?.permits).toBe(2);
    await Promise.all([one.release(), three?.release()]);
  });

  it('never have more out than there are, whoever contends', async () => {
    const { subject, other } = pair();
    const name = freshName();
    let out = 0;
    let outMax = 0;
    const work = async (at: number): Promise<void> => {
      const semaphore = (at % 2 === 0 ? subject : other).createSemaphore(name, 3);
      await semaphore.use({ timeout: 15_000, permits: 1 + (at % 3) }, async ({ permits }) => {
        out += permits;
        outMax = Math.max(outMax, out);
        await Promise.resolve();
        out -= permits;
      });
    };

    await Promise.all(Array.from({ length: 30 }, (_, at) => work(at)));

    expect(outMax).toBeLessThanOrEqual(3);
    expect((await subject.inspect(name)).holders).toEqual([]);
  });

  it('grant several permits at once or none, and let nobody smaller overtake', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const order: number[] = [];
    const held = await subject.acquireSemaphore(name, 3, { permits: 2 });
    const ask = async (permits: number): Promise<void> => {
      const before = (await subject.inspect(name)).waiting;
      waiting.push(
        other.createSemaphore(name, 3).use({ permits }, () => {
          order.push(permits);
        }),
      );
      await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(before + 1);
    };
    const waiting: Promise<void>[] = [];
    await ask(3);
    await ask(1);

    const tried = await subject.tryAcquireSemaphore(name, 3);
    await held.release();
    await Promise.all(waiting);

    expect(tried).toBeNull();
    expect(order).toEqual([3, 1]);
  });

  it('let in who waits behind a request that gives up', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const held = await subject.acquireSemaphore(name, 2);
    const { signal, abort } = abortable();
    const large = outcomeOf(other.acquireSemaphore(name, 2, { permits: 2, signal }));
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(1);
    const behind = subject.acquireSemaphore(name, 2);
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(2);

    abort();

    expect(await large).toBeInstanceOf(CancelledError);
    await Promise.all([held.release(), (await behind).release()]);
  });

  it('refuse impossible numbers at once', () => {
    const { subject } = pair();
    const semaphore = subject.createSemaphore(freshName(), 2);
    const wrong = (call: () => unknown) => expect(call).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));

    for (const permits of [0, -1, 1.5, 3, Number.NaN, '1' as never]) {
      wrong(() => semaphore.acquire({ permits }));
      wrong(() => semaphore.tryAcquire({ permits }));
    }
    for (const count of [0, -1, 1.5, 2 ** 31, Number.NaN, '1' as never, undefined as never]) {
      wrong(() => subject.createSemaphore('x', count));
    }
    wrong(() => semaphore.acquire({ permit: 1 } as never));
    wrong(() => semaphore.acquire(null as never));
  });

  it('have the limit of their first user while they are used: another one is refused', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const held = await subject.acquireSemaphore(name, 2);

    const error = await outcomeOf(other.acquireSemaphore(name, 3));
    const tried = await outcomeOf(other.tryAcquireSemaphore(name, 1));
    const asLock = await outcomeOf(other.acquireLock(name));
    await held.release();
    const another = await other.acquireSemaphore(name, 3);

    expect(error).toBeInstanceOf(SemaphoreLimitError);
    expect(error).toMatchObject({ code: 'SEMAPHORE_LIMIT', wanted: 3, actual: 2, outcome: 'not-applied' });
    expect(tried).toMatchObject({ wanted: 1, actual: 2 });
    expect(asLock).toBeInstanceOf(KindMismatchError);
    await another.release();
  });

  it('keep a limit that was changed: holders stay, waiters who want more are refused, all others count anew', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const held = await subject.acquireSemaphore(name, 3, { permits: 2 });
    const large = outcomeOf(other.acquireSemaphore(name, 3, { permits: 3 }));
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(1);
    const small = other.acquireSemaphore(name, 3);
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(2);

    await subject.changeSemaphoreLimit(name, 2);
    const refused = await large;
    const meanwhile = await subject.inspect(name);
    await held.release();
    await (await small).release();
    const unused = await other.inspect(name);
    const former = await outcomeOf(subject.acquireSemaphore(name, 3));

    expect(refused).toMatchObject({ code: 'SEMAPHORE_LIMIT', wanted: 3, actual: 2 });
    expect(meanwhile).toMatchObject({ limit: 2, holders: [{ permits: 2 }], waiting: 1 });
    expect(unused).toMatchObject({ kind: 'semaphore', limit: 2, holders: [], waiting: 0 });
    expect(former).toMatchObject({ code: 'SEMAPHORE_LIMIT' });
    await (await subject.acquireSemaphore(name, 2, { permits: 2 })).release();
  });

  it('cannot have the limit of another kind of lock changed', async () => {
    const { subject } = pair();
    const name = freshName();
    const held = await subject.acquireReadLock(name);

    const error = await outcomeOf(subject.changeSemaphoreLimit(name, 2));

    expect(error).toMatchObject({ code: 'KIND_MISMATCH', wanted: 'semaphore', actual: 'reader-writer' });
    await held.release();
  });
};
