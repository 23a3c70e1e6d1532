import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acquireAs, type KindFlags, locksOf, shown, splitWords } from '../../src/cli/lock-wish.ts';
import { createTestCluster, type TestCluster } from '../../src/testing/public.ts';

describe('the words of holdfast lock', () => {
  const split = (...typed: readonly string[]) => {
    const at = typed.indexOf('--');
    const words = at === -1 ? typed : [...typed.slice(0, at), ...typed.slice(at + 1)];
    return splitWords(words, ['node', 'holdfast', 'lock', '--timeout', '5s', ...typed]);
  };

  it.each([
    [['x', '--', 'true'], { names: ['x'], command: ['true'] }],
    [['x', 'y', '--', 'sh', '-c', 'exit 1'], { names: ['x', 'y'], command: ['sh', '-c', 'exit 1'] }],
    [['x', '--', 'sh', '--', 'y'], { names: ['x'], command: ['sh', '--', 'y'] }],
    [['x', 'echo', 'y'], { names: ['x'], command: ['echo', 'y'] }],
  ])('%j are names and a command', (typed, expected) => {
    expect(split(...typed)).toEqual(expected);
  });

  it('without a name or a command are refused, and so is a flag that swallowed the dashes', () => {
    expect(() => split('--', 'true')).toThrow('expected the name of a lock');
    expect(() => split('x', '--')).toThrow('expected a command');
    expect(() => split('x')).toThrow('expected a command');
    expect(() => splitWords(['x', 'true'], ['lock', '--owner', '--', 'x', '--', 'true'])).toThrow('expected the name');
  });
});

describe('what holdfast lock acquires', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await createTestCluster({ nodes: 1 });
  });
  afterAll(() => cluster.close());

  const asked: readonly (readonly [string, KindFlags, object])[] = [
    ['nothing', {}, { kind: 'exclusive', holders: [{ mode: 'X', owner: 'me' }] }],
    ['--shared', { shared: true }, { kind: 'reader-writer', holders: [{ mode: 'R', owner: 'me' }] }],
    ['--write', { write: true }, { kind: 'reader-writer', holders: [{ mode: 'W', owner: 'me' }] }],
    ['--semaphore', { semaphore: 3 }, { kind: 'semaphore', limit: 3, holders: [{ permits: 1, owner: 'me' }] }],
    ['--permits', { semaphore: 3, permits: 2 }, { kind: 'semaphore', limit: 3, holders: [{ permits: 2 }] }],
  ];

  it.each(asked)('is, with %s, the same for one name and for several', async (_flags, kind, expected) => {
    const client = cluster.client();

    const one = await cluster.settle(acquireAs(client, ['one'], { kind, options: { owner: 'me' } }));
    const two = await cluster.settle(acquireAs(client, ['b', 'a'], { kind, options: { owner: 'me' } }));
    const seen = await Promise.all(['one', 'b', 'a'].map((name) => cluster.settle(client.inspect(name))));

    expect(seen).toMatchObject([expected, expected, expected]);
    expect(locksOf(one).map(({ name }) => name)).toEqual(['one']);
    expect(locksOf(two).map(({ name }) => name)).toEqual(['b', 'a']);
    expect(shown(one)).toMatch(/^lock "one" \(token \d+\)$/);
    expect(shown(two)).toMatch(/^one of the locks "b" \(token \d+\), "a" \(token \d+\)$/);
    await cluster.settle(Promise.all([one.release(), two.release()]));
  });
});
