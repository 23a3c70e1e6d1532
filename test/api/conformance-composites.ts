import { expect, it } from 'vitest';
import {
  CancelledError,
  type CompositeHandle,
  KindMismatchError,
  type LockRequest,
  TimeoutError,
} from '../../src/index.ts';
import { freshName, outcomeOf, type Pair } from './pair.ts';

/** How several locks are acquired in one step. */
export const combining = (pair: () => Pair): void => {
  it('gives all of them, whatever their kinds, each with a token of its own', async () => {
    const { subject, other } = pair();
    const [exclusive, shared, counted] = [freshName(), freshName(), freshName()];
    const semaphore = subject.createSemaphore(counted, 3);

    const handle = await subject.acquireAll([
      { lock: subject.createLock(exclusive) },
      { lock: subject.createReaderWriterLock(shared), mode: 'write' },
      { semaphore, permits: 2 },
    ]);

    expect(handle.parts.map(({ name, kind }) => [name, kind])).toEqual([
      [exclusive, 'exclusive'],
      [shared, 'reader-writer'],
      [counted, 'semaphore'],
    ]);
    const tokens = handle.parts.map(({ fencingToken }) => fencingToken);
    expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b));
    for (const [at, name] of [exclusive, shared, counted].entries()) {
      expect((await other.inspect(name)).holders.map(({ token }) => token)).toEqual([tokens[at]]);
    }
    expect(handle.part(counted)).toMatchObject({ permits: 2 });
    expect([handle.isHeld, handle.signal.aborted, handle.remaining() > 0]).toEqual([true, false, true]);
    await handle.release();
    expect([handle.isHeld, handle.signal.aborted]).toEqual([false, false]);
    for (const name of [exclusive, shared, counted]) expect((await other.inspect(name)).holders).toEqual([]);
  });

  it('holds nothing while one of them is held by another, and enters all queues', async () => {
    const { subject, other } = pair();
    const [free, taken] = [freshName(), freshName()];
    const held = await other.acquireLock(taken);

    const asked = subject.acquireAll([{ lock: free }, { lock: taken }]);
    await expect.poll(async () => (await subject.inspect(taken)).waiting).toBe(1);
    const meanwhile = await subject.inspect(free);
    const tried = await other.tryAcquireLock(free);
    await held.release();
    const handle = await asked;

    expect(meanwhile).toMatchObject({ holders: [], waiting: 1 });
    expect(tried).toBeNull();
    expect(handle.isHeld).toBe(true);
    await handle.release();
  });

  it('does not deadlock with another such call that names them in another order', async () => {
    const { subject, other } = pair();
    const [a, b] = [freshName(), freshName()];
    const work = async (at: number): Promise<void> => {
      const names = at % 2 === 0 ? [a, b] : [b, a];
      const handle = await (at % 2 === 0 ? subject : other).acquireAll(
        names.map((lock) => ({ lock })),
        { timeout: 15_000 },
      );
      handle.assertHeld();
      await handle.release();
    };

    await Promise.all(Array.from({ length: 20 }, (_, at) => work(at)));

    expect((await subject.inspect(a)).waiting).toBe(0);
  });

  it('tries once: null when one is busy, and then none is held', async () => {
    const { subject, other } = pair();
    const [free, taken] = [freshName(), freshName()];
    const held = await other.acquireReadLock(taken);

    const busy = await subject.tryAcquireAll([{ lock: free }, { lock: taken, mode: 'write' }]);
    const beside = await subject.tryAcquireAll([{ lock: free }, { lock: taken, mode: 'read' }]);

    expect(busy).toBeNull();
    expect(beside?.isHeld).toBe(true);
    await Promise.all([held.release(), beside?.release()]);
  });

  it('leaves all queues when its time is up or its signal aborts', async () => {
    const { subject, other } = pair();
    const [free, taken] = [freshName(), freshName()];
    const held = await other.acquireLock(taken);
    const requests = [{ lock: free }, { lock: taken }];
    const controller = new AbortController();

    const once = await outcomeOf(subject.acquireAll(requests, { timeout: 0 }));
    const late = await outcomeOf(subject.acquireAll(requests, { timeout: 30 }));
    const asked = outcomeOf(subject.acquireAll(requests, { signal: controller.signal }));
    await expect.poll(async () => (await subject.inspect(free)).waiting).toBe(1);
    controller.abort('enough');
    const aborted = await asked;

    expect([once, late]).toEqual([expect.any(TimeoutError), expect.any(TimeoutError)]);
    expect(aborted).toBeInstanceOf(CancelledError);
    await expect.poll(async () => (await subject.inspect(taken)).waiting).toBe(0);
    await expect.poll(async () => (await subject.inspect(free)).waiting).toBe(0);
    expect((await subject.inspect(free)).holders).toEqual([]);
    await held.release();
  });

  it('merges duplicates: the strongest mode counts, and permits are added up', async () => {
    const { subject } = pair();
    const [shared, counted, exclusive] = [freshName(), freshName(), freshName()];
    const semaphore = subject.createSemaphore(counted, 3);

    const handle = await subject.acquireAll([
      { lock: shared, mode: 'read' },
      { semaphore },
      { lock: exclusive },
      { lock: shared, mode: 'upgradeable' },
      { semaphore, permits: 2 },
      { lock: exclusive },
      { lock: shared, mode: 'read' },
    ]);

    expect(handle.parts.map(({ name }) => name)).toEqual([shared, counted, exclusive]);
    expect(handle.part(shared)).toMatchObject({ mode: 'upgradeable' });
    expect(handle.part(counted)).toMatchObject({ permits: 3 });
    await handle.release();
  });

  it('refuses an empty list, wrong requests, and one name as two things', () => {
    const { subject } = pair();
    const name = freshName();
    const semaphore = subject.createSemaphore(name, 2);
    const wrong: readonly unknown[] = [
      ...[
        [],
        undefined,
        'x',
        [undefined],
        [{}],
        [{ lock: 7 }],
        [{ lock: name, mode: 'both' }],
        [{ lock: name, timeout: 1 }],
      ],
      ...[[{ semaphore: name }], [{ semaphore, permits: 0 }], [{ semaphore, permits: 3 }]],
      ...[[{ lock: subject.createLock(name), mode: 'read' }], [{ lock: subject.createReaderWriterLock(name) }]],
      ...[[{ semaphore, permits: 2 }, { semaphore }], Array.from({ length: 65 }, (_, at) => ({ lock: `x${at}` }))],
    ];

    for (const requests of wrong) {
      expect(() => subject.acquireAll(requests as readonly LockRequest[])).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
      );
    }
    expect(() => subject.acquireAll([{ lock: '' }])).toThrow(expect.objectContaining({ code: 'INVALID_NAME' }));
    expect(() => subject.acquireAll([{ lock: name }, { semaphore }])).toThrow(KindMismatchError);
    expect(() => subject.acquireAll([{ semaphore }, { semaphore: subject.createSemaphore(name, 3) }])).toThrow(
      expect.objectContaining({ code: 'SEMAPHORE_LIMIT' }),
    );
  });

  it('is refused as a whole when one name is in use as another kind', async () => {
    const { subject, other } = pair();
    const [free, shared] = [freshName(), freshName()];
    const held = await other.acquireReadLock(shared);

    const error = await outcomeOf(subject.acquireAll([{ lock: free }, { lock: shared }]));

    expect(error).toMatchObject({ code: 'KIND_MISMATCH', wanted: 'exclusive', actual: 'reader-writer' });
    expect((await subject.inspect(free)).holders).toEqual([]);
    await held.release();
  });

  it('is released by disposal, which never rejects', async () => {
    const { subject } = pair();
    const [a, b] = [freshName(), freshName()];
    const handle = await subject.acquireAll([{ lock: a }, { lock: b }]);
    await handle.part(a)?.release();

    const heldInPart = handle.isHeld;
    await handle[Symbol.asyncDispose]();

    expect(heldInPart).toBe(false);
    expect((await subject.inspect(b)).holders).toEqual([]);
  });
};

/** How several locks are held while something runs. */
export const combiningInScope = (pair: () => Pair): void => {
  it('holds all of them while the function runs, passes its result, and releases them', async () => {
    const { subject, other } = pair();
    const [exclusive, shared] = [freshName(), freshName()];
    let handle: CompositeHandle | undefined;

    const seen = await subject.useAll(
      [{ lock: exclusive }, { lock: shared, mode: 'write' }],
      { timeout: 5_000, owner: `${exclusive}/owner` },
      async (held) => {
        handle = held;
        return [(await other.inspect(exclusive)).holders, (await other.inspect(shared)).holders];
      },
    );

    expect(seen).toMatchObject([[{ owner: `${exclusive}/owner` }], [{ owner: `${exclusive}/owner` }]]);
    expect([handle?.isHeld, handle?.signal.aborted]).toEqual([false, false]);
    for (const name of [exclusive, shared]) expect((await other.inspect(name)).holders).toEqual([]);
  });

  it('passes the error of the function untouched, after all are released', async () => {
    const { subject, other } = pair();
    const names = [freshName(), freshName()];
    const failure = new Error('mine');
    const requests = names.map((lock) => ({ lock }));

    const rejected = await outcomeOf(subject.useAll(requests, () => Promise.reject(failure)));
    const thrown = await outcomeOf(
      subject.useAll(requests, () => {
        throw failure;
      }),
    );

    expect(rejected).toBe(failure);
    expect(thrown).toBe(failure);
    for (const name of names) expect((await other.inspect(name)).holders).toEqual([]);
  });

  it('never runs the function without all of them', async () => {
    const { subject, other } = pair();
    const [free, taken] = [freshName(), freshName()];
    const held = await other.acquireLock(taken);
    let runs = 0;
    const run = () => {
      runs += 1;
    };

    const late = await outcomeOf(subject.useAll([{ lock: free }, { lock: taken }], { timeout: 0 }, run));
    const inspected = await subject.inspect(free);

    expect(late).toBeInstanceOf(TimeoutError);
    expect(inspected).toMatchObject({ holders: [], waiting: 0 });
    await held.release();
    expect(runs).toBe(0);
  });

  it('refuses at once what is no function, no list and no options, and then asks nobody', async () => {
    const { subject } = pair();
    const name = freshName();
    const wrong = (call: () => unknown) => expect(call).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    const run = () => undefined;

    wrong(() => subject.useAll([{ lock: name }], undefined as never));
    wrong(() => subject.useAll([{ lock: name }], { timeout: 5 }, 'run' as never));
    wrong(() => subject.useAll([{ lock: name }], { timeout: -1 }, run));
    wrong(() => subject.useAll([], run));
    wrong(() => subject.useAll(undefined as never, run));

    expect(await subject.inspect(name)).toMatchObject({ holders: [], waiting: 0 });
  });
};
