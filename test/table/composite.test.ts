import { describe, expect, it } from 'vitest';
import {
  acquire,
  acquireAll,
  cancel,
  changeLimit,
  exclusive,
  permits,
  read,
  release,
  tokenOf,
  World,
  write,
} from './world.ts';

const worldOf = (sessions: number, limits = {}): World => {
  const world = new World(limits);
  for (let number = 1; number <= sessions; number += 1) world.open(number);
  return world;
};

const holders = (world: World, name: string): readonly number[] =>
  world.table.views.inspect(name)?.holders.map(({ session }) => session) ?? [];

const queue = (world: World, name: string): readonly number[] =>
  world.table.views.inspect(name)?.queue.map(({ session }) => session) ?? [];

describe('a request for several locks', () => {
  it('mints one token for each part, in their order, at the command that grants it', () => {
    const world = worldOf(1);

    const events = world.apply(acquireAll([1, 1], [exclusive('a'), permits('s', 2, 3), read('r')]));

    expect(events.map((event) => (event.kind === 'granted' ? [event.name, event.token] : event.kind))).toEqual([
      ['a', 1],
      ['s', 2],
      ['r', 3],
      'answered',
    ]);
    expect(events.at(-1)).toMatchObject({ answer: { kind: 'granted', token: 1 } });
  });

  it('stands in all queues at one place: two of them never wait for each other', () => {
    const world = worldOf(3);
    const [a, b] = [exclusive('a'), exclusive('b')];
    const token = tokenOf(world.ask(acquire([1, 1], 'b')));
    world.ask(acquireAll([2, 1], [a, b]));
    world.ask(acquireAll([3, 1], [b, a]));

    world.ask(release([1, 2], 'b', token));
    const first = [holders(world, 'a'), holders(world, 'b'), queue(world, 'a'), queue(world, 'b')];
    world.apply({ kind: 'close', session: 2 });

    expect(first).toEqual([[2], [2], [3], [3]]);
    expect([holders(world, 'a'), holders(world, 'b')]).toEqual([[3], [3]]);
  });

  it('holds no part before it holds all, and nobody overtakes it meanwhile', () => {
    const world = worldOf(3);
    const token = tokenOf(world.ask(acquire([1, 1], 'b')));
    world.ask(acquireAll([2, 1], [exclusive('a'), exclusive('b')]));

    const behind = world.ask(acquire([3, 1], 'a'));
    const meanwhile = [holders(world, 'a'), queue(world, 'a')];
    world.ask(release([1, 2], 'b', token));

    expect(behind).toEqual({ kind: 'queued' });
    expect(meanwhile).toEqual([[], [2, 3]]);
    expect([holders(world, 'a'), queue(world, 'a')]).toEqual([[2], [3]]);
  });

  it('lets in who stands behind it on another lock than the one that made room', () => {
    const world = worldOf(3);
    const token = tokenOf(world.ask(acquire([1, 1], 'a')));
    world.ask(acquireAll([2, 1], [exclusive('a'), read('r')]));
    world.ask(acquireAll([3, 1], read('r')));

    world.ask(release([1, 2], 'a', token));

    expect(holders(world, 'r')).toEqual([2, 3]);
  });

  it('leaves all queues when it is cancelled, for the good of those behind it on each', () => {
    const world = worldOf(4);
    world.ask(acquire([1, 1], 'a'));
    world.ask(acquireAll([2, 1], [exclusive('a'), write('r'), exclusive('c')]));
    world.ask(acquireAll([3, 1], read('r')));
    world.ask(acquire([4, 1], 'c'));

    world.ask(cancel([2, 2], 1));

    expect([queue(world, 'a'), holders(world, 'r'), holders(world, 'c')]).toEqual([[], [3], [4]]);
    expect(world.table.views.counts()).toMatchObject({ holds: 3, waiters: 0 });
  });

  it('leaves all queues with its session', () => {
    const world = worldOf(3);
    world.ask(acquire([1, 1], 'a'));
    world.ask(acquireAll([2, 1], [exclusive('a'), write('r')]));
    world.ask(acquireAll([3, 1], read('r')));

    world.apply({ kind: 'close', session: 2 });

    expect([queue(world, 'a'), holders(world, 'r')]).toEqual([[], [3]]);
  });

  it('stands where it stood after a restart, and is granted as a whole', () => {
    const world = worldOf(3);
    const token = tokenOf(world.ask(acquire([1, 1], 'b')));
    world.ask(acquireAll([2, 1], [exclusive('a'), exclusive('b')]));
    world.ask(acquireAll([3, 1], [exclusive('b'), exclusive('a')]));

    world.restart();
    world.ask(release([1, 2], 'b', token));
    world.restart();

    expect([holders(world, 'a'), holders(world, 'b'), queue(world, 'a')]).toEqual([[2], [2], [3]]);
  });

  it('is refused as a whole: nothing changes for any part', () => {
    const world = worldOf(2, { holdsPerSessionMax: 2, locksMax: 3 });
    world.ask(acquireAll([1, 1], permits('s', 1, 2)));
    const before = JSON.stringify(world.table.views.list());

    const answers = [
      [exclusive('a'), exclusive('s')],
      [exclusive('a'), permits('s', 1, 3)],
      [exclusive('a'), exclusive('b'), permits('s', 1, 2)],
    ].map((parts, at) => world.ask(acquireAll([2, at + 1], parts)));
    const tooMany = world.ask(acquireAll([1, 2], [exclusive('a'), exclusive('b')]));

    expect([...answers, tooMany]).toEqual([
      { kind: 'kind-mismatch', name: 's', is: 'semaphore' },
      { kind: 'semaphore-limit', name: 's', limit: 2 },
      { kind: 'limit-exceeded', limit: 'holds per session', max: 2 },
      { kind: 'limit-exceeded', limit: 'holds per session', max: 2 },
    ]);
    expect(JSON.stringify(world.table.views.list())).toBe(before);
  });

  it('is taken out of all queues when one of its semaphores becomes too small for it', () => {
    const world = worldOf(3);
    world.ask(acquireAll([1, 1], permits('s', 1, 3)));
    world.ask(acquireAll([2, 1], [exclusive('a'), permits('s', 3, 3)]));
    world.ask(acquire([3, 1], 'a'));

    world.ask(changeLimit([1, 2], 's', 2));

    expect([holders(world, 'a'), queue(world, 's')]).toEqual([[3], []]);
  });

  it('is executed once, however often it is asked for', () => {
    const world = worldOf(1);
    const parts = [exclusive('a'), exclusive('b')];
    const first = world.ask(acquireAll([1, 1], parts));

    const again = world.ask(acquireAll([1, 1], parts));
    const other = world.ask(acquireAll([1, 1], [...parts].reverse()));

    expect(again).toEqual(first);
    expect(other).toEqual({ kind: 'mismatch' });
    expect(world.table.views.counts().tokens).toBe(2);
  });
});
