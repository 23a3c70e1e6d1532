import { describe, expect, it } from 'vitest';
import { commandTuple, defaultTableLimits, MalformedRowError, parseCommand, Table } from '../../src/table/index.ts';
import { furnishedForced } from './furnished.ts';
import { endSession, forceRelease, requestRevoke, steal } from './orders.ts';
import { rowsOf } from './world.ts';

const orders = [
  forceRelease([1, 2, 1], 'x'),
  forceRelease([1, 2, 0], '\u{1F512}', 7),
  endSession([1, 2, 1], 3),
  requestRevoke([1, 2, 1], 'x'),
  requestRevoke([1, 2, 1], 'x', 7),
  steal([1, 2, 1], 'x'),
  steal([1, 2, 1], 'x', 'W'),
];

describe('a command of an operator', () => {
  it.each(orders)('comes back from its tuple as it was: $kind', (command) => {
    expect(parseCommand(JSON.parse(JSON.stringify(commandTuple(command))))).toEqual(command);
  });

  it('keeps its layout for ever', () => {
    expect(orders.map((command) => JSON.stringify(commandTuple(command)))).toMatchInlineSnapshot(`
      [
        "[20,1,2,1,"x",null,"ann","it hangs"]",
        "[20,1,2,0,"🔒",7,"ann","it hangs"]",
        "[21,1,2,1,3,"ann","it hangs"]",
        "[22,1,2,1,"x",null,"ann","it hangs"]",
        "[22,1,2,1,"x",7,"ann","it hangs"]",
        "[23,1,2,1,"x","X","ann","it hangs"]",
        "[23,1,2,1,"x","W","ann","it hangs"]",
      ]
    `);
  });

  it.each([
    ['an unknown kind', [24, 1, 2, 1, 'x', null, 'ann', '']],
    ['nobody', [20, 1, 2, 1, 'x', null, '', '']],
    ['an actor of 257 bytes', [20, 1, 2, 1, 'x', null, 'a'.repeat(257), '']],
    ['an actor with a line end', [20, 1, 2, 1, 'x', null, 'a\nb', '']],
    ['a reason of 513 bytes', [20, 1, 2, 1, 'x', null, 'ann', 'a'.repeat(513)]],
    ['no reason at all', [20, 1, 2, 1, 'x', null, 'ann', null]],
    ['a token of 0', [20, 1, 2, 1, 'x', 0, 'ann', '']],
    ['no name', [22, 1, 2, 1, '', null, 'ann', '']],
    ['a session of 0', [21, 1, 2, 1, 0, 'ann', '']],
    ['a theft in a mode that others share', [23, 1, 2, 1, 'x', 'R', 'ann', '']],
    ['too much', [23, 1, 2, 1, 'x', 'X', 'ann', '', 1]],
  ])('is malformed with %s', (_name, value) => {
    expect(parseCommand(value)).toEqual({ kind: 'malformed', reason: expect.stringMatching(/expected|is /) });
  });
});

describe('rows that operators leave behind', () => {
  it('keep their layouts for ever', () => {
    expect(
      rowsOf(furnishedForced().table).map(({ key, value }) => `${key} ${JSON.stringify(value)}`),
    ).toMatchInlineSnapshot(`
      [
        "m [1,10,1009,3,0,2]",
        "s00000000000001 ["00000000000000000000000000000001",10000,"client 1",[null,null,null],1000,3,0]",
        "s00000000000002 ["00000000000000000000000000000002",10000,"client 2",[null,null,null],1001,7,0]",
        "t00000000000003 ["w",2,3,"W",1006,1,0,0]",
        "u00000000000001 [1,"x",2,"ann","it hangs"]",
        "u00000000000002 [1,"w",2,"ann","it hangs"]",
        "x0000000000000100000000000001 [[5,"x","X",true],[2,1,1002]]",
        "x0000000000000100000000000002 [[8,true,"w","W",1,0],[2,2,1003]]",
        "x0000000000000200000000000001 [[22,"x",null,"ann","it hangs"],[28,1,1]]",
        "x0000000000000200000000000002 [[20,"x",null,"ann","it hangs"],[25,1,1]]",
        "x0000000000000200000000000003 [[23,"w","W","ann","it hangs"],[2,3,1006]]",
        "x0000000000000200000000000004 [[20,"w",99,"ann","it hangs"],[7]]",
        "x0000000000000200000000000005 [[21,77,"ann","it hangs"],[27,"unknown"]]",
        "x0000000000000200000000000006 [[21,2,"ann","it hangs"],[27,"own"]]",
      ]
    `);
  });

  it.each<[string, RegExp, (value: unknown[]) => unknown]>([
    ['a loss of no session', /^u0+1$/, (value) => value.with(0, 9)],
    ['a loss without a name', /^u0+1$/, (value) => value.with(1, '')],
    ['a loss without an actor', /^u0+1$/, (value) => value.with(3, '')],
    ['a loss of four values', /^u0+1$/, (value) => value.slice(0, 4)],
    ['an answer that tells fewer tokens than it counts', /^x0+20+2$/, (value) => value.with(1, [25, 2, 1])],
    ['an answer that counts none', /^x0+20+2$/, (value) => value.with(1, [25, 0])],
    ['an answer for no known cause', /^x0+20+6$/, (value) => value.with(1, [27, 'tired'])],
    ['an order of an unknown kind', /^x0+20+6$/, (value) => value.with(0, [24, 1, 'ann', ''])],
  ])('are refused: %s', (_name, pattern, change) => {
    const rows = rowsOf(furnishedForced().table);
    expect(rows.filter(({ key }) => pattern.test(key))).toHaveLength(1);
    const changed = rows.map((row) =>
      pattern.test(row.key) ? { key: row.key, value: change([...(row.value ?? [])]) } : row,
    );

    expect(() => Table.restore(defaultTableLimits, changed as typeof rows)).toThrow(MalformedRowError);
  });

  it('are refused: a loss of a hold that stands', () => {
    const rows = rowsOf(furnishedForced().table).map((row) =>
      row.key === `u${'0'.repeat(13)}1` ? { key: `u${'0'.repeat(13)}3`, value: row.value?.with(0, 2) } : row,
    );
    const sorted = [...rows].sort((a, b) => (a.key < b.key ? -1 : 1));

    expect(() => Table.restore(defaultTableLimits, sorted)).toThrow(/its hold stands/);
  });
});
