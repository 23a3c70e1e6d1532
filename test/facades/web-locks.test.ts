import { describe, expect, it } from 'vitest';
import { WebLocks, type WebLocksSnapshot } from '../../src/facades/web-locks.ts';
import { errorOf, freshName, heldElsewhere, modesOf, unreached, useRig, whenPending } from './rig.ts';

const rig = useRig();

describe('the promise of a request', () => {
  it('comes to what the callback returns, after the lock is released', async () => {
    const name = freshName();

    const result = await rig().locks.request(name, async (lock) => {
      const within = await modesOf(rig(), name);
      return { lock, within };
    });

    expect(result.lock).toMatchObject({ name, mode: 'exclusive', fencingToken: expect.any(Number) });
    expect(result.within.held).toEqual(['exclusive']);
    expect((await modesOf(rig(), name)).held).toEqual([]);
  });

  // biome-ignore lint/suspicious/noThenProperty: what is thrown may be anything, and must not be taken for a promise
  const failure = { name: 'test', then: () => unreached() };
  it.each([
    [
      'synchronously',
      () => {
        throw failure;
      },
    ],
    ['asynchronously', () => Promise.reject(failure)],
  ])('comes to what the callback throws %s, untouched', async (_, callback) => {
    const name = freshName();
    let caught: unknown;

    await rig()
      .locks.request(name, callback)
      .catch((error: unknown) => {
        caught = { error };
      });

    expect(caught).toEqual({ error: failure });
    expect((await modesOf(rig(), name)).held).toEqual([]);
  });

  it('rejects with an AbortError as soon as the lock is lost, while the callback runs on', async () => {
    const name = freshName();
    const client = rig().cluster.client();
    const mine = new WebLocks(client);
    let finish: () => void = () => undefined;
    const running = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let signal: AbortSignal | undefined;
    const request = mine.request(name, (lock) => {
      signal = lock?.signal;
      return running;
    });
    await client.inspect(name);

    rig().cluster.isolate('client-2');
    const error = await rig().cluster.settle(errorOf(request));
    rig().cluster.heal();

    expect(error).toMatchObject({ name: 'AbortError', cause: { code: 'LOCK_LOST', reason: 'deadline' } });
    expect(signal?.aborted).toBe(true);
    finish();
  });
});

describe('exclusion', () => {
  it('is between all processes, in the order of the requests', async () => {
    const name = freshName();
    const { release } = await heldElsewhere(rig(), name);
    const order: number[] = [];

    const waiting = [1, 2, 3].map((place) => rig().locks.request(name, () => order.push(place)));
    await whenPending(rig(), name, 3);
    const { pending } = await modesOf(rig(), name);
    release();
    await Promise.all(waiting);

    expect(pending).toEqual(['exclusive', 'exclusive', 'exclusive']);
    expect(order).toEqual([1, 2, 3]);
  });

  it('does not concern other names', async () => {
    const { release } = await heldElsewhere(rig(), freshName());

    expect(await rig().locks.request(freshName(), () => 'granted')).toBe('granted');
    release();
  });
});

describe('ifAvailable', () => {
  const mine = new Error('mine');
  it('calls back with a lock when it is free', async () => {
    expect(await rig().locks.request(freshName(), { ifAvailable: true }, (lock) => lock?.mode)).toBe('exclusive');
  });

  it.each([
    ['comes to what the callback returns', (): number => 123, 'value', 123],
    ['rejects with what the callback throws', (): Promise<never> => Promise.reject(mine), 'error', mine],
  ] as const)('calls back with null when it is held: %s', async (_, callback, kind, expected) => {
    const name = freshName();
    const { release } = await heldElsewhere(rig(), name);
    let given: unknown = 'nothing';

    const promise = rig().locks.request(name, { ifAvailable: true }, (lock): unknown => {
      given = lock;
      return callback();
    });
    const outcome = await promise.then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );

    expect(given).toBeNull();
    expect(outcome).toEqual({ [kind]: expected });
    release();
  });

  it('finds the lock free once a request before has settled', async () => {
    const name = freshName();
    await rig().locks.request(name, () => undefined);

    expect(await rig().locks.request(name, { ifAvailable: true }, (lock) => lock !== null)).toBe(true);
  });
});

describe('signal', () => {
  it.each([
    ['the default reason', undefined],
    ['a reason of its own', 'My dog ate it.'],
  ])('that has aborted before rejects with %s', async (_, reason) => {
    const controller = new AbortController();
    controller.abort(reason);

    const error = await errorOf(rig().locks.request(freshName(), { signal: controller.signal }, unreached));

    expect(error).toBe(controller.signal.reason);
    if (reason === undefined) expect(error).toMatchObject({ name: 'AbortError' });
  });

  it.each([
    ['the default reason', undefined],
    ['a reason of its own', 'My cat handled it'],
  ])('that aborts while the request waits rejects with %s, and the next one is served', async (_, reason) => {
    const name = freshName();
    const { release } = await heldElsewhere(rig(), name);
    const controller = new AbortController();
    const aborted = errorOf(rig().locks.request(name, { signal: controller.signal }, unreached));
    const next = rig().locks.request(name, () => 'next');
    await whenPending(rig(), name, 2);

    controller.abort(reason);
    const error = await aborted;
    const after = (await modesOf(rig(), name)).pending;
    release();

    expect(error).toBe(controller.signal.reason);
    expect(after).toEqual(['exclusive']);
    expect(await next).toBe('next');
  });

  it('that aborts at once takes a lock that is free from nobody', async () => {
    const name = freshName();
    const controller = new AbortController();
    const promise = errorOf(rig().locks.request(name, { signal: controller.signal }, unreached));

    controller.abort();

    expect(await promise).toMatchObject({ name: 'AbortError' });
    expect(await rig().locks.request(name, () => 'next')).toBe('next');
  });

  it('is ignored after the grant', async () => {
    const controller = new AbortController();

    const result = await rig().locks.request(freshName(), { signal: controller.signal }, () => {
      controller.abort();
      return 'resolved ok';
    });

    expect(result).toBe('resolved ok');
  });
});

describe('query', () => {
  it('tells holders and waiters, each with one id for all that one process has', async () => {
    const [one, two] = [freshName(), freshName()];
    const first = await heldElsewhere(rig(), one);
    const second = await heldElsewhere(rig(), two);
    const waiting = rig().locks.request(one, () => undefined);
    await whenPending(rig(), one, 1);

    const { held, pending } = await rig().locks.query();
    first.release();
    second.release();
    await waiting;

    const holders = held.filter(({ name }) => name === one || name === two);
    expect(holders.map(({ name }) => name).sort()).toEqual([one, two].sort());
    expect(new Set(holders.map(({ clientId }) => clientId)).size).toBe(1);
    expect(pending.find(({ name }) => name === one)?.clientId).not.toBe(holders[0]?.clientId);
  });

  it('is empty when nobody holds anything under the prefix', async () => {
    expect(await new WebLocks(rig().cluster.node('b'), { prefix: 'nobody/' }).query()).toEqual({
      held: [],
      pending: [],
    });
  });

  it('sees only the own prefix, without it', async () => {
    const scoped = new WebLocks(rig().cluster.node('b'), { prefix: 'app/' });
    const { release } = await heldElsewhere(rig(), 'outside');

    const seen = await scoped.request('', async (lock) => {
      const all: WebLocksSnapshot = await scoped.query();
      return { lock, all };
    });
    release();

    expect(seen.lock?.name).toBe('');
    expect(seen.all.held.map(({ name }) => name)).toEqual(['']);
  });

  it('reads more than one page', async () => {
    const scoped = new WebLocks(rig().cluster.node('b'), { prefix: 'many/' });
    let finish: () => void = () => undefined;
    const running = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let granted = 0;
    const hold = (): Promise<void> => {
      granted += 1;
      return running;
    };
    const held = Array.from({ length: 1_001 }, (_, at) => scoped.request(`${at}`, hold));
    await rig().cluster.until(() => granted === 1_001);

    const { held: told } = await scoped.query();
    finish();
    await Promise.all(held);

    expect(told).toHaveLength(1_001);
  });
});
