import { expect, it } from 'vitest';
import type { LockHandle } from '../../src/index.ts';
import { freshName, type Pair } from './pair.ts';

/** How often that handle has been told so far, and a way to wait for the next time. */
const listenTo = (handle: Pick<LockHandle, 'on' | 'off'>) => {
  let count = 0;
  const listener = (): void => {
    count += 1;
  };
  handle.on('contended', listener);
  return {
    get count() {
      return count;
    },
    stop: () => handle.off('contended', listener),
    reaches: async (n: number) => expect.poll(() => count, { timeout: 5_000 }).toBe(n),
  };
};

/** What holders hear of those who wait. */
export const contending = (pair: () => Pair): void => {
  it('is told to the holder when somebody comes to wait, and again only after nobody did', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const held = await subject.acquireLock(name);
    const told = listenTo(held);
    const abort = new AbortController();

    const waiters = [1, 2].map(() => other.acquireLock(name, { signal: abort.signal }).catch(() => {}));
    await told.reaches(1);
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(2);
    abort.abort();
    await Promise.all(waiters);
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(0);
    const while2 = told.count;
    const waiting = other.acquireLock(name);
    await told.reaches(2);

    expect(while2).toBe(1);
    expect(held.isHeld).toBe(true);
    await held.release();
    await (await waiting).release();
  });

  it('is told at once, but not inside the call, to who begins to listen while somebody waits', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const held = await subject.acquireLock(name);
    const waiting = other.acquireLock(name);
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(1);

    const told = listenTo(held);
    const inside = told.count;
    await told.reaches(1);

    expect(inside).toBe(0);
    await held.release();
    await (await waiting).release();
  });

  it('is told to who waits no longer than the next one: a lock that is let go when asked goes round', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const turns: string[] = [];
    const taker = async (who: string, provider: Pair['subject']): Promise<void> => {
      for (let turn = 0; turn < 3; turn += 1) {
        const handle = await provider.acquireLock(name);
        turns.push(who);
        await new Promise<void>((resolve) => {
          handle.on('contended', resolve);
          if (turns.length === 6) resolve();
        });
        await handle.release();
      }
    };

    await Promise.all([taker('subject', subject), taker('other', other)]);

    expect(turns).toHaveLength(6);
  });

  it('is not told to who does not listen any more', async () => {
    const { subject, other } = pair();
    const [name, last] = [freshName(), freshName()];
    const [quiet, loud] = [await subject.acquireLock(name), await subject.acquireLock(last)];
    const [stopped, heard] = [listenTo(quiet), listenTo(loud)];
    stopped.stop();
    // What comes after it on the same way has been heard by the time that it is looked at.
    await subject.inspect(name);

    const first = other.acquireLock(name);
    await expect.poll(async () => (await other.inspect(name)).waiting).toBe(1);
    const second = other.acquireLock(last);
    await heard.reaches(1);

    expect(stopped.count).toBe(0);
    await Promise.all([quiet.release(), loud.release()]);
    await Promise.all([first, second].map(async (waiting) => (await waiting).release()));
  });

  it('is told to readers of a writer, to holders of permits, and to the parts of several locks', async () => {
    const { subject, other } = pair();
    const [read, counted, part] = [freshName(), freshName(), freshName()];
    const handles = [
      await subject.acquireReadLock(read),
      await subject.acquireSemaphore(counted, 1),
      await subject.acquireAll([{ lock: part }]),
    ] as const;
    const [one] = handles[2].parts;
    const told = [handles[0], handles[1], one ?? handles[0]].map(listenTo);

    const waiting = [other.acquireWriteLock(read), other.acquireSemaphore(counted, 1), other.acquireLock(part)];
    for (const each of told) await each.reaches(1);

    await Promise.all(handles.map((handle) => handle.release()));
    for (const each of waiting) await (await each).release();
  });

  it('is told of an upgrade to the other readers, and not to the one that upgrades', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const upgrading = await subject.acquireUpgradeableReadLock(name);
    const [reader, mine] = [await other.acquireReadLock(name), await subject.acquireReadLock(name)];
    const [own, theirs, beside] = [listenTo(upgrading), listenTo(reader), listenTo(mine)];

    const upgrade = upgrading.upgrade();
    await theirs.reaches(1);
    await beside.reaches(1);
    const before = own.count;
    const waiting = other.acquireReadLock(name);
    await own.reaches(1);
    await Promise.all([reader.release(), mine.release()]);
    await upgrade;
    // Under its new token it is told of who still waits.
    await own.reaches(2);

    expect(before).toBe(0);
    await upgrading.release();
    await (await waiting).release();
  });
};
