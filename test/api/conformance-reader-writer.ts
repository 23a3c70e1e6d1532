import { expect, it } from 'vitest';
import { CancelledError, KindMismatchError, NotHeldError, TimeoutError } from '../../src/index.ts';
import { freshName, outcomeOf, type Pair } from './pair.ts';

/** How reader-writer locks are shared. */
export const readingAndWriting = (pair: () => Pair): void => {
  it('are read by many at once, each with a token of its own', async () => {
    const { subject, other } = pair();
    const name = freshName();

    const handles = await Promise.all([subject, other, subject].map((provider) => provider.acquireReadLock(name)));
    const upgradeable = await other.acquireUpgradeableReadLock(name);

    expect(new Set([...handles, upgradeable].map(({ fencingToken }) => fencingToken)).size).toBe(4);
    expect(handles.map(({ kind, mode, isHeld }) => [kind, mode, isHeld])).toEqual(
      handles.map(() => ['reader-writer', 'read', true]),
    );
    expect(upgradeable.mode).toBe('upgradeable');
    await Promise.all([...handles, upgradeable].map((handle) => handle.release()));
  });

  it('are written by one alone, and upgradeable to one at a time', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const upgradeable = await subject.acquireUpgradeableReadLock(name);

    const whileUpgradeable = [await other.tryAcquireUpgradeableReadLock(name), await other.tryAcquireWriteLock(name)];
    await upgradeable.release();
    const writer = await subject.acquireWriteLock(name);
    const whileWritten = [
      await other.tryAcquireReadLock(name),
      await other.tryAcquireUpgradeableReadLock(name),
      await subject.tryAcquireWriteLock(name),
    ];

    expect([...whileUpgradeable, ...whileWritten]).toEqual([null, null, null, null, null]);
    expect(writer.mode).toBe('write');
    await writer.release();
  });

  it('let no reader slip past a waiting writer, and serve the run of readers behind it together', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const order: string[] = [];
    const reader = await subject.acquireReadLock(name);
    const writing = other.acquireWriteLock(name).then((handle) => {
      order.push('write');
      return handle;
    });
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(1);
    const reading = [subject, other].map((provider) =>
      provider.acquireReadLock(name).then((handle) => {
        order.push('read');
        return handle;
      }),
    );
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(3);

    const tried = await subject.tryAcquireReadLock(name);
    await reader.release();
    await (await writing).release();
    const readers = await Promise.all(reading);

    expect(tried).toBeNull();
    expect(order).toEqual(['write', 'read', 'read']);
    expect(readers.every(({ isHeld }) => isHeld)).toBe(true);
    await Promise.all(readers.map((handle) => handle.release()));
  });

  it('let the readers behind a writer in when it gives up', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const reader = await subject.acquireReadLock(name);
    const controller = new AbortController();
    const writing = outcomeOf(other.acquireWriteLock(name, { signal: controller.signal }));
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(1);
    const reading = subject.acquireReadLock(name);
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(2);

    controller.abort();

    expect(await writing).toBeInstanceOf(CancelledError);
    await (await reading).release();
    await reader.release();
  });

  it('show their kind, modes and queue', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const reader = await subject.acquireReadLock(name);
    const writing = other.acquireWriteLock(name);
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(1);

    const view = await subject.inspect(name);

    expect(view).toMatchObject({ kind: 'reader-writer', limit: null, holders: [{ mode: 'R', permits: 1 }] });
    expect(view.queue).toMatchObject([{ position: 1, mode: 'W' }]);
    await reader.release();
    await (await writing).release();
  });

  it('have one kind while they are used: another one is refused, and changes nothing', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const reader = await subject.acquireReadLock(name);

    const asExclusive = await outcomeOf(other.acquireLock(name));
    const tried = await outcomeOf(other.tryAcquireLock(name));
    await reader.release();
    const exclusive = await other.acquireLock(name);
    const asReader = await outcomeOf(subject.acquireReadLock(name));

    expect(asExclusive).toBeInstanceOf(KindMismatchError);
    expect(asExclusive).toMatchObject({ code: 'KIND_MISMATCH', wanted: 'exclusive', actual: 'reader-writer' });
    expect(tried).toMatchObject({ code: 'KIND_MISMATCH' });
    expect(asReader).toMatchObject({ wanted: 'reader-writer', actual: 'exclusive', outcome: 'not-applied' });
    expect((await subject.inspect(name)).holders).toHaveLength(1);
    await exclusive.release();
  });

  it('are released by their scopes, whose errors pass untouched', async () => {
    const { subject } = pair();
    const name = freshName();
    const lock = subject.createReaderWriterLock(name);
    const failure = new Error('mine');

    const read = await lock.useRead((handle) => handle.mode);
    const error = await outcomeOf(lock.useWrite({ timeout: 5_000 }, () => Promise.reject(failure)));

    expect(read).toBe('read');
    expect(error).toBe(failure);
    expect((await subject.inspect(name)).holders).toEqual([]);
  });
};

/** How holds of reader-writer locks change. */
export const converting = (pair: () => Pair): void => {
  it('make a write of an upgradeable read once the readers have left, ahead of all who wait', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const reader = await other.acquireReadLock(name);
    const handle = await subject.acquireUpgradeableReadLock(name);
    const former = handle.fencingToken;
    const writing = other.acquireWriteLock(name);
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(1);

    const upgraded = handle.upgrade();
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(2);
    await reader.release();
    await upgraded;

    expect(handle.mode).toBe('write');
    expect(handle.fencingToken).toBeGreaterThan(former);
    expect(handle.isHeld).toBe(true);
    expect((await subject.inspect(name)).holders).toMatchObject([{ mode: 'W', token: handle.fencingToken }]);
    await handle.release();
    await (await writing).release();
  });

  it.each([{ sticky: true }, { transferable: true }, { metadata: 'm' }, { owner: 'ann' }])(
    'take no options of a hold, such as %o: it keeps what it has',
    async (options) => {
      const handle = await pair().subject.acquireUpgradeableReadLock(freshName());

      expect(await outcomeOf(handle.upgrade(options))).toBeInstanceOf(TypeError);
      expect(handle.mode).toBe('upgradeable');
      await handle.release();
    },
  );

  it('leave an upgradeable read what it was when the upgrade times out or is aborted', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const reader = await other.acquireReadLock(name);
    const handle = await subject.acquireUpgradeableReadLock(name);
    const token = handle.fencingToken;
    const controller = new AbortController();

    const late = await outcomeOf(handle.upgrade({ timeout: 30 }));
    const once = await outcomeOf(handle.upgrade({ timeout: 0 }));
    const tried = await handle.tryUpgrade();
    const asked = outcomeOf(handle.upgrade({ signal: controller.signal }));
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(1);
    controller.abort('enough');
    const aborted = await asked;

    expect([late, once]).toEqual([expect.any(TimeoutError), expect.any(TimeoutError)]);
    expect(tried).toBe(false);
    expect(aborted).toMatchObject({ code: 'CANCELLED', cause: 'enough' });
    expect([handle.mode, handle.fencingToken, handle.isHeld]).toEqual(['upgradeable', token, true]);
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(0);
    await reader.release();
    expect(await handle.tryUpgrade()).toBe(true);
    await handle.release();
  });

  it('are refused to whoever does not hold an upgradeable read', async () => {
    const { subject } = pair();
    const name = freshName();
    const reader = await subject.acquireReadLock(name);

    const upgrade = await outcomeOf(reader.upgrade());
    const downgrade = await outcomeOf(reader.downgrade());
    await reader.release();
    const released = await outcomeOf(reader.upgrade());

    expect(upgrade).toBeInstanceOf(NotHeldError);
    expect([upgrade, downgrade]).toMatchObject([{ code: 'NOT_HELD' }, { code: 'NOT_HELD' }]);
    expect(released).toMatchObject({ code: 'LOCK_LOST' });
  });

  it('go down step by step under the same token, and let in who fits', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const handle = await subject.acquireWriteLock(name);
    const token = handle.fencingToken;
    const reading = other.acquireReadLock(name);
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(1);
    const upgrading = other.acquireUpgradeableReadLock(name);
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(2);

    await handle.downgrade();
    const reader = await reading;
    const afterFirst = [handle.mode, (await subject.inspect(name)).waiting];
    await handle.downgrade();
    const upgradeable = await upgrading;

    expect(afterFirst).toEqual(['upgradeable', 1]);
    expect([handle.mode, handle.fencingToken, handle.isHeld]).toEqual(['read', token, true]);
    await Promise.all([handle, reader, upgradeable].map((each) => each.release()));
  });

  it('end with the hold: a release takes its pending upgrade along', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const reader = await other.acquireReadLock(name);
    const handle = await subject.acquireUpgradeableReadLock(name);
    const upgrade = outcomeOf(handle.upgrade());
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(1);

    await handle.release();

    expect(await upgrade).toMatchObject({ code: 'CANCELLED' });
    expect(await subject.inspect(name)).toMatchObject({ waiting: 0, holders: [{ token: reader.fencingToken }] });
    await reader.release();
    await (await other.acquireWriteLock(name)).release();
  });
};
