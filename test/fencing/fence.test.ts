import { describe, expect, it } from 'vitest';
import { createFence, FencedError } from '../../src/fencing/index.ts';
import { LimitExceededError, LockError } from '../../src/index.ts';
import { createTestCluster } from '../../src/testing/public.ts';

const errorOf = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    return error;
  }
};

describe('a fence', () => {
  it.each([
    [[1], 'last passes'],
    [[1, 1], 'last passes'],
    [[1, 5], 'last passes'],
    [[5, 4], 'last is refused'],
    [[5, 7, 6], 'last is refused'],
    [[5, 7, 7], 'last passes'],
    [[1, 2 ** 53 - 1], 'last passes'],
    [[2 ** 53 - 1, 1], 'last is refused'],
  ] as const)('sees %j: the %s', (tokens, verdict) => {
    const fence = createFence();
    const outcomes = tokens.map((token) => errorOf(() => fence.admit('account', token)));

    expect(outcomes.at(-1) instanceof FencedError ? 'last is refused' : 'last passes').toBe(verdict);
    expect(outcomes.slice(0, -1)).toEqual(tokens.slice(0, -1).map(() => undefined));
    expect(fence.highest('account')).toBe(Math.max(...tokens));
  });

  it('says what it refused, and over what', () => {
    const fence = createFence({ seen: [['account/7', 12]] });

    const error = errorOf(() => fence.admit('account/7', 9));

    expect(error).toBeInstanceOf(LockError);
    expect(error).toMatchObject({
      code: 'FENCED',
      outcome: 'not-applied',
      retryable: false,
      token: 9,
      highestSeen: 12,
    });
    expect(error).toHaveProperty('message', '"account/7" refuses token 9: 12 was here already');
  });

  it('keeps resources apart, whatever they are called', () => {
    const fence = createFence();
    fence.admit('__proto__', 9);
    fence.admit('constructor', 8);

    fence.admit('toString', 1);

    expect([...fence.seen()]).toEqual([
      ['__proto__', 9],
      ['constructor', 8],
      ['toString', 1],
    ]);
  });

  it('goes on in its next life where it was', () => {
    const before = createFence();
    before.admit('account', 7);

    const after = createFence({ seen: before.seen() });

    expect(errorOf(() => after.admit('account', 6))).toBeInstanceOf(FencedError);
  });

  it('has a limit, at which nothing is forgotten by itself', () => {
    const fence = createFence({ resourcesMax: 2 });
    fence.admit('a', 2);
    fence.admit('b', 2);

    expect(errorOf(() => fence.admit('c', 3))).toBeInstanceOf(LimitExceededError);
    fence.admit('a', 3);
    expect(errorOf(() => fence.admit('b', 1))).toBeInstanceOf(FencedError);
    fence.forget('b');
    fence.admit('c', 3);
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('takes %d for no token', (token) => {
    const error = errorOf(() => createFence().admit('account', token));

    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('refuses other types', () => {
    const fence = createFence();
    for (const args of [
      ['account', '1'],
      ['account', 1n],
      ['account', undefined],
      [7, 1],
      [undefined, 1],
    ]) {
      expect(errorOf(() => Reflect.apply(fence.admit, fence, args))).toBeInstanceOf(TypeError);
    }
    for (const resourcesMax of [0, 1.5, 2 ** 24, Number.NaN]) {
      expect(errorOf(() => createFence({ resourcesMax }))).toBeInstanceOf(RangeError);
    }
  });

  it('stops a holder that slept through the loss of its lock, where nothing else does', async () => {
    const cluster = await createTestCluster();
    const sleeper = cluster.client('sleeper');
    const fence = createFence();
    const written: string[] = [];
    const write = (who: string, token: number): void => {
      fence.admit('account', token);
      written.push(who);
    };
    const late = await sleeper.acquireLock('account');
    write('sleeper', late.fencingToken);

    cluster.pause('sleeper');
    const next = await cluster.settle(cluster.node('a').acquireLock('account'));
    write('successor', next.fencingToken);
    cluster.resume('sleeper');

    expect(errorOf(() => write('sleeper', late.fencingToken))).toBeInstanceOf(FencedError);
    expect(written).toEqual(['sleeper', 'successor']);
    await cluster.close();
  });
});
