import { describe, expect, it } from 'vitest';
import {
  commandTuple,
  defaultTableLimits,
  lossesKeptMax,
  MalformedRowError,
  parseCommand,
  Table,
} from '../../src/table/index.ts';
import {
  acquire,
  acquireAll,
  acquireFor,
  cancel,
  endSession,
  exclusive,
  forceRelease,
  furnishedForced,
  permits,
  read,
  readUpgradeable,
  release,
  requestRevoke,
  rowsOf,
  steal,
  tokenOf,
  upgrade,
  World,
  write,
} from './world.ts';

const by = { session: 2, actor: 'ann', reason: 'it hangs' };

/** A world with sessions 1 to 3. */
const opened = (): World => {
  const world = new World();
  for (const number of [1, 2, 3]) world.open(number);
  return world;
};

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

describe('a release by force', () => {
  it('ends the hold and grants the next in the same entry, under a higher token', () => {
    const world = opened();
    const token = tokenOf(world.ask(acquire([1, 1], 'x')));
    world.ask(acquire([3, 1], 'x'));

    expect(world.apply(forceRelease([2, 1], 'x'))).toEqual([
      { kind: 'lost', name: 'x', session: 1, token, by },
      { kind: 'granted', name: 'x', session: 3, token: token + 1 },
      { kind: 'answered', session: 3, sequence: 1, answer: expect.objectContaining({ token: token + 1 }) },
      { kind: 'answered', session: 2, sequence: 1, answer: { kind: 'force-released', count: 1, tokens: [token] } },
    ]);
  });

  it('ends all who share it, or one of them', () => {
    const world = opened();
    const tokens = [1, 2, 3].map((session) => tokenOf(world.ask(acquireAll([session, 1], permits('s', 1, 3)))));

    expect(world.ask(forceRelease([2, 2], 's', tokens[2]))).toMatchObject({ count: 1, tokens: [tokens[2]] });
    expect(world.ask(forceRelease([2, 3], 's'))).toMatchObject({ count: 2, tokens: tokens.slice(0, 2) });
    expect(world.table.views.inspect('s')).toBeUndefined();
  });

  it('ends a hold however often its owner has entered it', () => {
    const world = opened();
    for (const sequence of [1, 2]) world.ask(acquireFor('bob', [1, sequence], exclusive('x'), true, true));

    expect(world.ask(forceRelease([2, 1], 'x'))).toMatchObject({ count: 1 });
    expect(world.table.views.inspect('x')).toBeUndefined();
    expect(world.ask(release([1, 3], 'x', 1))).toEqual({ kind: 'not-held' });
  });

  it('ends an upgrade with the read that it is of, after word of its loss', () => {
    const world = opened();
    const token = tokenOf(world.ask(acquireAll([1, 1], readUpgradeable('r'))));
    world.ask(acquireAll([3, 1], read('r')));
    world.ask(upgrade([1, 2], { name: 'r', token }));
    world.ask(acquireAll([3, 2], read('r')));

    const events = world.apply(forceRelease([2, 1], 'r', token));

    expect(events.slice(0, 3)).toMatchObject([
      { kind: 'lost', session: 1, token },
      { kind: 'answered', session: 1, sequence: 2, answer: { kind: 'not-held' } },
      { kind: 'granted', session: 3 },
    ]);
  });

  it('changes nothing where nobody holds, and under a token that nobody has', () => {
    const world = opened();
    world.ask(acquire([1, 1], 'x'));
    const before = world.table.views.inspect('x');

    expect(world.ask(forceRelease([2, 1], 'y'))).toEqual({ kind: 'not-held' });
    expect(world.ask(forceRelease([2, 2], 'x', 99))).toEqual({ kind: 'not-held' });
    expect(world.table.views.inspect('x')).toEqual(before);
  });

  it('is executed once, however often it comes', () => {
    const world = opened();
    world.ask(acquire([1, 1], 'x'));
    const first = world.ask(forceRelease([2, 1], 'x'));
    world.ask(acquire([1, 2], 'x'));

    expect(world.ask(forceRelease([2, 1], 'x'))).toEqual(first);
    expect(world.ask({ ...forceRelease([2, 1], 'x'), reason: 'another one' })).toEqual({ kind: 'mismatch' });
    expect(world.table.views.inspect('x')?.holders).toHaveLength(1);
  });

  it('is remembered for its session until that lets go of what it has not', () => {
    const world = opened();
    const token = tokenOf(world.ask(acquire([1, 1], 'x')));
    world.ask(forceRelease([2, 1], 'x'));
    world.restart();

    expect(world.table.views.takenFrom(1)).toEqual([{ name: 'x', token, by }]);
    world.ask(release([3, 1], 'x', token));
    expect(world.table.views.takenFrom(1)).toHaveLength(1);
    world.ask(release([1, 2], 'x', token));
    expect(world.table.views.takenFrom(1)).toEqual([]);
    world.restart();
    expect(world.table.views.takenFrom(1)).toEqual([]);
  });

  it('is forgotten with its session', () => {
    const world = opened();
    world.ask(acquire([1, 1], 'x'));
    world.ask(forceRelease([2, 1], 'x'));
    world.apply({ kind: 'close', session: 1 });

    expect(world.table.views.takenFrom(1)).toEqual([]);
    expect(rowsOf(world.table).filter(({ key }) => key.startsWith('u'))).toEqual([]);
  });

  it('is remembered so often and no more, and then the oldest is forgotten', () => {
    const world = opened();
    for (let at = 1; at <= lossesKeptMax + 1; at += 1) {
      world.ask(acquire([1, at, at - 1], 'x'));
      world.ask(forceRelease([2, at, at - 1], 'x'));
    }

    const taken = world.table.views.takenFrom(1);
    expect(taken).toHaveLength(lossesKeptMax);
    expect(taken[0]?.token).toBe(2);
  });
});

describe('a theft', () => {
  it('takes the lock from its holder, ahead of all who wait', () => {
    const world = opened();
    const token = tokenOf(world.ask(acquire([1, 1], 'x')));
    world.ask(acquire([3, 1], 'x'));

    expect(world.apply(steal([2, 1], 'x'))).toMatchObject([
      { kind: 'lost', session: 1, token, by },
      { kind: 'granted', session: 2, token: token + 1 },
      { kind: 'answered', session: 2, answer: { kind: 'granted', token: token + 1 } },
    ]);
    expect(world.table.views.inspect('x')?.queue.map(({ session }) => session)).toEqual([3]);
    expect(world.ask(release([2, 2], 'x', token + 1))).toEqual({ kind: 'released' });
    expect(world.table.views.inspect('x')?.holders.map(({ session }) => session)).toEqual([3]);
  });

  it('takes from all readers, and from whom it comes itself', () => {
    const world = opened();
    for (const session of [1, 2, 3]) world.ask(acquireAll([session, 1], read('r')));

    tokenOf(world.ask(steal([2, 2], 'r', 'W')));

    expect(world.table.views.inspect('r')?.holders.map(({ session, mode }) => [session, mode])).toEqual([[2, 'W']]);
  });

  it('takes a free lock as an acquire does', () => {
    const world = opened();

    expect(world.ask(steal([1, 1], 'x'))).toMatchObject({ kind: 'granted' });
  });

  it('is refused for a lock of another kind, and then takes nothing', () => {
    const world = opened();
    world.ask(acquireAll([1, 1], write('w')));

    expect(world.ask(steal([2, 1], 'w'))).toEqual({ kind: 'kind-mismatch', name: 'w', is: 'reader-writer' });
    expect(world.table.views.inspect('w')?.holders).toHaveLength(1);
  });

  it('does not happen once it was given up', () => {
    const world = opened();
    world.ask(acquire([1, 1], 'x'));

    expect(world.ask(cancel([2, 2], 1))).toEqual({ kind: 'cancelled' });
    expect(world.ask(steal([2, 1], 'x'))).toEqual({ kind: 'cancelled' });
    expect(world.table.views.inspect('x')?.holders.map(({ session }) => session)).toEqual([1]);
  });
});

describe('the end of a session by another', () => {
  it('ends what it holds and awaits, and says who did it', () => {
    const world = opened();
    const token = tokenOf(world.ask(acquire([1, 1], 'x')));
    world.ask(acquire([3, 1], 'x'));
    world.ask(acquire([3, 2], 'y'));
    world.ask(acquire([1, 2], 'y'));

    expect(world.apply(endSession([2, 1], 1))).toMatchObject([
      { kind: 'lost', name: 'x', session: 1, token },
      { kind: 'session-ended', session: 1, end: 'closed', by },
      { kind: 'granted', name: 'x', session: 3 },
      { kind: 'answered', session: 3, sequence: 1 },
      { kind: 'answered', session: 2, answer: { kind: 'session-closed' } },
    ]);
    expect(world.ask(acquire([1, 3], 'z'))).toEqual({ kind: 'session-expired' });
  });

  it('is executed once, and not for one that is not there or for itself', () => {
    const world = opened();

    expect(world.ask(endSession([2, 1], 1))).toEqual({ kind: 'session-closed' });
    expect(world.ask(endSession([2, 1], 1))).toEqual({ kind: 'session-closed' });
    expect(world.ask(endSession([2, 2], 1))).toEqual({ kind: 'not-closed', why: 'unknown' });
    expect(world.ask(endSession([2, 3], 2))).toEqual({ kind: 'not-closed', why: 'own' });
    expect([...world.table.views.sessionIds()]).toEqual([2, 3]);
  });
});

describe('a wish that holders let go', () => {
  it('is told of each of them, or of one, and changes nothing', () => {
    const world = opened();
    const tokens = [1, 3].map((session) => tokenOf(world.ask(acquireAll([session, 1], read('r')))));
    const before = world.table.views.inspect('r');

    expect(world.apply(requestRevoke([2, 1], 'r'))).toMatchObject([
      { kind: 'revoke-requested', name: 'r', session: 1, token: tokens[0], by },
      { kind: 'revoke-requested', name: 'r', session: 3, token: tokens[1], by },
      { kind: 'answered', answer: { kind: 'revoke-requested', count: 2, tokens } },
    ]);
    expect(world.ask(requestRevoke([2, 2], 'r', tokens[1]))).toMatchObject({ count: 1, tokens: [tokens[1]] });
    expect(world.ask(requestRevoke([2, 3], 'q'))).toEqual({ kind: 'not-held' });
    expect(world.table.views.inspect('r')).toEqual(before);
  });
});
