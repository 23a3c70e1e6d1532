import { describe, expect, it } from 'vitest';
import { commandTuple, parseCommand, valueBytesMax } from '../../src/table/index.ts';
import { acquire, acquireAll, guarded, permits, release, rowsOf, tokenOf, World, writing } from './world.ts';

/** Two holds of `s`, with tokens 1 and 2, of sessions 1 and 2. */
function shared(limits: ConstructorParameters<typeof World>[0] = {}): World {
  const world = new World(limits);
  world.open(1);
  world.open(2);
  world.ask(acquireAll([1, 1], permits('s', 1, 3)));
  world.ask(acquireAll([2, 1], permits('s', 1, 3)));
  return world;
}

const low = { name: 's', token: 1 };
const high = { name: 's', token: 2 };

const written = (version: number) => ({ kind: 'written', version });

describe('a register', () => {
  it('keeps the value, the version and the token of its last write', () => {
    const world = shared();

    const first = world.ask(guarded(low, writing([1, 2], 'k', 'a')));
    const second = world.ask(guarded(high, writing([2, 2], 'k', 'b')));

    expect([first, second]).toEqual([written(1), written(2)]);
    expect(world.table.views.register('k')).toEqual({ value: 'b', version: 2, token: 2 });
    expect(world.table.views.register('s')).toBeUndefined();
  });

  it('is not written under a hold that is over', () => {
    const world = shared();
    world.ask(guarded(low, writing([1, 2], 'k', 'a')));
    world.ask(release([1, 3], 's', 1));

    expect(world.ask(guarded(low, writing([1, 4], 'k', 'late')))).toEqual({ kind: 'fenced', highest: 0 });
    expect(world.ask(guarded(low, writing([1, 5], 'k', null)))).toEqual({ kind: 'fenced', highest: 0 });
    expect(world.table.views.register('k')?.value).toBe('a');
  });

  it('is not written under a lower token than it was, though that hold stands', () => {
    const world = shared();
    world.ask(guarded(high, writing([2, 2], 'k', 'b')));

    expect(world.ask(guarded(low, writing([1, 2], 'k', 'a')))).toEqual({ kind: 'fenced', highest: 2 });
    expect(world.ask(guarded(low, writing([1, 3], 'k', null)))).toEqual({ kind: 'fenced', highest: 2 });
    expect(world.ask(guarded(low, writing([1, 4], 'other', 'a')))).toEqual(written(1));
    expect(world.table.views.register('k')).toEqual({ value: 'b', version: 1, token: 2 });
  });

  it('is compared before it is set: with its version, or with none', () => {
    const world = shared();
    const ask = (sequence: number, value: string | null, expected: number) =>
      world.ask(guarded(low, writing([1, sequence], 'k', value, expected)));

    expect(ask(2, 'a', 1)).toEqual({ kind: 'version-mismatch', version: 0 });
    expect(ask(3, 'a', 0)).toEqual(written(1));
    expect(ask(4, 'b', 0)).toEqual({ kind: 'version-mismatch', version: 1 });
    expect(ask(5, 'b', 1)).toEqual(written(2));
    expect(ask(6, null, 1)).toEqual({ kind: 'version-mismatch', version: 2 });
    expect(ask(7, null, 2)).toEqual(written(0));
    expect(ask(8, null, 0)).toEqual({ kind: 'version-mismatch', version: 0 });
  });

  it('is written once, however often the write comes', () => {
    const world = shared();
    const write = guarded(low, writing([1, 2], 'k', 'a'));
    world.ask(write);
    world.restart();

    expect(world.ask(write)).toEqual(written(1));
    expect(world.ask(guarded(low, writing([1, 2], 'k', 'b')))).toEqual({ kind: 'mismatch' });
    expect(world.ask(guarded(low, writing([1, 2], 'k', 'a', 1)))).toEqual({ kind: 'mismatch' });
    expect(world.ask(guarded(low, writing([1, 2], 'l', 'a')))).toEqual({ kind: 'mismatch' });
    expect(world.table.views.register('k')?.version).toBe(1);
  });

  it('that was deleted never has a version again that it had, also after a restart', () => {
    const world = shared();
    for (let sequence = 2; sequence <= 4; sequence += 1) world.ask(guarded(low, writing([1, sequence], 'k', 'a')));
    world.ask(guarded(low, writing([1, 5], 'k', null)));
    world.restart(rowsOf(world.table));

    expect(world.table.views.register('k')).toBeUndefined();
    expect(world.ask(guarded(low, writing([1, 6], 'k', 'a', 3)))).toEqual({ kind: 'version-mismatch', version: 0 });
    expect(world.ask(guarded(low, writing([1, 7], 'k', 'a', 0)))).toEqual(written(4));
    expect(world.ask(guarded(low, writing([1, 8], 'new', 'a')))).toEqual(written(4));
  });

  it('outlives locks and sessions, and restarts', () => {
    const world = shared();
    world.ask(guarded(low, writing([1, 2], 'k', 'a\u0000\u{1f512}')));
    world.ask(guarded(low, writing([1, 3], 'gone', 'x')));
    world.checkpoint();
    world.ask(guarded(low, writing([1, 4], 'gone', null)));
    for (const session of [1, 2]) world.apply({ kind: 'close', session });
    const before = rowsOf(world.table);

    world.restart();

    expect(rowsOf(world.table)).toEqual(before);
    expect(world.table.views.register('k')).toEqual({ value: 'a\u0000\u{1f512}', version: 1, token: 1 });
    expect(world.table.views.register('gone')).toBeUndefined();
  });
});

describe('the limits of registers', () => {
  it('bound their number; a deleted one makes room', () => {
    const world = shared({ registersMax: 2 });
    const write = (sequence: number, name: string, value: string | null = 'v') =>
      world.ask(guarded(low, writing([1, sequence], name, value)));
    write(2, 'a');
    write(3, 'b');

    expect(write(4, 'c')).toEqual({ kind: 'limit-exceeded', limit: 'registers', max: 2 });
    expect(write(5, 'b')).toEqual(written(2));
    write(6, 'a', null);
    expect(write(7, 'c')).toMatchObject({ kind: 'written' });
  });

  it('bound the bytes of all names and values; what makes less of them passes, and restarts count alike', () => {
    const world = shared({ registerBytesMax: 8 });
    const write = (sequence: number, value: string) => world.ask(guarded(low, writing([1, sequence], 'k', value)));
    const full = { kind: 'limit-exceeded', limit: 'bytes of registers', max: 8 };

    expect(write(2, '\u00e9\u00e9\u00e9\u00e9')).toEqual(full);
    expect(write(3, '\u00e9\u00e9\u00e9x')).toEqual(written(1));
    world.restart();
    expect(write(4, '\u00e9\u00e9\u00e9xx')).toEqual(full);
    expect(world.ask(guarded(low, writing([1, 5], 'l', '')))).toEqual(full);
    expect(write(6, 'x')).toEqual(written(2));
    expect(world.ask(guarded(low, writing([1, 7], 'l', '')))).toEqual(written(1));
  });

  it('bound each value, and refuse what is no text', () => {
    const parse = (value: unknown) => parseCommand([40, 's', 1, 41, 1, 2, 0, 'k', value, null]);

    expect(parse('\u00e9'.repeat(valueBytesMax / 2))).toMatchObject({ kind: 'guarded' });
    for (const value of [
      'x'.repeat(valueBytesMax + 1),
      `${'\u00e9'.repeat(valueBytesMax / 2)}x`,
      '\ud800',
      7,
      [],
      {},
    ]) {
      expect(parse(value)).toMatchObject({ kind: 'malformed' });
    }
    for (const cells of [
      ['k', 'v'],
      ['k', 'v', -1],
      ['k', 'v', 1.5],
      ['', 'v', null],
      ['k', 'v', null, null],
      [7, 'v', 0],
    ]) {
      expect(parseCommand([40, 's', 1, 41, 1, 2, 0, ...cells])).toMatchObject({ kind: 'malformed' });
    }
    expect(parseCommand([41, 1, 2, 0, 'k', 'v', null])).toMatchObject({ kind: 'malformed' });
  });
});

describe('the layouts of guards and registers', () => {
  it('stay for ever', () => {
    const world = shared();
    world.ask(guarded(low, writing([1, 2], 'a', 'x')));
    world.ask(guarded(low, writing([1, 3], 'a', null, 1)));
    world.ask(guarded(high, writing([2, 2], 'k\u00e9', 'v', 0)));
    world.ask(guarded(low, writing([1, 4], 'k\u00e9', 'w', 7)));
    world.ask(guarded(high, writing([2, 3], 'k\u00e9', 'w', 7)));
    world.ask(guarded({ name: 'x', token: 1 }, acquire([1, 5], 'g')));
    const command = guarded(high, writing([2, 9, 8], 'k', null, 3));
    const rows = rowsOf(world.table).map(({ key, value }) => `${key} ${JSON.stringify(value)}`);

    expect(commandTuple(command)).toEqual([40, 's', 2, 41, 2, 9, 8, 'k', null, 3]);
    expect(rows.filter((row) => /^[qx]/.test(row))).toMatchInlineSnapshot(`
      [
        "q [1]",
        "q006b00e9 ["v",2,2]",
        "x0000000000000100000000000001 [[8,true,"s","S",1,3],[2,1,1002]]",
        "x0000000000000100000000000002 [[40,"s",1,41,"a","x",null],[46,1]]",
        "x0000000000000100000000000003 [[40,"s",1,41,"a",null,1],[46,0]]",
        "x0000000000000100000000000004 [[40,"s",1,41,"ké","w",7],[45,2]]",
        "x0000000000000100000000000005 [[40,"x",1,5,"g","X",true],[45,0]]",
        "x0000000000000200000000000001 [[8,true,"s","S",1,3],[2,2,1003]]",
        "x0000000000000200000000000002 [[40,"s",2,41,"ké","v",0],[46,2]]",
        "x0000000000000200000000000003 [[40,"s",2,41,"ké","w",7],[47,2]]",
      ]
    `);
    expect(rows.map((row) => row[0]).join('')).toBe('mqqssttxxxxxxxx');
  });

  it('are refused when no table wrote them', () => {
    const world = shared();
    world.ask(guarded(low, writing([1, 2], 'a', 'x')));
    world.ask(guarded(low, writing([1, 3], 'a', null)));
    world.ask(guarded(low, writing([1, 4], 'k', 'x')));
    world.ask(guarded(low, acquire([1, 5], 'g')));
    const rows = rowsOf(world.table);
    const restored = (pattern: RegExp, change: (value: unknown[]) => unknown) => () => {
      expect(rows.filter(({ key }) => pattern.test(key))).toHaveLength(1);
      const changed = rows.map(({ key, value }) => ({
        key,
        value: pattern.test(key) ? change([...(value ?? [])]) : value,
      }));
      new World().restart(changed as typeof rows);
    };
    const guardedRow = /^x0+10+5$/;

    expect(restored(/^m/, (value) => value)).not.toThrow();
    expect(restored(/^q$/, () => [0])).toThrow('its version');
    expect(restored(/^q$/, () => [1, 1])).toThrow('expected 1');
    expect(restored(/^q006b/, (value) => value.with(0, 7))).toThrow('its value');
    expect(restored(/^q006b/, (value) => value.with(1, 0))).toThrow('its version');
    expect(restored(/^q006b/, (value) => value.with(2, 99))).toThrow('the counter stands at 3');
    expect(restored(guardedRow, (value) => value.with(0, [40, 'g', 1, 0]))).toThrow('withdrawn');
    expect(restored(guardedRow, (value) => value.with(0, [40, 'g', 1, 40, 'g', 1, 6, 1]))).toThrow('guarded');
    expect(restored(guardedRow, (value) => value.with(0, [41, 'k', 'v', null]))).toThrow('of kind 41');
    expect(restored(guardedRow, (value) => value.with(1, [45]))).toThrow(/2/);
    expect(restored(guardedRow, (value) => value.with(1, [46, -1]))).toThrow(/-1/);
  });

  it('leave a table that has none of them as it was', () => {
    const world = new World();
    world.open(1);
    world.ask(acquire([1, 1], 'x'));

    expect(tokenOf(world.ask(acquire([1, 1], 'x')))).toBe(1);
    expect(
      rowsOf(world.table)
        .map(({ key }) => key[0])
        .join(''),
    ).toBe('mstx');
  });
});
