import { describe, expect, it } from 'vitest';
import type { Mutant } from './mutant.ts';
import { planted } from './mutants.ts';
import { simulate } from './simulate.ts';

const seedsMax = 300;

/** The first seed in which `mutant` breaks a rule, and the rule. */
function firstCatch(mutant: () => Mutant, blind: readonly string[]): { seed: number; rule: string } | undefined {
  for (let seed = 1; seed <= seedsMax; seed += 1) {
    const { failure } = simulate(seed, { mutant: mutant(), blind });
    if (failure !== undefined) return { seed, rule: failure.rule };
  }
  return undefined;
}

describe('the simulator sees planted bugs', () => {
  it.each(planted.map(({ mutant }) => ({ name: mutant().name, mutant })))('$name', ({ mutant }) => {
    expect(firstCatch(mutant, [])).toBeDefined();
  });
});

describe('the simulator sees what a planted bug does, even if it may not look inside', () => {
  const outside = planted.filter(({ inside }) => inside.length > 0);

  it.each(outside.map(({ mutant, inside }) => ({ name: mutant().name, mutant, inside })))(
    '$name',
    ({ mutant, inside }) => {
      expect(firstCatch(mutant, inside)).toBeDefined();
    },
  );
});
