import { describe, expect, it } from 'vitest';
import {
  acquire,
  acquireAll,
  acquireWith,
  begun,
  cancel,
  exclusive,
  overdue,
  permits,
  read,
  release,
  tokenOf,
  upgrade,
  World,
  write,
} from './world.ts';

const worldOf = (sessions: number): World => {
  const world = new World();
  for (let number = 1; number <= sessions; number += 1) world.open(number);
  return world;
};

describe('the longest queue that a request goes behind', () => {
  it('lets it wait behind fewer than so many, and refuses it else, with nothing changed', () => {
    const world = worldOf(3);
    world.ask(acquire([1, 1], 'x'));

    const first = world.ask(acquireWith({ queueLengthMax: 1 }, undefined, [2, 1], exclusive('x')));
    const second = world.ask(acquireWith({ queueLengthMax: 1 }, undefined, [3, 1], exclusive('x')));

    expect(first).toEqual({ kind: 'queued' });
    expect(second).toEqual({ kind: 'queue-full', name: 'x', max: 1 });
    expect(world.table.views.inspect('x')?.queue.map(({ session }) => session)).toEqual([2]);
    expect(world.table.views.counts().waiters).toBe(1);
  });

  it('of 0 never waits, and is granted what is free', () => {
    const world = worldOf(2);

    const free = world.ask(acquireWith({ queueLengthMax: 0 }, undefined, [1, 1], exclusive('x')));
    const held = world.ask(acquireWith({ queueLengthMax: 0 }, undefined, [2, 1], exclusive('x')));

    expect(free).toMatchObject({ kind: 'granted' });
    expect(held).toEqual({ kind: 'queue-full', name: 'x', max: 0 });
  });

  it('counts at every lock of several, and makes no lock', () => {
    const world = worldOf(3);
    world.ask(acquire([1, 1], 'x'));
    world.ask(acquire([2, 1], 'x'));

    const refused = world.ask(acquireWith({ queueLengthMax: 1 }, undefined, [3, 1], [read('r'), exclusive('x')]));

    expect(refused).toEqual({ kind: 'queue-full', name: 'x', max: 1 });
    expect(world.table.views.inspect('r')).toBeUndefined();
  });

  it('is answered the same again once there is room, as the request was decided', () => {
    const world = worldOf(2);
    const asked = acquireWith({ queueLengthMax: 0 }, undefined, [2, 1], exclusive('x'));
    world.ask(acquire([1, 1], 'x'));
    world.ask(asked);
    world.ask(release([1, 2], 'x', 1));

    expect(world.ask(asked)).toEqual({ kind: 'queue-full', name: 'x', max: 0 });
    expect(world.ask(acquireWith({ queueLengthMax: 1 }, undefined, [2, 1], exclusive('x')))).toEqual({
      kind: 'mismatch',
    });
    expect(world.ask(acquireAll([2, 1], exclusive('x')))).toEqual({ kind: 'mismatch' });
  });
});

describe('a place in a queue', () => {
  it('is 1 for the next, falls as those before leave, and is null for who does not wait', () => {
    const world = worldOf(4);
    for (const session of [1, 2, 3, 4]) world.ask(acquire([session, 1], 'x'));
    const places = () => [1, 2, 3, 4].map((session) => world.table.views.positionOf(session, 1));
    expect(places()).toEqual([null, 1, 2, 3]);

    world.ask(cancel([3, 2], 1));
    expect(places()).toEqual([null, 1, null, 2]);
    world.ask(release([1, 2], 'x', 1));

    expect(places()).toEqual([null, null, null, 1]);
    expect(world.table.views.positionOf(4, 2)).toBeNull();
    expect(world.table.views.positionOf(99, 1)).toBeNull();
  });

  it('rises by one for an upgrade, which goes ahead, and counts in the longest queue of several', () => {
    const world = worldOf(4);
    world.ask(acquireAll([1, 1], { ...read('r'), mode: 'U' }));
    world.ask(acquireAll([2, 1], [read('r'), permits('s', 1, 1)]));
    world.ask(acquireAll([3, 1], write('r')));
    world.ask(acquireAll([4, 1], permits('s', 1, 1)));
    world.ask(acquireAll([3, 2], [write('r'), permits('s', 1, 1)]));
    expect(world.table.views.positionOf(3, 1)).toBe(1);

    world.ask(upgrade([1, 2], { name: 'r', token: 1 }));

    expect(world.table.views.positionOf(1, 2)).toBe(1);
    expect(world.table.views.positionOf(3, 1)).toBe(2);
    expect(world.table.views.positionOf(3, 2)).toBe(3);
  });
});

describe('a bounded hold', () => {
  const bounded = () => {
    const world = worldOf(2);
    const token = tokenOf(world.ask(acquireWith({ holdMsMax: 1_000 }, undefined, [1, 1], exclusive('x'))));
    world.ask(acquire([2, 1], 'x'));
    return { world, token };
  };

  it('ends when the leader says that it is overdue, and the next one is granted', () => {
    const { world, token } = bounded();
    expect(world.ask(begun([1, 2], { name: 'x', token }))).toEqual({ kind: 'begun' });

    const events = world.apply(overdue('x', token));

    expect(events).toMatchObject([
      { kind: 'lost', name: 'x', session: 1, token, reason: 'overdue' },
      { kind: 'granted', name: 'x', session: 2 },
      { kind: 'answered', session: 2, answer: { kind: 'granted' } },
    ]);
    expect(world.ask(release([1, 3], 'x', token))).toEqual({ kind: 'not-held' });
    expect(world.table.views.sessions()).toHaveLength(2);
  });

  it('does not end before it has begun, nor by another token, nor at another lock', () => {
    const { world, token } = bounded();
    expect(world.apply(overdue('x', token))).toEqual([]);
    world.ask(begun([1, 2], { name: 'x', token }));

    expect(world.apply(overdue('x', token + 1))).toEqual([]);
    expect(world.apply(overdue('y', token))).toEqual([]);
    expect(world.table.views.inspect('x')?.holders).toHaveLength(1);
  });

  it('alone can begin, and for its own session alone', () => {
    const { world, token } = bounded();
    const plain = tokenOf(world.ask(acquire([2, 2], 'y')));

    expect(world.ask(begun([2, 3], { name: 'x', token }))).toEqual({ kind: 'not-held' });
    expect(world.ask(begun([2, 4], { name: 'y', token: plain }))).toEqual({ kind: 'not-held' });
    expect(world.ask(begun([1, 2], { name: 'y', token }))).toEqual({ kind: 'not-held' });
    expect([...world.table.views.bounds()]).toEqual([]);
  });

  it('ends with its upgrade, which is answered so, and is bounded still after one', () => {
    const world = worldOf(2);
    const upgradeable = { ...read('r'), mode: 'U' } as const;
    const token = tokenOf(world.ask(acquireWith({ holdMsMax: 1_000 }, undefined, [1, 1], upgradeable)));
    world.ask(begun([1, 2], { name: 'r', token }));
    const reader = tokenOf(world.ask(acquireAll([2, 1], read('r'))));
    world.ask(upgrade([1, 3], { name: 'r', token }));
    world.ask(release([2, 2], 'r', reader));
    const [after] = [...world.table.views.bounds()];
    expect(after).toMatchObject({ name: 'r', token: reader + 1, holdMsMax: 1_000 });

    expect(world.apply(overdue('r', token))).toEqual([]);
    expect(world.apply(overdue('r', reader + 1))).toMatchObject([{ kind: 'lost', reason: 'overdue' }]);
  });
});
