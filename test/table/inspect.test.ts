import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { viewMax } from '../../src/table/index.ts';
import { acquire, incarnationOf, nonceOf, release, World } from './world.ts';

describe('a view of one lock', () => {
  it('tells who holds it, who waits and since when, in plain values', () => {
    const world = new World();
    world.apply({ kind: 'started', node: 'n1', incarnation: incarnationOf(1), run: 1, boot: 'b' });
    world.open(1, { node: 'n1', incarnation: incarnationOf(1), run: 1 });
    world.open(2);
    world.apply(acquire([1, 1], 'x'), 5_000);
    world.apply(acquire([2, 8], 'x'), 6_000);

    const view = world.table.views.inspect('x');

    expect(view).toEqual({
      name: 'x',
      kind: 'exclusive',
      limit: null,
      holders: [
        {
          session: 1,
          label: 'client 1',
          node: 'n1',
          mode: 'X',
          permits: 1,
          owner: null,
          metadata: null,
          sticky: false,
          entries: 1,
          since: 5_000,
          token: 1,
        },
      ],
      waiting: 1,
      lockDelay: null,
      queue: [
        {
          position: 1,
          session: 2,
          label: 'client 2',
          node: null,
          mode: 'X',
          permits: 1,
          owner: null,
          metadata: null,
          sticky: false,
          since: 6_000,
          sequence: 8,
        },
      ],
    });
    expect(JSON.parse(JSON.stringify(view))).toEqual(view);
  });

  it('counts from the grant on once the waiter holds', () => {
    const world = new World();
    world.open(1);
    world.apply(acquire([1, 1], 'x'), 5_000);
    world.apply(acquire([1, 2], 'x'), 6_000);
    world.apply(release([1, 3], 'x', 1), 7_000);

    expect(world.table.views.inspect('x')?.holders).toMatchObject([{ since: 7_000 }]);
  });

  it('shows the front of a long queue and says how long it is', () => {
    const world = new World();
    world.open(1);
    for (let sequence = 1; sequence <= viewMax + 6; sequence += 1) {
      world.table.apply(sequence + 1, 0, acquire([1, sequence], 'x'), () => {});
    }

    const view = world.table.views.inspect('x');

    expect([view?.waiting, view?.queue.length, view?.queue.at(-1)?.position]).toEqual([viewMax + 5, viewMax, viewMax]);
  });
});

describe('a list of locks', () => {
  const worldWith = (names: readonly string[]): World => {
    const world = new World();
    world.open(1);
    for (const [at, name] of names.entries()) world.ask(acquire([1, at + 1], name));
    return world;
  };
  const parts = fc.constantFrom('a', 'b', 'A', '/', '\u00e9', '\uffff', '\u{1F512}', '\ue000');
  const names = fc.uniqueArray(
    fc.array(parts, { minLength: 1, maxLength: 4 }).map((some) => some.join('')),
    { maxLength: 60, size: 'max' },
  );
  const prefixes = fc.array(parts, { maxLength: 2 }).map((some) => some.join(''));

  it('is what filtering and sorting all names would give', () => {
    fc.assert(
      fc.property(
        names,
        prefixes,
        fc.option(prefixes, { nil: undefined }),
        fc.integer({ min: 1, max: 20 }),
        (...all) => {
          const [some, prefix, after, limit] = all;

          const listed = worldWith(some).table.views.list({ prefix, after, limit });

          const expected = some
            .filter((name) => name.startsWith(prefix) && (after === undefined || name > after))
            .sort();
          expect(listed.map(({ name }) => name)).toEqual(expected.slice(0, limit));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('is read page by page without a gap or a repetition', () => {
    const all = Array.from({ length: 250 }, (_, at) => `lock/${at}`);
    const { views } = worldWith(all).table;

    const read: string[] = [];
    for (let page = views.list({ limit: 40 }); page.length > 0; page = views.list({ limit: 40, after: read.at(-1) })) {
      read.push(...page.map(({ name }) => name));
    }

    expect(read).toEqual([...all].sort());
  });

  it('is bounded, whatever is asked', () => {
    const { views } = worldWith(Array.from({ length: 1_500 }, (_, at) => `lock/${at}`)).table;

    expect(views.list()).toHaveLength(1_000);
    expect([0, -1, Number.NaN].map((limit) => views.list({ limit }).length)).toEqual([1, 1, 1]);
    expect(views.list({ limit: Number.POSITIVE_INFINITY })).toHaveLength(1_500);
  });
});

describe('a view of sessions', () => {
  it('never shows the nonce, which lets one act for the session', () => {
    const world = new World();
    world.open(1);
    world.ask(acquire([1, 1], 'x'));

    const { views } = world.table;

    expect(views.sessions()).toEqual([
      { session: 1, label: 'client 1', node: null, ttlMs: 10_000, openedAt: 1_000, holds: 1, waiters: 0 },
    ]);
    expect(JSON.stringify([views.sessions(), views.inspect('x'), views.list()])).not.toContain(nonceOf(1));
  });

  it('finds it by nonce, and its holds by rising token', () => {
    const world = new World();
    world.open(1);
    for (const [at, name] of ['c', 'a', 'b'].entries()) world.ask(acquire([1, at + 1], name));

    const { views } = world.table;

    expect(views.sessionOf(nonceOf(1))?.session).toBe(1);
    expect([...views.holdsOf(1)].map(({ name, token, sequence }) => [name, token, sequence])).toEqual([
      ['c', 1, 1],
      ['a', 2, 2],
      ['b', 3, 3],
    ]);
    expect([...views.holdsOf(2)]).toEqual([]);
  });

  it('tells what a repetition would be answered, or that the sequence was never seen', () => {
    const world = new World();
    world.open(1);
    world.ask(acquire([1, 3, 2], 'x'));

    const answers = [2, 3, 4].map((sequence) => world.table.views.answerOf(1, sequence)?.kind);

    expect(answers).toEqual(['stale', 'granted', undefined]);
    expect(world.table.views.answerOf(2, 1)).toEqual({ kind: 'session-expired' });
  });
});
