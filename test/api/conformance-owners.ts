import { expect, it } from 'vitest';
import { DeadlockError, type LockHandle } from '../../src/index.ts';
import { freshName, outcomeOf, type Pair } from './pair.ts';

/** Who waits for whom. */
export const owning = (pair: () => Pair): void => {
  it('gives an owner who asks again a DeadlockError at once, and null to its try', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const owner = `${name}/owner`;
    const handle = await subject.acquireLock(name, { owner });

    const again = await outcomeOf(subject.acquireLock(name, { owner }));
    const elsewhere = await outcomeOf(other.acquireLock(name, { owner }));
    const tried = await subject.tryAcquireLock(name, { owner });

    expect(again).toBeInstanceOf(DeadlockError);
    expect(again).toMatchObject({ code: 'DEADLOCK', outcome: 'not-applied', cycle: [{ owner, lock: name }] });
    expect(elsewhere).toMatchObject({ code: 'DEADLOCK' });
    expect(tried).toBeNull();
    expect(await subject.inspect(name)).toMatchObject({ holders: [{ owner, entries: 1 }], waiting: 0 });
    await handle.release();
  });

  it('refuses the request that closes a circle of owners, names it, and lets the others go on', async () => {
    const { subject, other } = pair();
    const [a, b] = [freshName(), freshName()];
    const [ann, bob] = [`${a}/ann`, `${a}/bob`];
    const ofAnn = await subject.acquireLock(a, { owner: ann });
    const ofBob = await other.acquireLock(b, { owner: bob });
    const waiting = subject.acquireLock(b, { owner: ann });
    await expect.poll(async () => (await subject.inspect(b)).waiting).toBe(1);

    const error = await outcomeOf(other.acquireLock(a, { owner: bob }));
    await ofBob.release();
    const second = await waiting;

    expect(error).toBeInstanceOf(DeadlockError);
    expect(error).toMatchObject({
      cycle: [
        { owner: bob, lock: a },
        { owner: ann, lock: b },
      ],
    });
    expect(String(error)).toContain(ann);
    expect((await subject.inspect(a)).waiting).toBe(0);
    await Promise.all([ofAnn, second].map((handle) => handle.release()));
  });

  it('sees a circle through readers, permits and several locks at once', async () => {
    const { subject, other } = pair();
    const [shared, counted, exclusive] = [freshName(), freshName(), freshName()];
    const owners = ['ann', 'bob', 'cy'].map((who) => `${shared}/${who}`);
    const [ann, bob, cy] = owners;
    const held = [
      await subject.acquireReadLock(shared, { owner: ann }),
      await other.acquireSemaphore(counted, 2, { permits: 2, owner: bob }),
      await subject.acquireLock(exclusive, { owner: cy }),
    ];
    const waiting = [
      outcomeOf(other.acquireAll([{ lock: shared, mode: 'write' }, { lock: freshName() }], { owner: bob })),
      outcomeOf(subject.acquireSemaphore(counted, 2, { owner: cy })),
    ];
    for (const name of [shared, counted]) {
      await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(1);
    }

    const error = await outcomeOf(subject.acquireLock(exclusive, { owner: ann }));

    expect(error).toMatchObject({ cycle: [ann, cy, bob].map((owner) => ({ owner })) });
    await held[0]?.release();
    const rest = (await Promise.all([waiting[0], held[1]?.release(), waiting[1]])) as Pick<LockHandle, 'release'>[];
    await Promise.all([rest[0]?.release(), rest[2]?.release(), held[2]?.release()]);
  });

  it('does not mistake a queue for a circle: requests without an owner wait like everybody', async () => {
    const { subject } = pair();
    const name = freshName();
    const handle = await subject.acquireLock(name);
    const second = subject.acquireLock(name);
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(1);

    await handle.release();

    await (await second).release();
  });

  it('lets an upgrade wait for a reader that waits for somebody else', async () => {
    const { subject, other } = pair();
    const [shared, exclusive] = [freshName(), freshName()];
    const owner = `${shared}/reader`;
    const upgradeable = await subject.acquireUpgradeableReadLock(shared);
    const reader = await other.acquireReadLock(shared, { owner });
    const waiting = outcomeOf(other.acquireWriteLock(shared, { owner }));

    const own = await waiting;
    const held = await subject.acquireLock(exclusive, { owner: `${shared}/holder` });
    const behind = other.acquireLock(exclusive, { owner });
    await expect.poll(async () => (await subject.inspect(exclusive)).waiting).toBe(1);
    const upgraded = upgradeable.upgrade();
    await held.release();
    await (await behind).release();
    await reader.release();
    await upgraded;

    expect(own).toMatchObject({ cycle: [{ owner, lock: shared }] });
    expect(upgradeable.mode).toBe('write');
    await upgradeable.release();
  });

  it('lets a re-entrant owner in again under the same token, and nobody else before it has left as often', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const owner = `${name}/owner`;
    const first = await subject.acquireLock(name, { owner, reentrant: true });
    const second = await subject.acquireLock(name, { owner, reentrant: true });
    const third = await subject.tryAcquireLock(name, { owner, reentrant: true });

    const elsewhere = await outcomeOf(other.acquireLock(name, { owner, reentrant: true }));
    const entered = await subject.inspect(name);
    await Promise.all([second.release(), second.release(), third?.release()]);
    const left = await subject.inspect(name);
    const tried = await other.tryAcquireLock(name);
    await first.release();
    const next = await other.tryAcquireLock(name);

    expect([second.fencingToken, third?.fencingToken]).toEqual([first.fencingToken, first.fencingToken]);
    expect(elsewhere).toMatchObject({ code: 'DEADLOCK' });
    expect(entered.holders).toMatchObject([{ owner, entries: 3 }]);
    expect(left.holders).toMatchObject([{ owner, entries: 1 }]);
    expect([second.isHeld, tried]).toEqual([false, null]);
    expect(next?.fencingToken).toBeGreaterThan(first.fencingToken);
    await next?.release();
  });

  it('follows what runs inside withOwner, however it awaits, and nothing else', async () => {
    const { subject, other } = pair();
    const [a, b] = [freshName(), freshName()];
    const owner = `${a}/scope`;

    const [seen, error, own] = await subject.withOwner(owner, async () => {
      const handle = await subject.acquireLock(a);
      await Promise.resolve();
      const again = await outcomeOf(subject.acquireLock(a));
      const mine = await subject.acquireReadLock(b, { owner: `${a}/mine` });
      const views = [await subject.inspect(a), await subject.inspect(b)];
      await Promise.all([handle.release(), mine.release()]);
      return [views[0]?.holders[0]?.owner, again, views[1]?.holders[0]?.owner];
    });
    const outside = await subject.acquireLock(a);
    const elsewhere = await subject.withOwner(owner, () => other.acquireLock(b));

    expect([seen, own]).toEqual([owner, `${a}/mine`]);
    expect(error).toBeInstanceOf(DeadlockError);
    expect((await subject.inspect(a)).holders).toMatchObject([{ owner: null }]);
    expect((await subject.inspect(b)).holders).toMatchObject([{ owner: null }]);
    await Promise.all([outside, elsewhere].map((handle) => handle.release()));
  });

  it('refuses wrong owners and impossible re-entries at once', async () => {
    const { subject } = pair();
    const wrong = (call: () => unknown) => expect(call).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    const lock = subject.createLock(freshName());
    const shared = subject.createReaderWriterLock(freshName());

    for (const owner of ['', 'x'.repeat(257), '\n', '\ud800', 7 as never, null as never]) {
      wrong(() => lock.acquire({ owner }));
      wrong(() => subject.withOwner(owner, () => undefined));
    }
    wrong(() => subject.withOwner('x', undefined as never));
    wrong(() => lock.acquire({ reentrant: true }));
    wrong(() => lock.acquire({ owner: 'x', reentrant: 1 as never }));
    wrong(() => shared.acquireWrite({ owner: 'x', reentrant: true } as never));
    wrong(() => subject.acquireAll([{ lock: 'x' }], { owner: 'x', reentrant: true } as never));
    const handle = await shared.acquireUpgradeableRead();
    expect(await outcomeOf(handle.upgrade({ owner: 'x' }))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    await handle.release();
  });
};
