import { describe, expect, it } from 'vitest';
import { parseCommand } from '../../src/table/index.ts';
import {
  acquire,
  acquireAll,
  acquireWith,
  exclusive,
  proclaim,
  read,
  release,
  rowsOf,
  tokenOf,
  World,
} from './world.ts';

const furnished = () => {
  const world = new World();
  world.open(1);
  world.open(2);
  const token = tokenOf(world.ask(acquireWith({ metadata: 'a' }, undefined, [1, 1], exclusive('x'))));
  const shown = (name = 'x') => world.table.views.inspect(name)?.holders.map(({ metadata }) => metadata);
  return { world, token, hold: { name: 'x', token }, shown };
};

describe('a proclamation', () => {
  it('replaces what the hold shows, and says so', () => {
    const { world, token, hold, shown } = furnished();

    const events = world.apply(proclaim([1, 2], hold, 'b'));

    expect(events).toEqual([
      { kind: 'proclaimed', name: 'x', session: 1, token, metadata: 'b' },
      { kind: 'answered', session: 1, sequence: 2, answer: { kind: 'proclaimed' } },
    ]);
    expect(shown()).toEqual(['b']);
  });

  it('is for the holder alone, and for the hold of that token and name', () => {
    const { world, token, hold, shown } = furnished();

    const answers = [
      world.ask(proclaim([2, 1], hold, 'b')),
      world.ask(proclaim([1, 2], { name: 'y', token }, 'b')),
      world.ask(proclaim([1, 3], { name: 'x', token: token + 1 }, 'b')),
    ];

    expect(answers).toEqual([{ kind: 'not-held' }, { kind: 'not-held' }, { kind: 'not-held' }]);
    expect(shown()).toEqual(['a']);
  });

  it('comes too late for a hold that was released, whoever holds the lock now', () => {
    const { world, token, hold, shown } = furnished();
    world.ask(acquireWith({ metadata: 'next' }, undefined, [2, 1], exclusive('x')));
    world.ask(release([1, 2], 'x', token));

    expect(world.ask(proclaim([1, 3], hold, 'late'))).toEqual({ kind: 'not-held' });
    expect(shown()).toEqual(['next']);
  });

  it('is executed once, however often it comes', () => {
    const { world, hold, shown } = furnished();
    world.ask(proclaim([1, 2], hold, 'b'));
    world.ask(proclaim([1, 3], hold, 'c'));

    const again = world.apply(proclaim([1, 2], hold, 'b'));
    const other = world.ask(proclaim([1, 3], hold, 'd'));

    expect(again).toEqual([{ kind: 'answered', session: 1, sequence: 2, answer: { kind: 'proclaimed' } }]);
    expect(other).toEqual({ kind: 'mismatch' });
    expect(shown()).toEqual(['c']);
  });

  it('survives checkpoint and restart, of a hold with and without options before', () => {
    const { world, hold, shown } = furnished();
    const plain = tokenOf(world.ask(acquire([2, 1], 'plain')));
    world.checkpoint();
    world.ask(proclaim([1, 2], hold, 'b'));
    world.ask(proclaim([2, 2], { name: 'plain', token: plain }, 'c'));
    const before = rowsOf(world.table);

    world.restart();

    expect(rowsOf(world.table)).toEqual(before);
    expect([shown(), shown('plain')]).toEqual([['b'], ['c']]);
    expect(world.ask(release([2, 3], 'plain', plain))).toEqual({ kind: 'released' });
  });

  it('changes nothing of who is next: a plain lock stays what it was', () => {
    const { world } = furnished();
    const plain = tokenOf(world.ask(acquire([2, 1], 'plain')));
    world.ask(proclaim([2, 2], { name: 'plain', token: plain }, 'c'));
    world.ask(acquire([1, 2], 'plain'));

    world.ask(release([2, 3], 'plain', plain));

    expect(world.table.views.inspect('plain')?.holders).toMatchObject([{ session: 1, metadata: null }]);
    expect(world.table.views.inspect('plain')?.waiting).toBe(0);
  });

  it('of one part of a request is none of the others', () => {
    const { world, shown } = furnished();
    const wish = acquireWith({ metadata: 'all' }, undefined, [2, 1], [exclusive('p'), read('q')]);
    const token = tokenOf(world.ask(wish));

    world.ask(proclaim([2, 2], { name: 'p', token }, 'mine'));

    expect([shown('p'), shown('q')]).toEqual([['mine'], ['all']]);
  });

  it('is for holds of any kind', () => {
    const { world, shown } = furnished();
    const token = tokenOf(world.ask(acquireAll([2, 1], read('r'))));

    expect(world.ask(proclaim([2, 2], { name: 'r', token }, 'c'))).toEqual({ kind: 'proclaimed' });
    expect(shown('r')).toEqual(['c']);
  });
});

it.each([
  ['a value of 1,025 bytes', [30, 1, 2, 1, 'x', 1, 'm'.repeat(1_025)]],
  ['a value that is no text', [30, 1, 2, 1, 'x', 1, 5]],
  ['a value that is not well formed', [30, 1, 2, 1, 'x', 1, '\ud800']],
  ['no value', [30, 1, 2, 1, 'x', 1]],
  ['no token', [30, 1, 2, 1, 'x', 0, 'm']],
  ['a name that is none', [30, 1, 2, 1, '$x', 1, 'm']],
  ['a mark that is not below', [30, 1, 2, 2, 'x', 1, 'm']],
])('a proclamation with %s is malformed', (_, tuple) => {
  expect(parseCommand(tuple)).toMatchObject({ kind: 'malformed' });
});
