import { expect, it } from 'vitest';
import { acquireAll, permits, release, tokenOf, World } from './world.ts';

it('a hold is found by its token among few holders and among many, and is gone once it is released', () => {
  const world = new World();
  for (let number = 1; number <= 3; number += 1) world.open(number);
  const tokens = Array.from({ length: 12 }, (_, at) =>
    tokenOf(world.ask(acquireAll([1 + (at % 3), 1 + at], permits('s', 1, 20)))),
  );
  const elsewhere = tokenOf(world.ask(acquireAll([1, 20], permits('t', 1, 1))));
  const { views } = world.table;
  const current = (): readonly number[] =>
    [...tokens, elsewhere].filter((token) => views.isCurrent({ name: 's', token }));

  const atFirst = current();
  world.ask(release([2, 30], 's', tokens[4] ?? 0));
  const later = current();
  for (const [at, token] of tokens.entries())
    if (at > 2 && at !== 4) world.ask(release([1 + (at % 3), 40 + at], 's', token));

  expect(atFirst).toEqual(tokens);
  expect(later).toEqual(tokens.filter((_, at) => at !== 4));
  expect(current()).toEqual(tokens.slice(0, 3));
});
