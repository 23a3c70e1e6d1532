import { expect, it } from 'vitest';
import { makesTableGrow } from '../../src/node/disk-space.ts';
import type { Guarded } from '../../src/table/index.ts';

const turn = { session: 1, sequence: 2, mark: 0 } as const;

const behind = (request: Guarded['request']): Guarded => ({
  ...turn,
  kind: 'guarded',
  guard: { name: 'g', token: 1 },
  request,
});

it('a guard makes no difference to what a full disk takes in', () => {
  const acquire = { ...turn, kind: 'acquire', name: 'x', mode: 'X', waits: true } as const;
  const release = { ...turn, kind: 'release', name: 'x', token: 1 } as const;

  expect([acquire, release].map(makesTableGrow)).toEqual([true, false]);
  expect([behind(acquire), behind(release)].map(makesTableGrow)).toEqual([true, false]);
});

it('nothing is stolen on a full disk, but released by force', () => {
  const by = { actor: 'ann', reason: '' };
  const steal = { ...turn, ...by, kind: 'steal', name: 'x', mode: 'X' } as const;
  const force = { ...turn, ...by, kind: 'force-release', name: 'x', token: undefined } as const;

  expect([steal, force].map(makesTableGrow)).toEqual([true, false]);
});

it('registers are not written on a full disk, but deleted', () => {
  const write = { ...turn, kind: 'write', register: 'k', expected: undefined } as const;

  expect(makesTableGrow(behind({ ...write, value: 'v' }))).toBe(true);
  expect(makesTableGrow(behind({ ...write, value: null }))).toBe(false);
});

it('what is held is taken over on a full disk, too: it could not be released otherwise', () => {
  const takeOver = { ...turn, kind: 'take-over', name: 'x', secret: '0'.repeat(32), token: undefined } as const;

  expect(makesTableGrow(takeOver)).toBe(false);
});
