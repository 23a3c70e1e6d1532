import { describe, expect, it } from 'vitest';
import { defaultTableLimits, Table } from '../../src/table/index.ts';
import { furnished, furnishedFamily } from './furnished.ts';
import { acquire, incarnationOf, release, rowsOf, World } from './world.ts';

const restore = (rows: Iterable<{ readonly key: string; readonly value: unknown }>): Table =>
  Table.restore(defaultTableLimits, rows);

describe('the rows of a table', () => {
  it('make an equal table, which goes on in the same way', () => {
    const world = furnished();
    const before = rowsOf(world.table);
    const copy = new World();

    copy.table = restore(before);

    expect(rowsOf(copy.table)).toEqual(before);
    const handedOn = release([1, 3], 'x', 1);
    expect(copy.apply(handedOn, 9_000)).toEqual(world.apply(handedOn, 9_000));
    expect(rowsOf(copy.table)).toEqual(rowsOf(world.table));
  });

  it('stand in the order of their keys, which are plain ASCII', () => {
    const keys = rowsOf(furnished().table).map(({ key }) => key);

    expect(keys).toEqual([...keys].sort());
    expect(keys.join('')).toMatch(/^[!-~]+$/);
  });

  it('keep their layout for ever', () => {
    expect(rowsOf(furnished().table).map(({ key, value }) => `${key} ${JSON.stringify(value)}`)).toMatchInlineSnapshot(`
      [
        "m [1,10,1009,1,2,2]",
        "nn1 ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2",4,"c",["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1"]]",
        "s00000000000001 ["00000000000000000000000000000001",10000,"client 1",["n1","aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2",4],1002,3,0]",
        "s00000000000002 ["00000000000000000000000000000002",10000,"client 2",[null,null,null],1003,5,0]",
        "t00000000000001 ["x",1,1,"X",1004]",
        "w00000000000001 ["x",2,1,"X",1005]",
        "w00000000000002 ["x",1,2,"X",1006]",
        "x0000000000000100000000000001 [[5,"x","X",true],[2,1,1004]]",
        "x0000000000000100000000000002 [[5,"x","X",true],[1]]",
        "x0000000000000200000000000001 [[5,"x","X",true],[1]]",
        "x0000000000000200000000000004 [[0],[4]]",
        "x0000000000000200000000000005 [[6,4],[4]]",
        "x0000000000000200000000000006 [[7,"y",9],[7]]",
        "x0000000000000200000000000007 [[5,"x","X",false],[3]]",
      ]
    `);
  });

  it('of other kinds of locks keep their layouts for ever, too', () => {
    expect(
      rowsOf(furnishedFamily().table).map(({ key, value }) => `${key} ${JSON.stringify(value)}`),
    ).toMatchInlineSnapshot(`
      [
        "m [1,21,1020,7,6,3]",
        "p007300e9 [2]",
        "s00000000000001 ["00000000000000000000000000000001",10000,"client 1",[null,null,null],1000,7,0]",
        "s00000000000002 ["00000000000000000000000000000002",10000,"client 2",[null,null,null],1001,5,0]",
        "s00000000000003 ["00000000000000000000000000000003",10000,"client 3",[null,null,null],1002,9,0]",
        "t00000000000001 ["a",1,2,"X",1004,1,0,0,"ann",2]",
        "t00000000000002 ["r",1,4,"U",1006,1,0,0]",
        "t00000000000003 ["sé",1,4,"S",1006,2,2,0]",
        "t00000000000004 ["r",2,1,"R",1007,1,0,0]",
        "t00000000000005 ["w",3,4,"U",1015,1,0,0]",
        "t00000000000006 ["m",3,6,"X",1017,1,0,0,null,1,[1,"m\\n"]]",
        "t00000000000007 ["o",3,7,"X",1019,1,0,0,null,1,[3,5000],true]",
        "w00000000000001 ["r",1,5,"W",1008,1,0,2]",
        "w00000000000002 ["a",3,1,"X",1009,1,0,0,"bob",1]",
        "w00000000000003 ["r",3,1,"W",1009,1,0,0,"bob",1]",
        "w00000000000005 ["m",2,4,"X",1018,1,0,0,"bob",1,[1,""]]",
        "w00000000000006 ["n",2,4,"R",1018,1,0,0,"bob",1,[1,""]]",
        "x0000000000000100000000000001 [[11,"sé",2],[16]]",
        "x0000000000000100000000000002 [[12,true,"ann",true,"a","X",1,0],[2,1,1004]]",
        "x0000000000000100000000000003 [[12,true,"ann",true,"a","X",1,0],[2,1,1004]]",
        "x0000000000000100000000000004 [[8,true,"r","U",1,0,"sé","S",2,2],[2,2,1006]]",
        "x0000000000000100000000000005 [[9,"r",2,true],[1]]",
        "x0000000000000100000000000006 [[12,true,"ann",false,"a","X",1,0],[17,"ann","a"]]",
        "x0000000000000200000000000001 [[8,true,"r","R",1,0],[2,4,1007]]",
        "x0000000000000200000000000002 [[9,"r",4,true],[12,"R"]]",
        "x0000000000000200000000000003 [[10,"r",9,"R"],[7]]",
        "x0000000000000200000000000004 [[13,true,"bob",false,2,1,"","m","X",1,0,"n","R",1,0],[1]]",
        "x0000000000000300000000000001 [[12,true,"bob",false,"a","X",1,0,"r","W",1,0],[1]]",
        "x0000000000000300000000000002 [[8,true,"sé","S",1,1],[14,"sé",2]]",
        "x0000000000000300000000000003 [[8,true,"r","S",1,1],[13,"r","reader-writer"]]",
        "x0000000000000300000000000004 [[8,true,"w","W",1,0],[2,5,1015]]",
        "x0000000000000300000000000005 [[10,"w",5,"U"],[15]]",
        "x0000000000000300000000000006 [[13,true,null,false,2,1,"m\\n","m","X",1,0],[2,6,1017]]",
        "x0000000000000300000000000007 [[13,true,null,false,2,3,5000,"o","X",1,0],[2,7,1019]]",
        "x0000000000000300000000000008 [[14,"o",7],[19]]",
      ]
    `);
  });

  it('of other kinds of locks make an equal table, which goes on in the same way', () => {
    const world = furnishedFamily();
    const copy = new World();
    copy.table = restore(rowsOf(world.table));

    for (const command of [release([2, 9], 'r', 4), release([1, 9], 'a', 1), release([1, 10], 'a', 1)]) {
      expect(copy.apply(command, 9_000)).toEqual(world.apply(command, 9_000));
      expect(rowsOf(copy.table)).toEqual(rowsOf(world.table));
    }
  });

  it('of a table to which nothing was applied are none, and none make such a table', () => {
    expect(rowsOf(new Table(defaultTableLimits))).toEqual([]);
    expect(rowsOf(restore([]))).toEqual([]);
    expect(new Table(defaultTableLimits).takeChanges()).toEqual([]);
  });
});

describe('the changes of a table', () => {
  it('are told once', () => {
    const world = furnished();
    const { changedRows } = world.table;

    const taken = world.checkpoint();

    expect(taken).toHaveLength(changedRows);
    expect(world.table.takeChanges()).toEqual([]);
    expect(world.table.changedRows).toBe(0);
  });

  it('are frozen when they are taken', () => {
    const world = furnished();
    const taken = world.checkpoint();
    const written = JSON.stringify(taken);

    world.apply({ kind: 'started', node: 'n1', incarnation: incarnationOf(3), run: 1, boot: 'd' });
    world.ask(release([2, 8], 'x', 1));

    expect(JSON.stringify(taken)).toBe(written);
  });

  it('leave no trace of what came and went in between, and delete what was written before', () => {
    const world = furnished();
    world.checkpoint();

    world.ask(acquire([2, 8], 'brief'));
    world.ask(release([2, 9, 8], 'brief', 2));
    const brief = world.checkpoint();
    world.ask(release([1, 3], 'x', 1));
    const handedOn = world.checkpoint();

    expect(brief.filter(({ key }) => key.startsWith('t'))).toEqual([]);
    expect(handedOn.filter(({ key }) => /^[tw]/.test(key)).map(({ key, value }) => [key[0], value?.[1]])).toEqual([
      ['t', undefined],
      ['t', 2],
      ['w', undefined],
    ]);
  });

  it('of one command among twenty thousand locks are a handful', () => {
    const world = new World({ holdsPerSessionMax: 20_000 });
    world.open(1);
    for (let sequence = 1; sequence <= 20_000; sequence += 1) {
      world.table.apply(sequence + 1, 0, acquire([1, sequence, sequence - 1], `lock ${sequence}`), () => {});
    }
    world.table.takeChanges();

    world.table.apply(20_002, 0, release([1, 20_001, 20_000], 'lock 7', 7), () => {});

    // The counters, the session, the hold, the answer forgotten and the answer given.
    expect(world.table.takeChanges()).toHaveLength(5);
  });
});
