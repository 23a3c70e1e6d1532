import { describe, expect, it } from 'vitest';
import { DistributedLock, HoldfastNode, LockHandle } from '../../src/index.ts';
import { document, rowsOf } from './markdown.ts';

const membersOf = (start: object): ReadonlySet<string> => {
  const members = new Set<string>();
  for (let at: unknown = start; typeof at === 'object' && at !== null; at = Object.getPrototypeOf(at)) {
    if (at !== Object.prototype) for (const name of Object.getOwnPropertyNames(at)) members.add(name);
  }
  return members;
};

const known: Readonly<Record<string, ReadonlySet<string>>> = {
  node: membersOf(HoldfastNode.prototype),
  lock: membersOf(DistributedLock.prototype),
  handle: membersOf(LockHandle.prototype),
};

/** `lock.acquire`, `handle.signal` and the like. */
const callsIn = (cell: string): readonly { readonly of: string; readonly name: string }[] =>
  [...cell.matchAll(/\b(node|lock|handle)\.(\w+)/g)].map((match) => ({ of: match[1] ?? '', name: match[2] ?? '' }));

const isThere = ({ of, name }: { readonly of: string; readonly name: string }): boolean =>
  known[of]?.has(name) === true;

/** What stands beside the calls of others. */
const ours = rowsOf(document('docs/coming-from.md'))
  .filter((row) => row.length === 2)
  .flatMap(([, here = '']) => callsIn(here));

describe('whoever comes from another lock', () => {
  it('is told calls that there are', () => {
    expect(ours.length).toBeGreaterThan(30);
    expect(ours.filter((call) => !isThere(call))).toEqual([]);
  });

  it('would be told of one that there is not', () => {
    expect(callsIn('`lock.seize(5)`').map(isThere)).toEqual([false]);
  });
});
