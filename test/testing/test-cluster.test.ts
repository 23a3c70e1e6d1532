import { afterEach, describe, expect, it, vi } from 'vitest';
import { HoldfastClient, HoldfastNode } from '../../src/index.ts';
import { createTestCluster, NotInTimeError, type TestCluster } from '../../src/testing/public.ts';
import { codeOf, start } from './start.ts';

afterEach(() => {
  vi.useRealTimers();
});

describe('a test cluster', () => {
  it('gives providers of the same classes as in production', async () => {
    const cluster = await start({ nodes: ['left', 'right', 'middle'] });

    expect(cluster.nodeIds).toEqual(['left', 'right', 'middle']);
    expect(cluster.node('left')).toBeInstanceOf(HoldfastNode);
    expect(cluster.client()).toBeInstanceOf(HoldfastClient);
    expect((await cluster.client('shop').status()).role).not.toBe('blank');
  });

  it('grants a free lock without letting time pass', async () => {
    const cluster = await start();
    const before = cluster.now;

    const handles = [
      await cluster.node('a').acquireLock('x'),
      await cluster.node('b').acquireLock('y'),
      await cluster.client().acquireLock('z'),
    ];

    expect(handles.map((handle) => handle.isHeld)).toEqual([true, true, true]);
    expect(cluster.now).toBe(before);
  });

  it('hands a lock on without letting time pass', async () => {
    const cluster = await start();
    const held = await cluster.node('a').acquireLock('x');
    const waiting = cluster.client().acquireLock('x');
    const before = cluster.now;

    await held.release();
    const next = await waiting;

    expect(next.fencingToken).toBeGreaterThan(held.fencingToken);
    expect(cluster.now).toBe(before);
  });

  it('keeps a waiter waiting until its time has passed, to the millisecond', async () => {
    const cluster = await start();
    await cluster.node('a').acquireLock('x');
    let code: unknown;
    const waiting = codeOf(cluster.node('b').acquireLock('x', { timeout: 5_000 })).then((found) => {
      code = found;
    });

    await cluster.advance(4_999);
    const early = code;
    await cluster.advance(1);
    await waiting;

    expect([early, code]).toEqual([undefined, 'TIMEOUT']);
  });

  it('holds a lock for a virtual hour', async () => {
    const cluster = await start({ nodes: 1 });
    const handle = await cluster.node('a').acquireLock('x');

    await cluster.advance(60 * 60 * 1_000);

    expect(handle.isHeld).toBe(true);
  });

  it('runs alike with the same seed, and otherwise with another', async () => {
    const story = async (seed: number): Promise<string> => {
      const cluster = await start({ seed });
      const first = cluster.leader;
      const at = cluster.now;
      cluster.kill(first ?? '');
      const left = cluster.nodeIds.find((id) => id !== first) ?? '';
      await cluster.settle(cluster.node(left).acquireLock('x'));
      return `${first} at ${at}, then ${cluster.leader} at ${cluster.now}`;
    };

    const stories = await Promise.all([1, 1, 2, 3, 4].map(story));

    expect(stories[1]).toBe(stories[0]);
    expect(new Set(stories).size).toBeGreaterThan(1);
  });

  it('stays alive while a test fakes the timers of Node', async () => {
    vi.useFakeTimers();
    const cluster = await start();

    const handle = await cluster.node('a').acquireLock('x');
    await cluster.advance(1_000);

    expect(handle.isHeld).toBe(true);
  });

  it('passes real time when asked to', async () => {
    const cluster = await start({ time: 'real', nodes: 1 });
    const before = performance.now();
    const handle = await cluster.node('a').acquireLock('x');

    await cluster.advance(50);

    expect(performance.now() - before).toBeGreaterThanOrEqual(49);
    expect(Math.abs(handle.acquiredAt.getTime() - Date.now())).toBeLessThan(60_000);
  });
});

describe('time that is passed', () => {
  it('is the same for all who pass it at once', async () => {
    const cluster = await start();
    const before = cluster.now;

    await Promise.all([cluster.advance(100), cluster.advance(100), cluster.settle(cluster.advance(50))]);

    expect(cluster.now - before).toBeCloseTo(100);
  });

  it('ends with what was waited for', async () => {
    const cluster = await start();
    const before = cluster.now;

    await cluster.settle(cluster.advance(30));
    await cluster.until(() => cluster.now - before >= 70);

    expect(cluster.now - before).toBeLessThan(1_000);
  });

  it('has an end when nothing comes of it', async () => {
    const cluster = await start();

    await expect(cluster.settle(new Promise(() => undefined), 500)).rejects.toBeInstanceOf(NotInTimeError);
    await expect(cluster.until(() => false, 500)).rejects.toMatchObject({ code: 'NOT_IN_TIME' });
  });

  it('gives the error of what was waited for', async () => {
    const cluster = await start();
    await cluster.node('a').acquireLock('x');

    const waiting = cluster.node('b').acquireLock('x', { timeout: 2_000 });

    await expect(cluster.settle(waiting)).rejects.toMatchObject({ code: 'TIMEOUT', outcome: 'not-applied' });
  });
});

describe('what makes no sense', () => {
  it.each([
    ['no node', { nodes: 0 }, RangeError],
    ['too many nodes', { nodes: 10 }, RangeError],
    ['half a node', { nodes: 1.5 }, RangeError],
    ['a node twice', { nodes: ['a', 'a'] }, TypeError],
    ['a node without a name', { nodes: [''] }, TypeError],
    ['nodes of another type', { nodes: '3' }, TypeError],
    ['another time', { time: 'fast' }, TypeError],
    ['a seed below 0', { seed: -1 }, RangeError],
    ['a short TTL', { sessionTtl: 10 }, RangeError],
    ['a long way', { networkDelay: 5_000 }, RangeError],
    ['half a logger', { logger: { info: () => undefined } }, TypeError],
    ['another option', { node: 3 }, TypeError],
  ])('is refused: %s', async (_, options, type) => {
    const create: (options: never) => Promise<TestCluster> = createTestCluster;

    const error = await Reflect.apply(create, undefined, [options]).catch((caught: unknown) => caught);

    expect(error).toBeInstanceOf(type);
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('is refused by the calls, too', async () => {
    const cluster = await start({ nodes: 1 });
    cluster.client('taken');
    const invalid = expect.objectContaining({ code: 'INVALID_ARGUMENT' });

    expect(() => cluster.node('z')).toThrow(invalid);
    expect(() => cluster.client('taken')).toThrow(invalid);
    expect(() => cluster.client('a b')).toThrow(invalid);
    expect(() => cluster.advance(-1)).toThrow(invalid);
    expect(() => cluster.advance(Number.NaN)).toThrow(invalid);
    expect(() => cluster.partition(['a'], ['z'])).toThrow(invalid);
    expect(() => cluster.isolate('z')).toThrow(invalid);
    expect(() => cluster.pause('z')).toThrow(invalid);
    expect(() => cluster.kill('z')).toThrow(invalid);
    expect(() => cluster.restart('a')).toThrow(invalid);
  });
});
