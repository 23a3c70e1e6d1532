import { expect, it } from 'vitest';
import type { AcquireOptions, CompositeHandle, LockHandle, LockProvider } from '../../src/index.ts';
import { freshName, outcomeOf, type Pair } from './pair.ts';

type Taken = LockHandle | CompositeHandle;
type Taking = (provider: LockProvider, name: string, options?: AcquireOptions) => Promise<Taken>;

const both = (name: string) => [{ lock: `${name}/second` }, { lock: name }] as const;

/** Each way to hold something by name, and one that it excludes. */
export const kinds: readonly (readonly [string, Taking, Taking])[] = [
  ['an exclusive lock', (of, name, to) => of.acquireLock(name, to), (of, name, to) => of.acquireLock(name, to)],
  ['a read', (of, name, to) => of.acquireReadLock(name, to), (of, name, to) => of.acquireWriteLock(name, to)],
  [
    'an upgradeable read',
    (of, name, to) => of.acquireUpgradeableReadLock(name, to),
    (of, name, to) => of.acquireUpgradeableReadLock(name, to),
  ],
  ['a write', (of, name, to) => of.acquireWriteLock(name, to), (of, name, to) => of.acquireReadLock(name, to)],
  [
    'permits',
    (of, name, to) => of.acquireSemaphore(name, 3, { ...to, permits: 2 }),
    (of, name, to) => of.acquireSemaphore(name, 3, { ...to, permits: 2 }),
  ],
  ['several locks', (of, name, to) => of.acquireAll(both(name), to), (of, name, to) => of.acquireLock(name, to)],
];

const tokensAt = async (provider: LockProvider, name: string): Promise<readonly number[]> =>
  (await provider.inspect(name)).holders.map(({ token }) => token);

const tokenAt = (taken: Taken, name: string): number | undefined =>
  'part' in taken ? taken.part(name)?.fencingToken : taken.fencingToken;

/** What a provider that keeps its word never does, whatever is held. */
export const keepingWord = (pair: () => Pair): void => {
  it.each(kinds)('%s is waited for, not shared with what it excludes', async (_kind, take, rival) => {
    const { subject, other } = pair();
    const name = freshName();
    const held = await take(subject, name);
    const asked = rival(other, name).then((taken) => ({ taken, heldAtGrant: held.isHeld }));
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(1);
    const meanwhile = await tokensAt(other, name);

    await held.release();
    const { taken, heldAtGrant } = await asked;

    expect(meanwhile).toEqual([tokenAt(held, name)]);
    expect(heldAtGrant).toBe(false);
    await taken.release();
  });

  it.each(kinds)('%s is free once it is disposed of', async (_kind, take, rival) => {
    const { subject, other } = pair();
    const name = freshName();
    const held = await take(subject, name);

    await held[Symbol.asyncDispose]();

    // On a busy machine a disposal may give up waiting for the answer; it never gives up the release.
    await (await rival(other, name, { timeout: 15_000 })).release();
  });

  it.each(kinds)(
    '%s is not said to be lost when others ask for it, nor when it is let go',
    async (_kind, take, rival) => {
      const { subject, other } = pair();
      const name = freshName();
      const held = await take(subject, name);
      const { signal } = held;

      const late = await outcomeOf(rival(other, name, { timeout: 20 }));
      const abortedWhileHeld = signal.aborted;
      await held.release();
      await (await rival(other, name)).release();

      expect(late).toMatchObject({ code: 'TIMEOUT' });
      expect([abortedWhileHeld, signal.aborted]).toEqual([false, false]);
    },
  );

  it.each(kinds)('%s that was let go cannot let go what the same process holds by now', async (_kind, take, rival) => {
    const { subject, other } = pair();
    const name = freshName();
    const former = await take(subject, name);
    await former.release();
    const current = await take(subject, name);

    await former.release();
    await former[Symbol.asyncDispose]();

    expect(await tokensAt(other, name)).toEqual([tokenAt(current, name)]);
    expect(await outcomeOf(rival(other, name, { timeout: 0 }))).toMatchObject({ code: 'TIMEOUT' });
    await current.release();
  });

  it.each([
    ['reads', (of: LockProvider, name: string) => of.acquireReadLock(name)],
    ['permits', (of: LockProvider, name: string) => of.acquireSemaphore(name, 2)],
  ] as const)('two %s of one process are two: letting go of one leaves the other', async (_kind, take) => {
    const { subject, other } = pair();
    const name = freshName();
    const [one, two] = [await take(subject, name), await take(subject, name)];

    await Promise.all([one.release(), one.release()]);

    expect(one.fencingToken).not.toBe(two.fencingToken);
    expect([one.isHeld, two.isHeld]).toEqual([false, true]);
    expect(await tokensAt(other, name)).toEqual([two.fencingToken]);
    await two.release();
  });

  it('several locks that were given up, refused or tried in vain are not acquired later', async () => {
    const { subject, other } = pair();
    const [free, taken] = [freshName(), freshName()];
    const held = await other.acquireLock(taken);
    const requests = [{ lock: free }, { lock: taken }];

    const late = await outcomeOf(subject.acquireAll(requests, { timeout: 20 }));
    const mixed = await outcomeOf(subject.acquireAll([{ lock: free }, { lock: taken, mode: 'write' }]));
    const tried = await subject.tryAcquireAll(requests);
    await held.release();
    // Whatever were still queued would be granted before this one, and found below.
    await (await other.acquireAll(requests)).release();

    expect([late, mixed]).toMatchObject([{ code: 'TIMEOUT' }, { code: 'KIND_MISMATCH' }]);
    expect(tried).toBeNull();
    for (const name of [free, taken]) expect(await other.inspect(name)).toMatchObject({ holders: [], waiting: 0 });
  });

  it('a downgrade of what is not held, or not so strongly, changes nothing', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const handle = await subject.acquireUpgradeableReadLock(name);

    const same = await outcomeOf(handle.downgrade('upgradeable'));
    const kept = await other.inspect(name);
    await handle.release();
    const writer = await other.acquireWriteLock(name);
    const gone = await outcomeOf(handle.downgrade('read'));

    expect(same).toMatchObject({ code: 'NOT_HELD' });
    expect(kept.holders).toMatchObject([{ mode: 'U', token: handle.fencingToken }]);
    expect(gone).toMatchObject({ code: 'LOCK_LOST' });
    expect(await tokensAt(subject, name)).toEqual([writer.fencingToken]);
    await writer.release();
  });
};
