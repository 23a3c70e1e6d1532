import { it } from 'vitest';
import { freshName, type Pair } from './pair.ts';

const by = { actor: 'ann@desk', reason: 'it hangs' };

/** What a hold leaves that ends against its holder's will. All at once: each test has its own `expect`. */
export const delaying = (pair: () => Pair): void => {
  it('keeps a name unavailable after a hold was released by force, and grants it to who waits after that', async ({
    expect,
  }) => {
    const { subject, other } = pair();
    const name = freshName();
    const held = await subject.acquireLock(name, { lockDelay: 1_000 });
    await other.forceRelease(name, by);
    const seen = await other.inspect(name);
    const [listed] = (await subject.list({ prefix: name })).locks;

    const tried = await other.tryAcquireLock(name);
    const next = await subject.acquireLock(name);

    expect(seen).toMatchObject({ kind: 'exclusive', holders: [], waiting: 0, lockDelay: 1_000 });
    expect(listed).toMatchObject({ name, holders: [], lockDelay: 1_000 });
    expect(tried).toBeNull();
    expect(next.fencingToken).toBeGreaterThan(held.fencingToken);
    expect((await other.inspect(name)).lockDelay).toBeNull();
    await next.release();
  });

  it('leaves none behind a release, nor a theft', async ({ expect }) => {
    const { subject, other } = pair();
    const name = freshName();
    await (await subject.acquireLock(name, { lockDelay: 600_000 })).release();
    const held = await other.tryAcquireLock(name, { lockDelay: 600_000 });
    const stolen = await subject.stealLock(name, by);
    await stolen.release();

    expect(held).not.toBeNull();
    expect(await subject.inspect(name)).toMatchObject({ kind: null, lockDelay: null });
  });

  it('leaves one behind a hold whose maximum was over, and an operator ends it at once', async ({ expect }) => {
    const { subject, other } = pair();
    const [name, second] = [freshName(), freshName()];
    const handle = await subject.acquireLock(name, { maxHold: 2_000, lockDelay: 600_000 });
    const together = other.acquireAll([{ lock: second }, { lock: name }]);
    await expect
      .poll(async () => (await other.inspect(name)).lockDelay, { timeout: 20_000, interval: 20 })
      .toBe(600_000);
    const delayed = await other.inspect(name);

    const ended = await subject.forceRelease(name, by);

    expect(handle.signal.reason).toMatchObject({ code: 'LOCK_LOST', reason: 'overdue' });
    expect(delayed).toMatchObject({ holders: [], waiting: 1 });
    expect(ended).toEqual({ count: 0, tokens: [] });
    await (await together).release();
  });

  it('lets those who hold it beside go on, and counts for the whole semaphore and for an upgrade', async ({
    expect,
  }) => {
    const { subject, other } = pair();
    const [counted, shared] = [freshName(), freshName()];
    const semaphore = subject.createSemaphore(counted, 3);
    const [kept, lost] = [await semaphore.acquire(), await semaphore.acquire({ lockDelay: 600_000 })];
    const upgradeable = await subject.acquireUpgradeableReadLock(shared);
    const reader = await other.acquireReadLock(shared, { lockDelay: 600_000 });
    await other.forceRelease(counted, { ...by, token: lost.fencingToken });
    await subject.forceRelease(shared, { ...by, token: reader.fencingToken });

    const [permit, read] = [await semaphore.tryAcquire(), await other.tryAcquireReadLock(shared)];
    const upgraded = await upgradeable.upgrade({ timeout: 50 }).catch((error: unknown) => error);

    expect([permit, read]).toEqual([null, null]);
    expect(upgraded).toMatchObject({ code: 'TIMEOUT' });
    expect([kept.isHeld, upgradeable.isHeld]).toEqual([true, true]);
    await subject.forceRelease(counted, { ...by, token: lost.fencingToken });
    await subject.forceRelease(shared, { ...by, token: reader.fencingToken });
    await upgradeable.upgrade();
    await (await semaphore.acquire({ permits: 2 })).release();
    await Promise.all([kept.release(), upgradeable.release()]);
  });

  it('refuses a delay that is none, at once', ({ expect }) => {
    const { subject } = pair();

    expect(() => subject.createLock(freshName()).acquire({ lockDelay: 3_600_001 })).toThrow(RangeError);
  });
};
