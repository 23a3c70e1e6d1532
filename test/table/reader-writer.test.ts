import { describe, expect, it } from 'vitest';
import {
  acquire,
  acquireAll,
  cancel,
  downgrade,
  read,
  readUpgradeable,
  release,
  tokenOf,
  upgrade,
  World,
  write,
} from './world.ts';

const worldOf = (sessions: number, limits = {}): World => {
  const world = new World(limits);
  for (let number = 1; number <= sessions; number += 1) world.open(number);
  return world;
};

const holders = (world: World): readonly string[] =>
  world.table.views.inspect('x')?.holders.map(({ session, mode }) => `${mode}${session}`) ?? [];

const queue = (world: World): readonly string[] =>
  world.table.views.inspect('x')?.queue.map(({ session, mode }) => `${mode}${session}`) ?? [];

describe('a reader-writer lock', () => {
  it('is granted to the run of readers behind a writer at once, and no further', () => {
    const world = worldOf(6);
    const token = tokenOf(world.ask(acquireAll([1, 1], write('x'))));
    const wishes = [read('x'), readUpgradeable('x'), read('x'), write('x'), read('x')];
    for (const [at, wish] of wishes.entries()) world.ask(acquireAll([2 + at, 1], wish));

    world.ask(release([1, 2], 'x', token));

    expect(holders(world)).toEqual(['R2', 'U3', 'R4']);
    expect(queue(world)).toEqual(['W5', 'R6']);
  });

  it('is granted to the readers behind a writer that leaves the queue', () => {
    const world = worldOf(3);
    world.ask(acquireAll([1, 1], read('x')));
    world.ask(acquireAll([2, 1], write('x')));
    world.ask(acquireAll([3, 1], read('x')));

    world.ask(cancel([2, 2], 1));

    expect([holders(world), queue(world)]).toEqual([['R1', 'R3'], []]);
  });

  it('is granted to the readers behind a writer whose session ends', () => {
    const world = worldOf(3);
    world.ask(acquireAll([1, 1], read('x')));
    world.ask(acquireAll([2, 1], write('x')));
    world.ask(acquireAll([3, 1], read('x')));

    world.apply({ kind: 'close', session: 2 });

    expect(holders(world)).toEqual(['R1', 'R3']);
  });

  it('has one kind: as another one it is refused, and nothing changes', () => {
    const world = worldOf(2);
    world.ask(acquireAll([1, 1], read('x')));
    const before = JSON.stringify(world.table.views.inspect('x'));

    const answer = world.ask(acquire([2, 1], 'x'));

    expect(answer).toEqual({ kind: 'kind-mismatch', name: 'x', is: 'reader-writer' });
    expect(JSON.stringify(world.table.views.inspect('x'))).toBe(before);
  });
});

describe('an upgrade', () => {
  const furnished = () => {
    const world = worldOf(3);
    const reader = tokenOf(world.ask(acquireAll([1, 1], read('x'))));
    const token = tokenOf(world.ask(acquireAll([2, 1], readUpgradeable('x'))));
    world.ask(acquireAll([3, 1], write('x')));
    return { world, reader, token };
  };

  it('waits in front of all, and brings another token', () => {
    const { world, reader, token } = furnished();

    const answer = world.ask(upgrade([2, 2], { name: 'x', token }));
    const waiting = queue(world);
    world.ask(release([1, 2], 'x', reader));

    expect(answer).toEqual({ kind: 'queued' });
    expect(waiting).toEqual(['W2', 'W3']);
    expect(holders(world)).toEqual(['W2']);
    expect(world.table.views.inspect('x')?.holders[0]?.token).toBeGreaterThan(token);
    expect(world.ask(release([2, 3], 'x', token))).toEqual({ kind: 'not-held' });
  });

  it('stands where it stood after a restart', () => {
    const { world, token } = furnished();
    world.ask(upgrade([2, 2], { name: 'x', token }));

    world.restart();

    expect(queue(world)).toEqual(['W2', 'W3']);
  });

  it('that is asked for again is answered, not executed again', () => {
    const { world, reader, token } = furnished();
    world.ask(upgrade([2, 2], { name: 'x', token }));
    world.ask(release([1, 2], 'x', reader));
    const first = world.ask(upgrade([2, 2], { name: 'x', token }));

    const again = world.ask(upgrade([2, 2], { name: 'x', token }));

    expect(again).toEqual(first);
    expect(holders(world)).toEqual(['W2']);
  });

  it('keeps the upgradeable read when it is cancelled', () => {
    const { world, token } = furnished();
    world.ask(upgrade([2, 2], { name: 'x', token }));

    world.ask(cancel([2, 3], 2));

    expect([holders(world), queue(world)]).toEqual([['R1', 'U2'], ['W3']]);
    expect(world.table.views.inspect('x')?.holders[1]?.token).toBe(token);
  });

  it('ends with the hold, and then the writer behind it is next', () => {
    const { world, reader, token } = furnished();
    world.ask(upgrade([2, 2], { name: 'x', token }));

    const events = world.apply(release([2, 3], 'x', token));
    world.ask(release([1, 2], 'x', reader));

    expect(events).toContainEqual({ kind: 'answered', session: 2, sequence: 2, answer: { kind: 'cancelled' } });
    expect([holders(world), queue(world)]).toEqual([['W3'], []]);
  });

  it.each([
    ['a read', read('x')],
    ['a write', write('x')],
  ])('of %s is refused', (_name, wish) => {
    const world = worldOf(1);
    const token = tokenOf(world.ask(acquireAll([1, 1], wish)));

    expect(world.ask(upgrade([1, 2], { name: 'x', token }))).toEqual({ kind: 'wrong-mode', mode: wish.mode });
  });

  it('of what another session holds is refused', () => {
    const { world, token } = furnished();

    expect(world.ask(upgrade([3, 2], { name: 'x', token }))).toEqual({ kind: 'not-held' });
  });

  it('is forgotten below the mark once its hold ends, and can be restored until then', () => {
    const { world, reader, token } = furnished();
    world.ask(upgrade([2, 2], { name: 'x', token }));
    world.ask(acquireAll([2, 3, 2], read('y')));
    world.ask(release([1, 2], 'x', reader));

    world.restart();

    const [hold] = world.table.views.inspect('x')?.holders ?? [];
    expect(world.ask(release([2, 4, 3], 'x', hold?.token ?? 0))).toEqual({ kind: 'released' });
    world.restart();
    expect(world.ask(upgrade([2, 2], { name: 'x', token }))).toEqual({ kind: 'stale' });
  });
});

describe('a downgrade', () => {
  it('keeps the token and lets in who fits', () => {
    const world = worldOf(4);
    const token = tokenOf(world.ask(acquireAll([1, 1], write('x'))));
    world.ask(acquireAll([2, 1], read('x')));
    world.ask(acquireAll([3, 1], readUpgradeable('x')));

    const first = world.ask(downgrade([1, 2], { name: 'x', token }, 'U'));
    const afterFirst = holders(world);
    world.ask(downgrade([1, 3], { name: 'x', token }, 'R'));

    expect(first).toEqual({ kind: 'downgraded' });
    expect(afterFirst).toEqual(['U1', 'R2']);
    expect(holders(world)).toEqual(['R1', 'R2', 'U3']);
    expect(world.table.views.inspect('x')?.holders[0]?.token).toBe(token);
  });

  it('of what is not stronger is refused', () => {
    const world = worldOf(1);
    const token = tokenOf(world.ask(acquireAll([1, 1], readUpgradeable('x'))));

    expect(world.ask(downgrade([1, 2], { name: 'x', token }, 'U'))).toEqual({ kind: 'wrong-mode', mode: 'U' });
  });
});
