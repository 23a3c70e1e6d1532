import { describe, expect, it } from 'vitest';
import { acquireAll, cancel, changeLimit, permits, release, rowsOf, tokenOf, World } from './world.ts';

const worldOf = (sessions: number): World => {
  const world = new World();
  for (let number = 1; number <= sessions; number += 1) world.open(number);
  return world;
};

const holders = (world: World): readonly (readonly number[])[] =>
  world.table.views.inspect('x')?.holders.map((holder) => [holder.session, holder.permits]) ?? [];

describe('a semaphore', () => {
  it('is not overtaken: who wants few waits behind who wants many', () => {
    const world = worldOf(3);
    const token = tokenOf(world.ask(acquireAll([1, 1], permits('x', 2, 3))));
    world.ask(acquireAll([2, 1], permits('x', 3, 3)));

    const behind = world.ask(acquireAll([3, 1], permits('x', 1, 3)));
    const tried = world.ask(acquireAll([3, 2], permits('x', 1, 3), false));
    world.ask(release([1, 2], 'x', token));

    expect([behind, tried]).toEqual([{ kind: 'queued' }, { kind: 'busy' }]);
    expect(holders(world)).toEqual([[2, 3]]);
  });

  it('gets back exactly what a session held when that ends', () => {
    const world = worldOf(4);
    world.ask(acquireAll([1, 1], permits('x', 2, 4)));
    world.ask(acquireAll([1, 2], permits('x', 1, 4)));
    world.ask(acquireAll([2, 1], permits('x', 1, 4)));
    world.ask(acquireAll([3, 1], permits('x', 3, 4)));
    world.ask(acquireAll([4, 1], permits('x', 1, 4)));

    world.apply({ kind: 'close', session: 1 });

    expect(holders(world)).toEqual([
      [2, 1],
      [3, 3],
    ]);
    expect(world.table.views.inspect('x')?.waiting).toBe(1);
  });

  it('lets in who waits behind one that gives up', () => {
    const world = worldOf(3);
    world.ask(acquireAll([1, 1], permits('x', 1, 2)));
    world.ask(acquireAll([2, 1], permits('x', 2, 2)));
    world.ask(acquireAll([3, 1], permits('x', 1, 2)));

    world.ask(cancel([2, 2], 1));

    expect(holders(world)).toEqual([
      [1, 1],
      [3, 1],
    ]);
  });

  it('of another limit is refused while anybody is at it, and nothing changes', () => {
    const world = worldOf(2);
    world.ask(acquireAll([1, 1], permits('x', 1, 2)));

    expect(world.ask(acquireAll([2, 1], permits('x', 1, 3)))).toEqual({ kind: 'semaphore-limit', name: 'x', limit: 2 });
    expect(holders(world)).toEqual([[1, 1]]);
  });

  it('leaves no row once nobody is at it', () => {
    const world = worldOf(1);
    const token = tokenOf(world.ask(acquireAll([1, 1], permits('x', 2, 2))));

    world.ask(release([1, 2], 'x', token));

    expect(world.table.views.inspect('x')).toBeUndefined();
    expect(world.ask(acquireAll([1, 3], permits('x', 1, 9))).kind).toBe('granted');
  });
});

describe('a changed limit', () => {
  it('stays while nobody is at it, over restarts and snapshots, until it is changed again', () => {
    const world = worldOf(1);
    world.ask(changeLimit([1, 1], 'x/\u00e9', 2));

    world.restart();
    world.restart(rowsOf(world.table));

    expect(world.table.views.inspect('x/\u00e9')).toMatchObject({ kind: 'semaphore', limit: 2, holders: [] });
    expect(world.ask(acquireAll([1, 2], permits('x/\u00e9', 1, 3))).kind).toBe('semaphore-limit');
    world.ask(changeLimit([1, 3], 'x/\u00e9', 3));
    expect(world.ask(acquireAll([1, 4], permits('x/\u00e9', 1, 3))).kind).toBe('granted');
  });

  it('that is raised lets in who waits', () => {
    const world = worldOf(2);
    world.ask(acquireAll([1, 1], permits('x', 2, 2)));
    world.ask(acquireAll([2, 1], permits('x', 2, 2)));

    world.ask(changeLimit([1, 2], 'x', 4));

    expect(holders(world)).toEqual([
      [1, 2],
      [2, 2],
    ]);
  });

  it('that is lowered under its holders takes nothing from them, and can be restored', () => {
    const world = worldOf(2);
    world.ask(acquireAll([1, 1], permits('x', 2, 3)));
    const token = tokenOf(world.ask(acquireAll([1, 2], permits('x', 1, 3))));
    world.ask(acquireAll([2, 1], permits('x', 1, 3)));

    world.ask(changeLimit([1, 3], 'x', 1));
    world.restart();
    world.ask(release([1, 4], 'x', token));

    expect(holders(world)).toEqual([[1, 2]]);
    expect(world.table.views.inspect('x')).toMatchObject({ limit: 1, waiting: 1 });
  });

  it('that is lowered refuses waiters who want more than there will ever be, and nobody else waits for them', () => {
    const world = worldOf(3);
    const token = tokenOf(world.ask(acquireAll([1, 1], permits('x', 1, 3))));
    world.ask(acquireAll([2, 1], permits('x', 3, 3)));
    world.ask(acquireAll([3, 1], permits('x', 1, 3)));

    const events = world.apply(changeLimit([1, 2], 'x', 2));
    world.ask(release([1, 3], 'x', token));

    expect(events).toContainEqual({
      kind: 'answered',
      session: 2,
      sequence: 1,
      answer: { kind: 'semaphore-limit', name: 'x', limit: 2 },
    });
    expect(holders(world)).toEqual([[3, 1]]);
  });
});
