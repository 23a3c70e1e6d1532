import type { HoldOptions, OpenSession, Part } from '../../src/table/index.ts';
import { exclusive, incarnationOf, nonceOf, permits, read, readUpgradeable, write } from './world.ts';

export const pick = <T>(some: readonly T[], at: number): T | undefined => some[at % Math.max(1, some.length)];

export const nameOf = (what: number): string => ['a', 'b', 'c', 'r'][what % 4] ?? 'a';

/** Also names of locks: they have nothing to do with each other. */
export const registerNames: readonly string[] = ['k', 'a', 'l\u00e9', 'm'];

export const names: readonly string[] = ['a', 'b', 'c', 'r', 's', 't'];

/** Something that can be wanted: mostly of a name that is always used in that way. */
export const partAt = (what: number, how: number): Part => {
  const wishes = [read('r'), read('r'), readUpgradeable('r'), write('r'), permits('s', 1 + (how % 3), 3)];
  const others = [permits('s', 1, 3), permits('t', 1 + (how % 2), 2), exclusive('a'), write('b'), permits('s', 1, 2)];
  return [...wishes, ...others][what % 10] ?? read('r');
};

/** Some have the same. */
export const secretOf = (how: number): string => nonceOf(0x5ec2e700 + (how % 3));

/** Mostly none. */
export const optionsAt = (what: number, how: number): HoldOptions | undefined => {
  const options: readonly HoldOptions[] = [
    { metadata: `of ${how % 3}` },
    { queueLengthMax: how % 3 },
    { metadata: '', queueLengthMax: 1 + (how % 2) },
    { holdMsMax: 1_000, delayMs: 1_000 * (1 + (what % 2)) },
    { delayMs: 1_000 * (1 + (how % 3)) },
    { secret: secretOf(how), sticky: true },
    { secret: secretOf(how), holdMsMax: 1_000, metadata: 'handed on' },
    { secret: secretOf(how), sticky: true, delayMs: 1_000 },
  ];
  return options[(what + 3 * how) % 15];
};

export const runOf = (who: number, what: number) => ({
  node: ['n1', 'n2', 'n3'][who % 3] ?? 'n1',
  incarnation: incarnationOf(1 + (what % 2)),
  run: 1 + (what % 3),
});

export const homeOf = ({ node, incarnation, run }: NonNullable<OpenSession['home']>) => ({ node, incarnation, run });
