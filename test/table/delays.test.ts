import { describe, expect, it } from 'vitest';
import { endSession, forceRelease, steal } from './orders.ts';
import {
  acquire,
  acquireAll,
  acquireFor,
  acquireWith,
  begun,
  cancel,
  changeLimit,
  delayOver,
  exclusive,
  overdue,
  permits,
  read,
  readUpgradeable,
  release,
  rowsOf,
  tokenOf,
  upgrade,
  World,
} from './world.ts';

const delayMs = 5_000;

/** Session 1 holds `x` with a delay, session 2 waits for it; there is a third one. */
function scene() {
  const world = new World();
  const run = { node: 'n1', incarnation: 'a'.repeat(32), run: 1 };
  world.apply({ kind: 'started', ...run, boot: '1' });
  world.open(1, run);
  for (const number of [2, 3]) world.open(number);
  const token = tokenOf(world.ask(acquireWith({ delayMs, holdMsMax: 1_000 }, undefined, [1, 1], exclusive('x'))));
  world.ask(begun([1, 2], { name: 'x', token }));
  world.ask(acquire([2, 1], 'x'));
  const seen = () => world.table.views.inspect('x');
  return { world, token, run, seen };
}

const ends = {
  'its session expired': ({ world }: ReturnType<typeof scene>) =>
    world.apply({ kind: 'expire', session: 1, version: 3 }),
  'its node began anew': ({ world, run }: ReturnType<typeof scene>) =>
    world.apply({ kind: 'started', ...run, run: 2, boot: '2' }),
  'an operator closed its session': ({ world }: ReturnType<typeof scene>) => world.apply(endSession([3, 1], 1)),
  'it was released by force': ({ world }: ReturnType<typeof scene>) => world.apply(forceRelease([3, 1], 'x')),
  'its time was over': ({ world, token }: ReturnType<typeof scene>) => world.apply(overdue('x', token)),
};

describe('a hold with a lock-delay', () => {
  it.each(Object.entries(ends))('keeps its name from all who wait when %s, until the delay is over', (_, end) => {
    const at = scene();
    const { world, token, seen } = at;

    const events = end(at);
    const during = seen();
    const tried = world.ask(acquire([3, 2], 'x', false));
    world.apply(delayOver('x', token));

    expect(events).toContainEqual({ kind: 'delayed', name: 'x', token, delayMs });
    expect(events.filter(({ kind }) => kind === 'granted')).toEqual([]);
    expect(during).toMatchObject({ holders: [], waiting: 1, lockDelay: delayMs });
    expect(tried).toEqual({ kind: 'busy' });
    expect(seen()).toMatchObject({ holders: [{ session: 2 }], waiting: 0, lockDelay: null });
  });

  const letGo = {
    'is released': ({ world, token }: ReturnType<typeof scene>) => world.apply(release([1, 3], 'x', token)),
    'is closed with its session': ({ world }: ReturnType<typeof scene>) => world.apply({ kind: 'close', session: 1 }),
  };

  it.each(Object.entries(letGo))('leaves none when it %s by its own process', (_, end) => {
    const at = scene();

    end(at);

    expect(at.seen()).toMatchObject({ holders: [{ session: 2 }], lockDelay: null });
  });

  it('leaves none to a thief, who ends the one that stands', () => {
    const { world, token, seen } = scene();
    world.ask(forceRelease([3, 1], 'x', token));

    expect(world.ask(steal([3, 2], 'x'))).toMatchObject({ kind: 'granted' });
    expect(seen()).toMatchObject({ holders: [{ session: 3 }], waiting: 1, lockDelay: null });
    world.ask(steal([2, 2], 'x'));
    expect(seen()).toMatchObject({ holders: [{ session: 2 }], lockDelay: null });
  });
});

describe('a name in delay', () => {
  it('stays though nobody is at it, over restarts, as what it was, and counts as a lock', () => {
    const world = new World({ locksMax: 1 });
    for (const number of [1, 2]) world.open(number);
    world.ask(acquireWith({ delayMs }, undefined, [1, 1], permits('s', 1, 3)));
    world.apply(endSession([2, 1], 1));
    const rows = rowsOf(world.table);
    world.restart();

    expect(rowsOf(world.table)).toEqual(rows);
    expect(world.table.views.inspect('s')).toMatchObject({ kind: 'semaphore', limit: 3, lockDelay: delayMs });
    expect(world.ask(acquire([2, 2], 's'))).toMatchObject({ kind: 'kind-mismatch', is: 'semaphore' });
    expect(world.ask(acquireAll([2, 3], permits('s', 1, 2)))).toEqual({ kind: 'semaphore-limit', name: 's', limit: 3 });
    expect(world.ask(acquire([2, 4], 'x'))).toMatchObject({ kind: 'limit-exceeded', limit: 'locks' });
    world.apply(delayOver('s', 1));
    expect(world.table.views.inspect('s')).toBeUndefined();
    expect(world.checkpoint().filter(({ key }) => key.startsWith('v'))).toHaveLength(1);
    expect([...world.disk.keys()].filter((key) => key.startsWith('v'))).toEqual([]);
  });

  it('is written again when its limit changes meanwhile', () => {
    const world = new World();
    for (const number of [1, 2]) world.open(number);
    world.ask(acquireWith({ delayMs }, undefined, [1, 1], permits('s', 1, 3)));
    world.apply(endSession([2, 1], 1));
    world.checkpoint();

    world.ask(changeLimit([2, 2], 's', 5));
    world.restart();

    expect(world.table.views.inspect('s')).toMatchObject({ limit: 5, lockDelay: delayMs });
    expect([...world.disk].find(([key]) => key.startsWith('v'))?.[1]).toEqual(['S', 5, 1, delayMs]);
  });

  it('keeps the longest of several delays, under the last hold that left one', () => {
    const world = new World();
    for (const number of [1, 2]) world.open(number);
    for (const [sequence, ms] of [7_000, 9_000, 8_000].entries()) {
      world.ask(acquireWith({ delayMs: ms }, undefined, [1, sequence + 1], read('r')));
    }

    world.apply({ kind: 'expire', session: 1, version: 4 });

    expect(world.table.views.inspect('r')?.lockDelay).toBe(9_000);
    world.apply(delayOver('r', 2));
    world.apply(delayOver('q', 3));
    expect([...world.table.views.delays()]).toEqual([{ name: 'r', token: 3, delayMs: 9_000 }]);
    world.apply(delayOver('r', 3));
    expect(world.table.views.inspect('r')).toBeUndefined();
  });

  it('keeps who holds it beside, holds up his upgrade, and every part of a request for several', () => {
    const world = new World();
    for (const number of [1, 2, 3]) world.open(number);
    const kept = tokenOf(world.ask(acquireAll([1, 1], readUpgradeable('r'))));
    const lost = tokenOf(world.ask(acquireWith({ delayMs }, undefined, [2, 1], read('r'))));
    world.ask(forceRelease([3, 1], 'r', lost));

    const tried = world.ask(upgrade([1, 2], { name: 'r', token: kept }, false));
    const upgrading = world.ask(upgrade([1, 3], { name: 'r', token: kept }));
    const several = world.ask(acquireAll([2, 2], [exclusive('x'), read('r')]));
    const events = world.apply(delayOver('r', lost));

    expect([tried, upgrading, several]).toEqual([{ kind: 'busy' }, { kind: 'queued' }, { kind: 'queued' }]);
    expect(events[0]).toMatchObject({ kind: 'converted', had: kept });
    expect(world.table.views.inspect('x')).toMatchObject({ holders: [], waiting: 1 });
  });

  it('is no deadlock: whoever waits for its end waits for nobody', () => {
    const world = new World();
    for (const number of [1, 2]) world.open(number);
    world.ask(acquireFor('ann', [1, 1], permits('s', 1, 3)));
    const lost = tokenOf(world.ask(acquireWith({ delayMs }, undefined, [2, 1], permits('s', 1, 3))));
    world.ask(forceRelease([2, 2], 's', lost));

    expect(world.ask(acquireFor('ann', [1, 2], permits('s', 1, 3)))).toEqual({ kind: 'queued' });
    expect(world.ask(cancel([1, 3], 2))).toEqual({ kind: 'cancelled' });
  });

  it('is ended by an operator, who leaves the delay of a hold that he ends with it', () => {
    const world = new World();
    for (const number of [1, 2]) world.open(number);
    const [first, second] = [1, 2].map((sequence) =>
      tokenOf(world.ask(acquireWith({ delayMs: 1_000 * sequence }, undefined, [1, sequence], read('r')))),
    );
    world.ask(forceRelease([2, 1], 'r', first));

    expect(world.ask(forceRelease([2, 2], 'r'))).toMatchObject({ kind: 'force-released', tokens: [second] });
    expect([...world.table.views.delays()]).toEqual([{ name: 'r', token: second, delayMs: 2_000 }]);
    expect(world.ask(forceRelease([2, 3], 'r', first))).toEqual({ kind: 'not-held' });
    expect([...world.table.views.delays()]).toHaveLength(1);
    expect(world.ask(forceRelease([2, 4], 'r', second))).toEqual({ kind: 'not-held' });
    expect(world.table.views.inspect('r')).toBeUndefined();
  });

  const rows = [
    ['of a hold of the future', ['X', 0, 9, 1]],
    ['of no hold', ['X', 0, 0, 1]],
    ['of no time', ['X', 0, 1, 0]],
    ['of more than an hour', ['X', 0, 1, 3_600_001]],
    ['of no kind', ['Q', 0, 1, 1]],
    ['of too many values', ['X', 0, 1, 1, 1]],
  ] as const;

  it.each(rows)('is not read from a row %s', (_, value) => {
    const { world, token } = scene();
    world.ask(forceRelease([3, 1], 'x', token));
    const broken = rowsOf(world.table).map((row) => (row.key.startsWith('v') ? { ...row, value } : row));

    expect(() => world.restart(broken)).toThrow('Row "v0078"');
  });
});
