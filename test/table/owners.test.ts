import { describe, expect, it } from 'vitest';
import { cycleStepsMax } from '../../src/table/index.ts';
import {
  acquire,
  acquireAll,
  acquireFor,
  cancel,
  exclusive,
  permits,
  read,
  readUpgradeable,
  release,
  rowsOf,
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

const steps = (...waits: readonly (readonly [owner: string | null, lock: string])[]) => ({
  kind: 'deadlock',
  cycle: waits.map(([owner, lock]) => ({ owner, lock })),
});

describe('a deadlock', () => {
  it('of an owner with itself is refused at once, and leaves no trace', () => {
    const world = worldOf(1);
    world.ask(acquireFor('ann', [1, 1], exclusive('a')));
    const before = JSON.stringify(rowsOf(world.table).filter(({ key }) => /^[tw]/.test(key)));

    const answer = world.ask(acquireFor('ann', [1, 2], [exclusive('new'), exclusive('a')]));

    expect(answer).toEqual(steps(['ann', 'a']));
    expect(JSON.stringify(rowsOf(world.table).filter(({ key }) => /^[tw]/.test(key)))).toBe(before);
    expect(world.table.views.counts()).toMatchObject({ locks: 1, holds: 1, waiters: 0 });
  });

  it('of a ring of owners is refused to the one who closes it, whatever restarts lie between', () => {
    const world = worldOf(1);
    const owners = Array.from({ length: 20 }, (_, at) => `owner ${at}`);
    for (const [at, owner] of owners.entries()) world.ask(acquireFor(owner, [1, at + 1], exclusive(`lock ${at}`)));
    for (const [at, owner] of owners.slice(1).entries()) {
      world.ask(acquireFor(owner, [1, 100 + at], exclusive(`lock ${at}`)));
    }
    world.restart();

    const answer = world.ask(acquireFor('owner 0', [1, 200], exclusive('lock 19')));
    const again = world.ask(acquireFor('owner 0', [1, 200], exclusive('lock 19')));

    const ring = [0, ...Array.from({ length: cycleStepsMax - 1 }, (_, at) => 19 - at)];
    expect(answer).toEqual(steps(...ring.map((at) => [`owner ${at}`, `lock ${at === 0 ? 19 : at - 1}`] as const)));
    expect(again).toEqual(answer);
    world.restart();
    expect(world.ask(acquireFor('owner 0', [1, 200], exclusive('lock 19')))).toEqual(answer);
  });

  it('comes of the queue, too: a reader waits behind the writer who waits for it', () => {
    const world = worldOf(2);
    world.ask(acquireFor('ann', [1, 1], read('r')));
    world.ask(acquireAll([2, 1], write('r')));

    expect(world.ask(acquireFor('ann', [1, 2], read('r')))).toEqual(steps(['ann', 'r'], [null, 'r']));
  });

  it('goes through those who wait without an owner, and through several locks at once', () => {
    const world = worldOf(3);
    world.ask(acquireFor('ann', [1, 1], exclusive('a')));
    world.ask(acquireFor('bob', [2, 1], exclusive('b')));
    world.ask(acquireAll([3, 1], [exclusive('a'), exclusive('c')]));
    world.ask(acquireFor('bob', [2, 2], exclusive('c')));

    expect(world.ask(acquireFor('ann', [1, 2], exclusive('b')))).toEqual(
      steps(['ann', 'b'], ['bob', 'c'], [null, 'a']),
    );
  });

  it('of permits concerns all who hold some, as long as too few are left', () => {
    const world = worldOf(2);
    world.ask(acquireFor('ann', [1, 1], permits('s', 1, 2)));
    world.ask(acquireFor('bob', [2, 1], permits('s', 1, 2)));

    expect(world.ask(acquireFor('ann', [1, 2], permits('s', 1, 2)))).toEqual(steps(['ann', 's']));
  });

  it('of an upgrade is seen without an owner: the reader who waits for the upgradeable read', () => {
    const world = worldOf(2);
    const token = tokenOf(world.ask(acquireAll([1, 1], readUpgradeable('r'))));
    world.ask(acquireFor('bob', [2, 1], read('r')));
    world.ask(acquireFor('bob', [2, 2], readUpgradeable('r')));

    const answer = world.ask(upgrade([1, 2], { name: 'r', token }));

    expect(answer.kind).toBe('deadlock');
    expect(world.table.views.inspect('r')).toMatchObject({ waiting: 1, holders: [{ mode: 'U' }, { mode: 'R' }] });
  });

  it('is none once somebody has left the circle', () => {
    const world = worldOf(2);
    world.ask(acquireFor('ann', [1, 1], exclusive('a')));
    world.ask(acquireFor('bob', [2, 1], exclusive('b')));
    world.ask(acquireFor('bob', [2, 2], exclusive('a')));
    world.ask(cancel([2, 3], 2));

    expect(world.ask(acquireFor('ann', [1, 2], exclusive('b')))).toEqual({ kind: 'queued' });
  });

  it.each([
    [100, 'deadlock'],
    [20_000, 'queued'],
  ])('behind %i others in the queue comes to %s: a walk over too many is given up', (others, kind) => {
    const world = new World({ waitersPerSessionMax: 30_000, answersPerSessionMax: 100_000 });
    world.open(1);
    world.ask(acquireFor('eve', [1, 1], exclusive('e')));
    world.ask(acquire([1, 2], 'b'));
    world.ask(acquireFor('fay', [1, 3], exclusive('b')));
    world.ask(acquireFor('fay', [1, 4], exclusive('e')));
    for (let at = 1; at <= others; at += 1) world.table.apply(10 + at, 0, acquire([1, 10 + at], 'b'), () => {});

    const answer = world.ask(acquireFor('eve', [1, 30_000], exclusive('b')));

    expect(answer.kind).toBe(kind);
  });

  it('is no matter for requests without an owner', () => {
    const world = worldOf(1);
    world.ask(acquire([1, 1], 'a'));

    expect(world.ask(acquire([1, 2], 'a'))).toEqual({ kind: 'queued' });
  });
});

describe('a re-entrant hold', () => {
  const entered = () => {
    const world = worldOf(2);
    const first = world.ask(acquireFor('ann', [1, 1], exclusive('a'), true, true));
    const second = world.ask(acquireFor('ann', [1, 2], exclusive('a'), true, true));
    return { world, first, second, token: tokenOf(first) };
  };
  const entries = (world: World) => world.table.views.inspect('a')?.holders.map((holder) => holder.entries);

  it('keeps its token, and ends when it is left as often as it was entered', () => {
    const { world, first, second, token } = entered();
    world.ask(acquire([2, 1], 'a'));

    world.ask(release([1, 3], 'a', token));
    world.restart();
    const meanwhile = world.table.views.inspect('a')?.holders.map(({ session }) => session);
    world.ask(release([1, 4], 'a', token));

    expect(second).toEqual(first);
    expect(meanwhile).toEqual([1]);
    expect(world.table.views.inspect('a')?.holders).toMatchObject([{ session: 2 }]);
    expect(world.ask(release([1, 5], 'a', token))).toEqual({ kind: 'not-held' });
  });

  it('is entered once by one request, and left once by one release, however often they come', () => {
    const { world, token } = entered();

    world.ask(acquireFor('ann', [1, 2], exclusive('a'), true, true));
    const afterRetry = entries(world);
    world.ask(release([1, 3], 'a', token));
    world.ask(release([1, 3], 'a', token));

    expect([afterRetry, entries(world)]).toEqual([[2], [1]]);
  });

  it('counts in what a checkpoint writes, also when the hold itself was written before', () => {
    const { world, token } = entered();
    world.checkpoint();

    world.ask(acquireFor('ann', [1, 3], exclusive('a'), true, true));
    world.restart();
    const afterEntry = entries(world);
    world.ask(release([1, 4], 'a', token));
    world.restart();

    expect([afterEntry, entries(world)]).toEqual([[3], [2]]);
  });

  it('is not entered by a request that was cancelled before it came', () => {
    const { world } = entered();
    world.ask(cancel([1, 4], 3));

    const late = world.ask(acquireFor('ann', [1, 3], exclusive('a'), true, true));

    expect([late, entries(world)]).toEqual([{ kind: 'cancelled' }, [2]]);
  });

  it.each([
    ['the same owner in another session', 'ann', 2, true],
    ['another owner in the same session', 'bob', 1, true],
    ['the owner who does not say so', 'ann', 1, false],
  ])('is not entered by %s', (_who, owner, session, reenters) => {
    const { world } = entered();

    const answer = world.ask(acquireFor(owner, [session, 9], exclusive('a'), true, reenters));

    expect(answer.kind).toBe(owner === 'ann' ? 'deadlock' : 'queued');
    expect(entries(world)).toEqual([2]);
  });

  it('ends with its session, however often it was entered', () => {
    const { world, token } = entered();
    world.ask(acquire([2, 1], 'a'));

    const events = world.apply({ kind: 'close', session: 1 });

    expect(events.filter((event) => event.kind === 'lost')).toEqual([{ kind: 'lost', name: 'a', session: 1, token }]);
    expect(world.table.views.inspect('a')?.holders).toMatchObject([{ session: 2 }]);
  });
});
