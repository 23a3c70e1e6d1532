import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TableEvent } from '../../src/table/index.ts';
import { acquire, cancel, release, tokenOf, World } from './world.ts';

const worldOf = (sessions: number, limits = {}): World => {
  const world = new World(limits);
  for (let number = 1; number <= sessions; number += 1) world.open(number);
  return world;
};

describe('an exclusive lock', () => {
  it('has one holder at a time, in log order', () => {
    const world = worldOf(4);
    for (const session of [1, 3, 2, 4]) world.ask(acquire([session, 1], 'x'));

    const order: (number | undefined)[] = [];
    for (let holder = world.table.views.inspect('x')?.holders[0]; holder !== undefined; ) {
      order.push(holder.session);
      world.ask(release([holder.session, 2], 'x', holder.token));
      holder = world.table.views.inspect('x')?.holders[0];
    }

    expect(order).toEqual([1, 3, 2, 4]);
  });

  it('is not re-entrant: a second acquire of the same session queues', () => {
    const world = worldOf(1);
    world.ask(acquire([1, 1], 'x'));

    expect(world.ask(acquire([1, 2], 'x'))).toEqual({ kind: 'queued' });
  });

  it('is busy to a try while somebody holds it', () => {
    const world = worldOf(2);
    world.ask(acquire([1, 1], 'x'));

    expect(world.ask(acquire([2, 1], 'x', false))).toEqual({ kind: 'busy' });
    expect(world.table.views.inspect('x')?.waiting).toBe(0);
  });

  it('leaves no row when nobody is at it', () => {
    const world = worldOf(2);
    const token = tokenOf(world.ask(acquire([1, 1], 'x')));
    world.ask(acquire([2, 1], 'x'));
    world.ask(cancel([2, 2], 1));
    world.ask(release([1, 2], 'x', token));

    expect(world.table.views.inspect('x')).toBeUndefined();
    expect(world.table.views.counts()).toMatchObject({ locks: 0, holds: 0, waiters: 0 });
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', '../../x', '/', '*', '%00', ' '])(
    'may be called %j like anything else',
    (name) => {
      const world = worldOf(2);

      const token = tokenOf(world.ask(acquire([1, 1], name)));
      const second = world.ask(acquire([2, 1], name));
      world.restart();
      world.ask(release([1, 2], name, token));

      expect(second).toEqual({ kind: 'queued' });
      expect(world.table.views.inspect(name)?.holders).toMatchObject([{ session: 2 }]);
      expect(world.table.views.list({}).map((row) => row.name)).toEqual([name]);
    },
  );

  it('is another one in another normal form or case', () => {
    const world = worldOf(1);
    const names = ['\u00e9', 'e\u0301', 'E\u0301', '\u00e9 '];

    const answers = names.map((name, at) => world.ask(acquire([1, at + 1], name)).kind);

    expect(answers).toEqual(Array(4).fill('granted'));
  });
});

describe('a queue of ten thousand', () => {
  it('is cancelled from the middle and handed on without walking it', () => {
    const world = worldOf(2, { answersPerSessionMax: 100_000 });
    const waiters = 10_000;
    const token = tokenOf(world.ask(acquire([1, 1], 'x')));
    for (let sequence = 1; sequence <= waiters; sequence += 1) world.ask(acquire([2, sequence], 'x'));
    world.checkpoint();

    world.ask(cancel([2, waiters + 1], waiters / 2));
    world.ask(release([1, 2], 'x', token));

    expect(world.table.views.inspect('x')).toMatchObject({ holders: [{ session: 2 }], waiting: waiters - 2 });
    // Counters, two sessions, hold gone and made, two waiters gone, and four answers.
    expect(world.checkpoint().length).toBeLessThanOrEqual(12);
  });
});

describe('fencing tokens (S91)', () => {
  it('rise over all grants of all locks, over restarts and snapshots, and are never minted twice', () => {
    const world = worldOf(2);
    const names = ['a', 'b', 'c'];

    for (let turn = 1; turn <= 30; turn += 1) {
      const name = names[turn % 3] ?? 'a';
      const token = tokenOf(world.ask(acquire([1, 2 * turn], name)));
      world.ask(acquire([2, turn], name));
      world.ask(release([1, 2 * turn + 1], name, token));
      world.apply(release([2, 1_000 + turn], name, token + 1));
      if (turn % 5 === 0) world.restart();
    }

    const tokens = world.events.flatMap((event) => (event.kind === 'granted' ? [event.token] : []));
    expect(tokens).toEqual(Array.from({ length: 60 }, (_, at) => at + 1));
  });

  it('rise beyond 2^31 and 2^32 as before, in memory and in their rows (S117)', () => {
    const tokens = [2 ** 31 - 1, 2 ** 32 - 1, 2 ** 52].map((last) => {
      const world = worldOf(1);
      world.checkpoint();
      const counters = world.disk.get('m') ?? [];
      world.disk.set('m', counters.with(3, last));
      world.restart();
      const first = tokenOf(world.ask(acquire([1, 1], 'x')));
      world.restart();
      return [first - last, tokenOf(world.ask(acquire([1, 2], 'y'))) - last];
    });

    expect(tokens).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
  });
});

describe('time (S87)', () => {
  it('decides nothing: whatever the stamps, the same is granted to the same in the same order', () => {
    const story = [
      acquire([1, 1], 'x'),
      acquire([2, 1], 'x'),
      acquire([2, 2], 'y'),
      release([1, 2], 'x', 1),
      acquire([1, 3], 'y'),
      cancel([1, 4], 3),
    ] as const;
    const live = (stamps: readonly number[]): readonly TableEvent[] => {
      const world = worldOf(2);
      for (const [at, command] of story.entries()) world.apply(command, stamps[at]);
      return JSON.parse(JSON.stringify(world.events).replaceAll(/"grantedAt":\d+/g, '"grantedAt":0'));
    };
    const stamps = fc.array(fc.nat(Number.MAX_SAFE_INTEGER - 1), { minLength: story.length, maxLength: story.length });

    fc.assert(
      fc.property(stamps, stamps, (some, others) => {
        expect(live(some)).toEqual(live(others));
      }),
      { numRuns: 50 },
    );
  });

  it('never goes back in the table', () => {
    const world = worldOf(1);

    world.apply(acquire([1, 1], 'x'), 9_000);
    const answer = world.ask(acquire([1, 2], 'y'));
    world.apply(acquire([1, 3], 'z'), 10);

    expect(answer).toMatchObject({ grantedAt: 9_001 });
    expect(world.table.views.inspect('z')?.holders).toMatchObject([{ since: 9_001 }]);
  });
});

describe('limits', () => {
  it('of holds and waiters bind one session and leave the others alone', () => {
    const world = worldOf(2, { holdsPerSessionMax: 2, waitersPerSessionMax: 1 });
    world.ask(acquire([2, 1], 'taken'));
    const mine = ['a', 'taken', 'taken', 'b', 'c'].map((name, at) => world.ask(acquire([1, at + 1], name)));

    const theirs = world.ask(acquire([2, 2], 'd'));

    expect(mine).toMatchObject([
      { kind: 'granted' },
      { kind: 'queued' },
      { kind: 'limit-exceeded', limit: 'waiters per session', max: 1 },
      { kind: 'granted' },
      { kind: 'limit-exceeded', limit: 'holds per session', max: 2 },
    ]);
    expect(theirs.kind).toBe('granted');
  });

  it('of locks bind all; a name that is held can still be waited for', () => {
    const world = worldOf(2, { locksMax: 1 });
    world.ask(acquire([1, 1], 'a'));

    expect(world.ask(acquire([2, 1], 'b'))).toEqual({ kind: 'limit-exceeded', limit: 'locks', max: 1 });
    expect(world.ask(acquire([2, 2], 'a'))).toEqual({ kind: 'queued' });
  });

  it('once answered stay the answer of that sequence, even when there is room again', () => {
    const world = worldOf(2, { locksMax: 1 });
    const token = tokenOf(world.ask(acquire([1, 1], 'a')));
    const refused = world.ask(acquire([2, 1], 'b'));

    world.ask(release([1, 2], 'a', token));

    expect(world.ask(acquire([2, 1], 'b'))).toEqual(refused);
    expect(world.ask(acquire([2, 2], 'b')).kind).toBe('granted');
  });

  it('of answers stop acquires first, so that a client can always release, and a higher mark makes room', () => {
    const world = worldOf(1, { answersPerSessionMax: 2 });
    const token = tokenOf(world.ask(acquire([1, 1], 'a')));
    world.ask(acquire([1, 2], 'b'));

    const refused = world.ask(acquire([1, 3], 'c'));
    const released = world.ask(release([1, 4], 'a', token));
    const marked = world.ask(acquire([1, 5, 4], 'c'));

    expect(refused).toEqual({ kind: 'limit-exceeded', limit: 'answers per session', max: 2 });
    expect([released.kind, marked.kind]).toEqual(['released', 'granted']);
  });

  it('of sessions refuse one more until one has ended', () => {
    const world = worldOf(2, { sessionsMax: 2 });

    expect(() => world.open(3)).toThrow(/limit-exceeded/);
    world.apply({ kind: 'close', session: 1 });
    expect(world.open(4)).toBe(3);
  });
});

describe('a listener', () => {
  it('that applies a command while one is applied breaks a rule at once', () => {
    const { table } = worldOf(1);

    const nested = () =>
      table.apply(10, 0, acquire([1, 1], 'x'), () => table.apply(11, 0, acquire([1, 2], 'y'), () => {}));

    expect(nested).toThrow(/a listener does not apply/);
  });

  it('never sees an entry below the last: the log is applied in order', () => {
    const { table } = worldOf(3);

    expect(() => table.apply(2, 0, acquire([1, 1], 'x'), () => {})).toThrow(/applied in order/);
  });
});
