import { describe, expect, it } from 'vitest';
import { commandTuple, defaultTableLimits, MalformedRowError, parseCommand, Table } from '../../src/table/index.ts';
import { secretOf } from './choices.ts';
import { takeOver } from './orders.ts';
import { acquireWith, exclusive, permits, rowsOf, World } from './world.ts';

const [secret, other] = [secretOf(0), secretOf(1)];

describe('what is written of a take-over', () => {
  const commands = [takeOver([1, 2, 1], { name: 'x', secret }), takeOver([1, 2, 1], { name: 'x', secret, token: 7 })];

  it('comes back as it was, and keeps its layouts for ever', () => {
    const tuples = commands.map((command) => JSON.stringify(commandTuple(command)));

    expect(tuples.map((tuple) => parseCommand(JSON.parse(tuple)))).toEqual(commands);
    expect(tuples).toMatchInlineSnapshot(`
      [
        "[17,1,2,1,"x","0000000000000000000000005ec2e700",null]",
        "[17,1,2,1,"x","0000000000000000000000005ec2e700",7]",
      ]
    `);
    expect(rowsOf(handed().table).map(({ key, value }) => `${key} ${JSON.stringify(value)}`)).toMatchInlineSnapshot(`
      [
        "m [1,7,1006,3,0,3]",
        "s00000000000002 ["00000000000000000000000000000002",10000,"client 2",[null,null,null],1001,2,0]",
        "s00000000000003 ["00000000000000000000000000000003",10000,"client 3",[null,null,null],1002,2,0]",
        "t00000000000001 ["x",0,1,"X",1003,1,0,0,null,1,[1,"m",5,"0000000000000000000000005ec2e700",6,true]]",
        "t00000000000003 ["s",3,1,"S",1005,2,3,0,"ann",1,[5,"0000000000000000000000005ec2e701"]]",
        "u00000000000002 [2,"s",3,"client 3","",true]",
        "x0000000000000200000000000001 [[13,true,"ann",false,2,5,"0000000000000000000000005ec2e701","s","S",2,3],[2,2,1004]]",
        "x0000000000000300000000000001 [[17,"s","0000000000000000000000005ec2e701",null],[20,3,1005,"S",2,"ann",5,"0000000000000000000000005ec2e701"]]",
      ]
    `);
  });

  it('makes the same table again', () => {
    const rows = rowsOf(handed().table);

    expect(rowsOf(Table.restore(defaultTableLimits, rows))).toEqual(rows);
  });

  it.each([
    ['no hex digits', [17, 1, 2, 1, 'x', 'secret', null]],
    ['a token of 0', [17, 1, 2, 1, 'x', secret, 0]],
    ['no token at all', [17, 1, 2, 1, 'x', secret]],
    ['a sticky hold without a secret', [13, 1, 2, 1, true, null, false, [6, true], 'x', 'X', 1, 0]],
  ])('is malformed with %s', (_name, value) => {
    expect(parseCommand(value)).toMatchObject({ kind: 'malformed' });
  });

  it.each([
    ['a hold of nobody that is not sticky', (value: readonly unknown[]) => [...value.slice(0, 10), [5, secret]]],
    ['a hold of nobody without options', (value: readonly unknown[]) => value.slice(0, 5)],
  ])('is refused with %s', (_name, spoil) => {
    const rows = rowsOf(handed().table).map(({ key, value = [] }) => ({
      key,
      value: key.startsWith('t') && value[1] === 0 ? spoil(value) : value,
    }));

    expect(() => Table.restore(defaultTableLimits, rows as ReturnType<typeof rowsOf>)).toThrow(MalformedRowError);
  });

  /** A hold that was handed over, and one of nobody. */
  function handed(): World {
    const world = new World();
    for (const number of [1, 2, 3]) world.open(number);
    world.ask(acquireWith({ secret, sticky: true, metadata: 'm' }, undefined, [1, 1], exclusive('x')));
    world.ask(acquireWith({ secret: other }, 'ann', [2, 1], permits('s', 2, 3)));
    world.ask(takeOver([3, 1], { name: 's', secret: other }));
    world.apply({ kind: 'close', session: 1 });
    return world;
  }
});
