import { expect, it } from 'vitest';
import { QueueFullError, type QueuePlace } from '../../src/index.ts';
import { freshName, outcomeOf, type Pair } from './pair.ts';

/** What a hold carries for those who look at it. */
export const describing = (pair: () => Pair): void => {
  it('shows the metadata of whoever holds and of whoever waits, and the handle has it', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const handle = await subject.acquireLock(name, { metadata: 'job 7\n"\u{1F512}"' });
    const waiting = other.acquireLock(name, { metadata: '' });
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(1);

    const seen = await subject.inspect(name);
    const [listed] = (await other.list({ prefix: name })).locks;

    expect(handle.metadata).toBe('job 7\n"\u{1F512}"');
    expect(seen.holders).toMatchObject([{ metadata: 'job 7\n"\u{1F512}"', owner: null, token: handle.fencingToken }]);
    expect(seen.queue).toMatchObject([{ metadata: '' }]);
    expect(listed?.holders).toMatchObject([{ metadata: 'job 7\n"\u{1F512}"' }]);
    await handle.release();
    const second = await waiting;
    expect(second.metadata).toBe('');
    expect((await subject.inspect(name)).holders).toMatchObject([{ metadata: '' }]);
    await second.release();
  });

  it('gives every lock of several, of any kind, the same metadata, and none to whoever gave none', async () => {
    const { subject } = pair();
    const [shared, counted, exclusive] = [freshName(), freshName(), freshName()];
    const semaphore = subject.createSemaphore(counted, 2);
    const requests = [{ lock: shared, mode: 'upgradeable' }, { semaphore }, { lock: exclusive }] as const;
    await using together = await subject.acquireAll(requests, { metadata: 'm', owner: freshName() });
    await using beside = await subject.acquireReadLock(shared);
    const metadataOf = async (name: string) => (await subject.inspect(name)).holders.map(({ metadata }) => metadata);

    expect(together.parts.map(({ metadata }) => metadata)).toEqual(['m', 'm', 'm']);
    expect(beside.metadata).toBeUndefined();
    expect(await metadataOf(shared)).toEqual(['m', null]);
    expect(await metadataOf(counted)).toEqual(['m']);
    expect(await metadataOf(exclusive)).toEqual(['m']);
  });

  it('keeps the metadata over an upgrade, a downgrade and a second entry', async () => {
    const { subject } = pair();
    const [shared, exclusive, owner] = [freshName(), freshName(), freshName()];
    await using reader = await subject.acquireUpgradeableReadLock(shared, { metadata: 'm' });
    await using first = await subject.acquireLock(exclusive, { metadata: 'first', owner, reentrant: true });
    await using again = await subject.acquireLock(exclusive, { metadata: 'again', owner, reentrant: true });

    await reader.upgrade();
    await reader.downgrade('read');

    expect((await subject.inspect(shared)).holders).toMatchObject([{ mode: 'R', metadata: 'm' }]);
    expect((await subject.inspect(exclusive)).holders).toMatchObject([{ entries: 2, metadata: 'first' }]);
    expect(again.fencingToken).toBe(first.fencingToken);
  });

  it('takes 1,024 bytes of metadata and refuses more, or what is no text, at once', async () => {
    const { subject } = pair();
    const lock = subject.createLock(freshName());
    const longest = '\u00e9'.repeat(512);
    await lock.use({ metadata: longest }, (handle) => expect(handle.metadata).toBe(longest));

    expect(() => lock.acquire({ metadata: `${longest}x` })).toThrow(RangeError);
    expect(() => lock.tryAcquire({ metadata: '\ud800' })).toThrow(TypeError);
    expect(() => lock.acquire({ metadata: 7 as unknown as string })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('1024 bytes') }),
    );
    await using reader = await subject.acquireUpgradeableReadLock(freshName());
    expect(await outcomeOf(reader.upgrade({ metadata: 'm' }))).toBeInstanceOf(TypeError);
  });
};

/** How long a queue may be, and where in it one stands. */
export const queueing = (pair: () => Pair): void => {
  it('refuses a request that would wait behind too many, and grants or queues it else', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const handle = await subject.acquireLock(name, { maxQueueLength: 0 });

    const none = await outcomeOf(other.acquireLock(name, { maxQueueLength: 0 }));
    const next = other.acquireLock(name, { maxQueueLength: 1 });
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(1);
    const second = await outcomeOf(subject.acquireLock(name, { maxQueueLength: 1, timeout: 60_000 }));
    const tried = await subject.tryAcquireLock(name, { maxQueueLength: 1 });

    expect(none).toBeInstanceOf(QueueFullError);
    expect(second).toMatchObject({ code: 'QUEUE_FULL', outcome: 'not-applied', retryable: true });
    expect(String(second)).toContain(name);
    expect(tried).toBeNull();
    await handle.release();
    await (await next).release();
  });

  it('tells a waiter its place once, and again when it asks', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const told: QueuePlace[] = [];
    const onQueued = (place: QueuePlace): void => void told.push(place);
    const handle = await subject.acquireLock(name, { onQueued });
    const first = other.acquireLock(name);
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(1);
    const second = subject.acquireLock(name, { onQueued });
    await expect.poll(() => told.length).toBe(1);

    expect(told[0]?.position).toBe(2);
    await handle.release();
    await (await first).release();
    const held = await second;
    expect(await told[0]?.refresh()).toBeNull();
    expect(told).toHaveLength(1);
    await held.release();
  });

  it('tells a place that has fallen, in the longest queue of several locks', async () => {
    const { subject, other } = pair();
    const [one, two] = [freshName(), freshName()];
    const handle = await other.acquireLock(two);
    const before = other.acquireLock(two);
    await expect.poll(async () => (await subject.inspect(two)).waiting).toBe(1);
    const told: QueuePlace[] = [];
    const both = subject.acquireAll([{ lock: one }, { lock: two }], { onQueued: (place) => void told.push(place) });
    await expect.poll(() => told[0]?.position).toBe(2);

    await handle.release();
    const next = await before;

    expect(await told[0]?.refresh()).toBe(1);
    await next.release();
    await (await both).release();
  });

  it('takes no wrong limit or listener, and goes on when a listener throws', async () => {
    const { subject, other } = pair();
    const lock = subject.createLock(freshName());
    expect(() => lock.acquire({ maxQueueLength: -1 })).toThrow(RangeError);
    expect(() => lock.acquire({ maxQueueLength: 1.5 })).toThrow(RangeError);
    expect(() => lock.acquire({ maxQueueLength: '1' as unknown as number })).toThrow(TypeError);
    expect(() => lock.acquire({ onQueued: 7 as unknown as () => void })).toThrow(TypeError);
    const handle = await other.acquireLock(lock.name);
    let calls = 0;
    const waiting = lock.acquire({
      onQueued: () => {
        calls += 1;
        throw new Error('of the listener');
      },
    });
    await expect.poll(() => calls).toBe(1);

    await handle.release();

    await (await waiting).release();
  });
};

/** How long a hold may last. All at once: each test has its own `expect`. */
export const bounding = (pair: () => Pair): void => {
  it('loses a hold before its maximum is over, however well its session is, and grants the next one after that', async ({
    expect,
  }) => {
    const { subject, other } = pair();
    const name = freshName();
    const handle = await subject.acquireLock(name, { maxHold: 2_000 });
    const lostAt = new Promise<number>((resolve) => handle.on('lost', () => resolve(performance.now())));
    const next = other.acquireLock(name, { timeout: 30_000 }).then((granted) => ({ granted, at: performance.now() }));

    const [at, { granted, at: grantedAt }] = await Promise.all([lostAt, next]);

    expect(handle.signal.reason).toMatchObject({ code: 'LOCK_LOST', reason: 'overdue' });
    expect(grantedAt).toBeGreaterThanOrEqual(at);
    expect(granted.fencingToken).toBeGreaterThan(handle.fencingToken);
    await expect(handle.release()).rejects.toMatchObject({ reason: 'overdue' });
    await granted.release();
  });

  it('bounds several at once, a reader and a permit alike, and leaves who is quicker alone', async ({ expect }) => {
    const { subject } = pair();
    const [shared, counted] = [freshName(), freshName()];
    const semaphore = subject.createSemaphore(counted, 2);
    const together = await subject.acquireAll([{ lock: shared, mode: 'upgradeable' }, { semaphore }], {
      maxHold: 2_000,
    });
    const quick = await subject.acquireLock(freshName(), { maxHold: 2_000 });
    await quick.release();

    await expect
      .poll(() => together.parts.map((part) => part.signal.aborted), { timeout: 10_000 })
      .toEqual([true, true]);

    expect(quick.signal.aborted).toBe(false);
    // Whoever has left a delay once leaves the end of a bounded hold to the leader, too.
    for (const name of [shared, counted]) {
      await expect.poll(async () => (await subject.inspect(name)).holders, { timeout: 10_000 }).toEqual([]);
    }
  });
};
