import { describe, expect, it } from 'vitest';
import type { Part } from '../../src/table/index.ts';
import { acquireAll, exclusive, permits, read, readUpgradeable, release, tokenOf, World, write } from './world.ts';

const kinds: readonly (readonly [string, readonly Part[]])[] = [
  ['an exclusive lock', [exclusive('x')]],
  ['a read', [read('x')]],
  ['an upgradeable read', [readUpgradeable('x')]],
  ['a write', [write('x')]],
  ['permits', [permits('x', 2, 3)]],
  ['several locks', [exclusive('x'), write('y')]],
];

const twoSessions = (): World => {
  const world = new World();
  world.open(1);
  world.open(2);
  return world;
};

const listed = (world: World): string => JSON.stringify(world.table.views.list());

describe.each(kinds)('%s', (_kind, parts) => {
  it('is not let go by another session, under another name, or with a guessed token', () => {
    const world = twoSessions();
    const token = tokenOf(world.ask(acquireAll([1, 1], parts)));
    const before = listed(world);

    const answers = [
      world.ask(release([2, 1], 'x', token)),
      world.ask(release([1, 2], 'z', token)),
      world.ask(release([1, 3], 'x', token + 7)),
    ];

    expect(answers).toEqual(Array(3).fill({ kind: 'not-held' }));
    expect(listed(world)).toBe(before);
  });

  it('is not let go by a late or repeated release of a former hold of the same session', () => {
    const world = twoSessions();
    const former = tokenOf(world.ask(acquireAll([1, 1], parts)));
    for (const [at, { name }] of parts.entries()) world.ask(release([1, 2 + at], name, former + at));
    world.ask(acquireAll([1, 10], parts));
    const before = listed(world);

    world.ask(release([1, 2], 'x', former));
    const late = world.ask(release([1, 11], 'x', former));

    expect(late).toEqual({ kind: 'not-held' });
    expect(listed(world)).toBe(before);
  });

  it('is not touched by the end of the session that held it before', () => {
    const world = twoSessions();
    const former = tokenOf(world.ask(acquireAll([1, 1], parts)));
    for (const [at, { name }] of parts.entries()) world.ask(release([1, 2 + at], name, former + at));
    world.ask(acquireAll([2, 1], parts));
    const before = listed(world);

    const events = world.apply({ kind: 'close', session: 1 });

    expect(events.map(({ kind }) => kind)).toEqual(['session-ended']);
    expect(listed(world)).toBe(before);
  });

  it('is held once, however often its request comes, and let go by one release', () => {
    const world = twoSessions();
    const first = world.ask(acquireAll([1, 1], parts));
    const before = listed(world);

    const again = world.ask(acquireAll([1, 1], parts));
    const afterRetry = listed(world);
    const token = tokenOf(first);
    for (const [at, { name }] of parts.entries()) world.ask(release([1, 2 + at], name, token + at));

    expect(again).toEqual(first);
    expect(afterRetry).toBe(before);
    expect(world.table.views.counts().holds).toBe(0);
  });
});
