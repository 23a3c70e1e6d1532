import { expect, it } from 'vitest';
import { DistributedRegister, FencedError } from '../../src/index.ts';
import { freshName, outcomeOf, type Pair } from './pair.ts';

const wrong = expect.objectContaining({ code: 'INVALID_ARGUMENT' });

/** What is done only while a hold is current. */
export const guarding = (pair: () => Pair): void => {
  it('grant what is asked for under a hold that stands, whoever has it', async () => {
    const { subject, other } = pair();
    const guard = await other.acquireLock(freshName());
    const told = { name: guard.name, token: guard.fencingToken };

    const held = await Promise.all([
      subject.acquireLock(freshName(), { guard: told }),
      other.tryAcquireLock(freshName(), { guard }),
      subject.acquireWriteLock(freshName(), { guard }),
      subject.acquireSemaphore(freshName(), 2, { permits: 2, guard }),
      subject.acquireAll([{ lock: freshName() }, { lock: freshName() }], { guard }),
      subject.acquireLock(freshName(), { guard, owner: freshName() }),
    ]);

    expect(held.map((handle) => handle?.isHeld)).toEqual(held.map(() => true));
    await Promise.all(held.map((handle) => handle?.release()));
    await guard.release();
  });

  it('change nothing under one that is over, and say so', async () => {
    const { subject, other } = pair();
    const [name, semaphore] = [freshName(), freshName()];
    const former = await other.acquireLock(freshName());
    await former.release();
    const next = await other.acquireLock(former.name);
    const guard = { name: former.name, token: former.fencingToken };

    const outcomes = await Promise.all(
      [
        subject.acquireLock(name, { guard }),
        subject.tryAcquireLock(name, { guard: former }),
        subject.acquireReadLock(name, { guard }),
        subject.acquireSemaphore(name, 2, { guard }),
        subject.acquireAll([{ lock: name }, { lock: freshName() }], { guard }),
        subject.changeSemaphoreLimit(semaphore, 3, { guard }),
      ].map(outcomeOf),
    );

    for (const error of outcomes) {
      expect(error).toBeInstanceOf(FencedError);
      expect(error).toMatchObject({
        code: 'FENCED',
        token: former.fencingToken,
        outcome: 'not-applied',
        retryable: false,
      });
    }
    expect(await subject.inspect(name)).toMatchObject({ kind: null, holders: [], waiting: 0 });
    expect(await subject.inspect(semaphore)).toMatchObject({ kind: null, limit: null });
    await subject.changeSemaphoreLimit(semaphore, 3, { guard: next });
    expect(await other.inspect(semaphore)).toMatchObject({ limit: 3 });
    await next.release();
  });

  it('wait in the queue as others do, and can be given up', async () => {
    const { subject, other } = pair();
    const [guard, held] = [await subject.acquireLock(freshName()), await other.acquireLock(freshName())];

    const tried = await subject.tryAcquireLock(held.name, { guard });
    const late = await outcomeOf(subject.acquireLock(held.name, { guard, timeout: 50 }));
    const waiting = subject.acquireLock(held.name, { guard });
    await expect.poll(async () => (await subject.inspect(held.name)).waiting).toBe(1);
    await held.release();

    expect(tried).toBeNull();
    expect(late).toMatchObject({ code: 'TIMEOUT' });
    await (await waiting).release();
    await guard.release();
  });

  it('refuse what is no guard at once', async () => {
    const { subject } = pair();
    const held = await subject.acquireUpgradeableReadLock(freshName());
    const several = await subject.acquireAll([{ lock: freshName() }]);

    for (const guard of [null, 7, {}, { name: 'x' }, { token: 7 }, { name: 'x', token: 0 }, several]) {
      expect(() => subject.createLock('x').acquire({ guard: guard as never })).toThrow();
    }
    expect(() => subject.createLock('x').acquire({ guard: 'x' as never })).toThrow(wrong);
    expect(await outcomeOf(held.upgrade({ guard: held }))).toEqual(wrong);
    expect(await outcomeOf(subject.changeSemaphoreLimit('x', 3, { guard: 7 as never }))).toEqual(wrong);
    expect(await outcomeOf(subject.changeSemaphoreLimit('x', 3, { gard: held } as never))).toEqual(wrong);
    await Promise.all([held.release(), several.release()]);
  });
};

/** A value that only holders write. */
export const registering = (pair: () => Pair): void => {
  it('keep what was written under a lock, for everybody to read', async () => {
    const { subject, other } = pair();
    const guard = await subject.acquireLock(freshName());
    const register = subject.createRegister(freshName());
    const elsewhere = other.createRegister(register.name);

    const empty = await elsewhere.get();
    const first = await register.set('{"step":1}', { guard });
    const second = await register.set('', { guard: { name: guard.name, token: guard.fencingToken } });

    expect(register).toBeInstanceOf(DistributedRegister);
    expect(empty).toBeNull();
    expect(second.version).toBe(first.version + 1);
    expect(await elsewhere.get()).toEqual({
      value: '',
      version: second.version,
      token: guard.fencingToken,
      appliedIndex: expect.any(Number),
    });
    expect((await register.get({ consistency: 'local' }))?.version).toBe(second.version);
    await guard.release();
  });

  it('refuse a former holder, and outlive him', async () => {
    const { subject, other } = pair();
    const register = subject.createRegister(freshName());
    const former = await subject.acquireLock(freshName());
    const { version } = await register.set('mine', { guard: former });
    const late = { name: former.name, token: former.fencingToken };
    await former.release();
    const next = await other.acquireLock(former.name);

    const refused = await Promise.all([
      outcomeOf(register.set('late', { guard: late })),
      outcomeOf(register.compareAndSet(version, 'late', { guard: former })),
      outcomeOf(register.delete({ guard: late })),
    ]);
    const kept = await register.get();
    const after = await other.createRegister(register.name).compareAndSet(version, 'ours', { guard: next });

    for (const error of refused) {
      expect(error).toBeInstanceOf(FencedError);
      expect(error).toMatchObject({ token: former.fencingToken, highestSeen: undefined, outcome: 'not-applied' });
    }
    expect(kept).toMatchObject({ value: 'mine', token: former.fencingToken });
    expect(after).toEqual({ written: true, version: version + 1 });
    await next.release();
  });

  it('refuse a hold that stands when a higher token has written', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const register = subject.createRegister(freshName());
    const low = await subject.acquireSemaphore(name, 2);
    const high = await other.acquireSemaphore(name, 2);
    await register.set('high', { guard: high });

    const error = await outcomeOf(register.set('low', { guard: low }));

    expect(error).toMatchObject({ code: 'FENCED', token: low.fencingToken, highestSeen: high.fencingToken });
    expect((await register.get())?.value).toBe('high');
    await Promise.all([low.release(), high.release()]);
  });

  it('let one of many win who compare and set', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const guards = await Promise.all(
      Array.from({ length: 6 }, (_, at) => (at % 2 === 0 ? subject : other).acquireReadLock(name)),
    );
    const highest = guards.reduce((one, another) => (one.fencingToken > another.fencingToken ? one : another));
    const register = freshName();

    const outcomes = await Promise.all(
      Array.from({ length: 6 }, (_, at) =>
        (at % 2 === 0 ? subject : other).createRegister(register).compareAndSet(0, `${at}`, { guard: highest }),
      ),
    );

    const [winner] = outcomes.filter(({ written }) => written);
    expect(outcomes.filter(({ written }) => written)).toHaveLength(1);
    expect(outcomes.map(({ version }) => version)).toEqual(outcomes.map(() => winner?.version));
    await Promise.all(guards.map((guard) => guard.release()));
  });

  it('are taken away, and never have a version twice', async () => {
    const { subject } = pair();
    const guard = await subject.acquireLock(freshName());
    const register = subject.createRegister(freshName());
    const before = await register.set('a', { guard });

    const gone = [await register.delete({ guard }), await register.delete({ guard }), await register.get()];
    const stale = await register.compareAndSet(before.version, 'b', { guard });
    const again = await register.compareAndSet(0, 'b', { guard });

    expect(gone).toEqual([true, false, null]);
    expect(stale).toEqual({ written: false, version: 0 });
    expect(again.written).toBe(true);
    expect(again.version).toBeGreaterThan(before.version);
    await guard.release();
  });

  it('have names of their own, and refuse what is none', async () => {
    const { subject } = pair();
    const guard = await subject.acquireLock(freshName());
    const register = subject.createRegister(guard.name);
    await register.set('v', { guard });

    expect(await subject.inspect(guard.name)).toMatchObject({ kind: 'exclusive' });
    expect(() => subject.createRegister('')).toThrow('the name of a register must not be that');
    expect(() => subject.createRegister('$x')).toThrow(expect.objectContaining({ code: 'INVALID_NAME' }));
    await guard.release();
    expect((await register.get())?.value).toBe('v');
  });

  it('take text of at most 4 KiB, and nothing else', async () => {
    const { subject, other } = pair();
    const guard = await subject.acquireLock(freshName());
    const register = subject.createRegister(freshName());
    const largest = '\u00e9'.repeat(2_048);

    await register.set(largest, { guard });
    const read = await other.createRegister(register.name).get();
    const tooLong = await outcomeOf(register.set(`${largest}x`, { guard }));

    expect(read?.value).toBe(largest);
    expect(tooLong).toMatchObject({ code: 'LIMIT_EXCEEDED', outcome: 'not-applied' });
    for (const value of [undefined, null, 7, {}, '\ud800']) {
      expect(await outcomeOf(register.set(value as never, { guard }))).toEqual(wrong);
    }
    for (const version of [-1, 1.5, '1', undefined]) {
      expect(await outcomeOf(register.compareAndSet(version as never, 'x', { guard }))).toEqual(wrong);
    }
    for (const options of [undefined, null, {}, { guard: undefined }, { guard: 'x' }, { guard, timeout: 1 }]) {
      expect(await outcomeOf(register.set('x', options as never))).toEqual(wrong);
    }
    expect(await outcomeOf(register.get({ consistency: 'any' as never }))).toEqual(wrong);
    await guard.release();
  });
};
