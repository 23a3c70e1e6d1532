import { expect, it } from 'vitest';
import { InvalidNameError, type LockProvider } from '../../src/index.ts';
import { freshName, type Pair } from './pair.ts';

/** What can be asked about locks and sessions. */
export const querying = (pair: () => Pair): void => {
  it('shows who holds a lock and who waits for it', async () => {
    const { subject, other } = pair();
    const name = freshName();
    const held = await other.acquireLock(name);
    const waiting = subject.acquireLock(name);
    await expect.poll(async () => (await subject.inspect(name)).waiting).toBe(1);

    const view = await subject.inspect(name);

    expect(view).toMatchObject({ name, kind: 'exclusive', waiting: 1, appliedIndex: expect.any(Number) });
    expect(view.holders).toEqual([expect.objectContaining({ token: held.fencingToken, mode: 'X' })]);
    expect(view.queue).toEqual([expect.objectContaining({ position: 1, label: expect.any(String) })]);
    await held.release();
    await (await waiting).release();
  });

  it('shows a lock that nobody holds as idle', async () => {
    const { subject } = pair();

    const view = await subject.inspect(freshName());

    expect(view).toMatchObject({ kind: null, limit: null, holders: [], queue: [], waiting: 0 });
  });

  it('answers 200 questions that are asked at once', async () => {
    const { subject } = pair();
    const names = Array.from({ length: 200 }, freshName);

    const views = await Promise.all(names.map((name) => subject.inspect(name)));

    expect(views.map(({ name }) => name)).toEqual(names);
  });

  it('lists more locks than fit into one page, each once, several times at once', async () => {
    const { subject, other } = pair();
    const prefix = `${freshName()}/`;
    const names = Array.from({ length: 1_500 }, (_, at) => `${prefix}${String(at).padStart(4, '0')}`);
    const handles = await Promise.all(names.map((name) => other.acquireLock(name)));

    const lists = await Promise.all(Array.from({ length: 3 }, () => subject.list({ prefix, limit: 10_000 })));
    const part = await subject.list({ prefix, limit: 1_200, after: names[99] });

    for (const { locks } of lists) expect(locks.map(({ name }) => name)).toEqual(names);
    expect(part.locks.map(({ name }) => name)).toEqual(names.slice(100, 1_300));
    await Promise.all(handles.map((handle) => handle.release()));
  });

  it('lists held locks by prefix, in pages', async () => {
    const { subject, other } = pair();
    const prefix = `${freshName()}/`;
    const handles = await Promise.all(['a', 'b', 'c'].map((leaf) => other.acquireLock(prefix + leaf)));

    const first = await subject.list({ prefix, limit: 2 });
    const second = await subject.list({ prefix, limit: 2, after: `${prefix}b` });

    expect(first.locks.map(({ name }) => name)).toEqual([`${prefix}a`, `${prefix}b`]);
    expect(second.locks.map(({ name }) => name)).toEqual([`${prefix}c`]);
    await Promise.all(handles.map((handle) => handle.release()));
  });

  it('lists the sessions, without what would let one act for them', async () => {
    const { subject } = pair();
    const handle = await subject.acquireLock(freshName());

    const { sessions } = await subject.sessions();

    expect(sessions.length).toBeGreaterThan(0);
    expect(Object.keys(sessions[0] ?? {})).not.toContain('nonce');
    await handle.release();
  });

  it('answers from the local table when asked to, and says as of when', async () => {
    const { subject } = pair();
    const handle = await subject.acquireLock(freshName());

    const { locks, appliedIndex } = await subject.list({ consistency: 'local' });

    expect(locks.map(({ name }) => name)).toContain(handle.name);
    expect(appliedIndex).toBeGreaterThan(0);
    await handle.release();
  });
};

/** What is refused at the edge. */
export const refusing = (subject: () => LockProvider): void => {
  it.each([
    ['empty', ''],
    ['too long', 'x'.repeat(513)],
    ['too long in bytes', 'ä'.repeat(257)],
    ['with a line break', 'a\nb'],
    ['with an escape', 'a\u001bb'],
    ['with NUL', 'a\0'],
    ['with a lone surrogate', 'a\ud800'],
    ['reserved', '$system'],
  ])('refuses a name that is %s, at once', (_, name) => {
    expect(() => subject().createLock(name)).toThrow(InvalidNameError);
  });

  it('refuses names that are no strings', () => {
    const create: (name: never) => unknown = (name) => subject().createLock(name);

    for (const name of [undefined, null, 7, {}, ['x']]) {
      expect(() => Reflect.apply(create, undefined, [name])).toThrow(InvalidNameError);
    }
  });

  it.each(['__proto__', 'constructor', '../../etc/passwd', '/', '*', '%00', '\u202e', 'x'.repeat(512)])(
    'takes %j as an ordinary name',
    async (odd) => {
      const handle = await subject().acquireLock(odd, { timeout: 5_000 });

      const view = await subject().inspect(odd);

      expect(view.holders.map(({ token }) => token)).toEqual([handle.fencingToken]);
      await handle.release();
    },
  );

  it('tells apart names that only look alike', async () => {
    const base = freshName();
    const lookalikes = [`${base}/\u00e9`, `${base}/e\u0301`, `${base}/E\u0301`, `${base}/\u00e9 `];

    const handles = await Promise.all(lookalikes.map((name) => subject().acquireLock(name, { timeout: 0 })));

    expect(new Set(handles.map((handle) => handle.fencingToken)).size).toBe(lookalikes.length);
    await Promise.all(handles.map((handle) => handle.release()));
  });

  it.each([Number.NaN, -1, -0.5, Number.NEGATIVE_INFINITY, 2 ** 53])(
    'throws at once for a timeout of %f',
    (timeout) => {
      const lock = subject().createLock(freshName());

      expect(() => lock.acquire({ timeout })).toThrow(RangeError);
      expect(() => lock.acquire({ timeout })).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    },
  );

  it('throws at once for what is no option', () => {
    const lock = subject().createLock(freshName());
    const acquire: (options: never) => unknown = (options) => lock.acquire(options);

    for (const options of [{ timeout: '5' }, { timeout: null }, { signal: {} }, { wait: 5 }, 5, null]) {
      expect(() => Reflect.apply(acquire, undefined, [options])).toThrow(TypeError);
    }
  });

  it('rejects questions that make no sense', async () => {
    const provider = subject();
    const list: (options: never) => Promise<unknown> = (options) => provider.list(options);

    for (const options of [{ limit: 0 }, { limit: 10_001 }, { limit: 1.5 }, { prefix: 3 }, { depth: 1 }]) {
      await expect(Reflect.apply(list, undefined, [options])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
    await expect(provider.list({ limit: 0 })).rejects.toBeInstanceOf(RangeError);
    await expect(provider.inspect('')).rejects.toMatchObject({ code: 'INVALID_NAME' });
  });
};
