import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Command, commandTuple, parseCommand } from '../../src/table/index.ts';
import {
  acquire,
  acquireAll,
  acquireFor,
  acquireWith,
  begun,
  cancel,
  changeLimit,
  delayOver,
  downgrade,
  exclusive,
  incarnationOf,
  nonceOf,
  overdue,
  permits,
  proclaim,
  read,
  readUpgradeable,
  release,
  upgrade,
  write,
} from './world.ts';

const home = { node: 'n-1.a_B', incarnation: incarnationOf(1), run: 3 };

const one: readonly Command[] = [
  { kind: 'started', node: 'n1', incarnation: incarnationOf(1), run: 1, boot: '0f' },
  { kind: 'open', nonce: nonceOf(1), ttlMs: 10_000, home, label: 'n1' },
  { kind: 'open', nonce: nonceOf(2), ttlMs: 1_000, home: undefined, label: '' },
  { kind: 'close', session: 1 },
  { kind: 'expire', session: Number.MAX_SAFE_INTEGER, version: 0 },
  acquire([1, 2, 1], 'x'),
  acquire([1, 2, 0], '\u{1F512}/a', false),
  cancel([1, 2, 1], 1),
  release([1, Number.MAX_SAFE_INTEGER, 0], 'x', 2 ** 40),
  acquireAll([1, 2, 1], [read('r'), readUpgradeable('u'), write('w'), exclusive('x'), permits('s', 2, 3)], false),
  acquireFor('ann', [1, 2, 1], [permits('s', 1, 2_147_483_647), read('r')]),
  acquireFor('\u{1F512}', [1, 2, 0], exclusive('x'), true, true),
  acquireWith({ metadata: 'a\nb' }, undefined, [1, 2, 1], [read('r'), exclusive('x')], false),
  acquireWith({ metadata: 'm', queueLengthMax: 0 }, undefined, [1, 2, 1], exclusive('x')),
  acquireWith({ metadata: '' }, 'ann', [1, 2, 1], exclusive('x'), true, true),
  upgrade([1, 2, 1], { name: 'u', token: 7 }, false),
  downgrade([1, 2, 1], { name: 'w', token: 7 }, 'U'),
  changeLimit([1, 2, 1], 's', 4),
  proclaim([1, 2, 1], { name: 'x', token: 7 }, 'a\nb'),
  acquireWith({ holdMsMax: 1_000 }, undefined, [1, 2, 1], exclusive('x')),
  begun([1, 2, 1], { name: 'x', token: 7 }),
  overdue('x', 7),
  acquireWith({ delayMs: 5_000 }, undefined, [1, 2, 1], exclusive('x')),
  delayOver('x', 7),
];

describe('a command', () => {
  it.each(one)('comes back from its tuple as it was: $kind', (command) => {
    const written = JSON.parse(JSON.stringify(commandTuple(command)));

    expect(parseCommand(written)).toEqual(command);
  });

  it('keeps its layout for ever', () => {
    expect(one.map((command) => JSON.stringify(commandTuple(command)))).toMatchInlineSnapshot(`
      [
        "[1,"n1","aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1",1,"0f"]",
        "[2,"00000000000000000000000000000001",10000,"n1","n-1.a_B","aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1",3]",
        "[2,"00000000000000000000000000000002",1000,"",null,null,null]",
        "[3,1]",
        "[4,9007199254740991,0]",
        "[5,1,2,1,"x","X",true]",
        "[5,1,2,0,"🔒/a","X",false]",
        "[6,1,2,1,1]",
        "[7,1,9007199254740991,0,"x",1099511627776]",
        "[8,1,2,1,false,"r","R",1,0,"u","U",1,0,"w","W",1,0,"x","X",1,0,"s","S",2,3]",
        "[12,1,2,1,true,"ann",false,"s","S",1,2147483647,"r","R",1,0]",
        "[12,1,2,0,true,"🔒",true,"x","X",1,0]",
        "[13,1,2,1,false,null,false,2,1,"a\\nb","r","R",1,0,"x","X",1,0]",
        "[13,1,2,1,true,null,false,4,1,"m",2,0,"x","X",1,0]",
        "[13,1,2,1,true,"ann",true,2,1,"","x","X",1,0]",
        "[9,1,2,1,"u",7,false]",
        "[10,1,2,1,"w",7,"U"]",
        "[11,1,2,1,"s",4]",
        "[30,1,2,1,"x",7,"a\\nb"]",
        "[13,1,2,1,true,null,false,2,3,1000,"x","X",1,0]",
        "[14,1,2,1,"x",7]",
        "[15,"x",7]",
        "[13,1,2,1,true,null,false,2,4,5000,"x","X",1,0]",
        "[16,"x",7]",
      ]
    `);
  });
});

/** Values for the place of any other value. */
const wrong: readonly unknown[] = [
  ...[
    0,
    -1,
    -0,
    1.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 53,
    10n,
    '1e3',
    '0x1',
    '',
    '$x',
    'X ',
    'x'.repeat(513),
  ],
  ...[null, undefined, true, [], {}, Symbol('s'), () => 1, '\ud800', '\u0000', '\u001b[2J', 'A'.repeat(32)],
];

describe('what is no command', () => {
  it.each([
    ['nothing', undefined],
    ['an object', { kind: 'close', session: 1 }],
    ['an empty tuple', []],
    ['an unknown kind', [99, 1]],
    ['a kind as a word', ['close', 1]],
    ['too few values', [3]],
    ['too many values', [3, 1, 1]],
    ['a session of 0', [3, 0]],
    ['a version of -0, which an encoder tells from 0', [4, 1, -0]],
    ['a mark at its own sequence', [5, 1, 2, 2, 'x', 'X', true]],
    ['an unknown mode', [5, 1, 2, 1, 'x', 'R', true]],
    ['a request for nothing', [8, 1, 2, 1, true]],
    ['a request for half a part', [8, 1, 2, 1, true, 'x', 'X']],
    [
      'a request for 65 locks',
      [8, 1, 2, 1, true, ...Array.from({ length: 65 }, (_, at) => [`x${at}`, 'X', 1, 0]).flat()],
    ],
    ['a request for one name twice', [8, 1, 2, 1, true, 'x', 'R', 1, 0, 'x', 'W', 1, 0]],
    ['a part in an unknown mode', [8, 1, 2, 1, true, 'x', 'Q', 1, 0]],
    ['two permits of a lock that is no semaphore', [8, 1, 2, 1, true, 'x', 'R', 2, 0]],
    ['a limit of a lock that is no semaphore', [8, 1, 2, 1, true, 'x', 'X', 1, 1]],
    ['more permits than there are', [8, 1, 2, 1, true, 's', 'S', 3, 2]],
    ['no permits', [8, 1, 2, 1, true, 's', 'S', 0, 2]],
    ['more permits than a semaphore can have', [8, 1, 2, 1, true, 's', 'S', 1, 2 ** 31]],
    ['an owner without a name', [12, 1, 2, 1, true, '', false, 'x', 'X', 1, 0]],
    ['no owner in the layout that has one', [12, 1, 2, 1, true, null, false, 'x', 'X', 1, 0]],
    ['a re-entry of a reader', [12, 1, 2, 1, true, 'ann', true, 'x', 'R', 1, 0]],
    ['a re-entry of two locks', [12, 1, 2, 1, true, 'ann', true, 'x', 'X', 1, 0, 'y', 'X', 1, 0]],
    ['options that are none', [13, 1, 2, 1, true, null, false, 0, 'x', 'X', 1, 0]],
    ['half an option', [13, 1, 2, 1, true, null, false, 1, 1, 'x', 'X', 1, 0]],
    ['an option of a later version', [13, 1, 2, 1, true, null, false, 2, 99, 'm', 'x', 'X', 1, 0]],
    ['an option twice', [13, 1, 2, 1, true, null, false, 4, 1, 'm', 1, 'm', 'x', 'X', 1, 0]],
    ['metadata of 1,025 bytes', [13, 1, 2, 1, true, null, false, 2, 1, 'm'.repeat(1_025), 'x', 'X', 1, 0]],
    ['metadata of 1,026 bytes', [13, 1, 2, 1, true, null, false, 2, 1, 'é'.repeat(513), 'x', 'X', 1, 0]],
    ['metadata that is not well formed', [13, 1, 2, 1, true, null, false, 2, 1, '\ud800', 'x', 'X', 1, 0]],
    ['options that fall', [13, 1, 2, 1, true, null, false, 4, 2, 1, 1, 'm', 'x', 'X', 1, 0]],
    ['a longest queue of -1', [13, 1, 2, 1, true, null, false, 2, 2, -1, 'x', 'X', 1, 0]],
    ['a hold of less than a second', [13, 1, 2, 1, true, null, false, 2, 3, 999, 'x', 'X', 1, 0]],
    ['a begun hold without a token', [14, 1, 2, 1, 'x', 0]],
    ['an overdue hold without a name', [15, '', 7]],
    ['a delay of no time', [13, 1, 2, 1, true, null, false, 2, 4, 0, 'x', 'X', 1, 0]],
    ['a delay of more than an hour', [13, 1, 2, 1, true, null, false, 2, 4, 3_600_001, 'x', 'X', 1, 0]],
    ['a delay that is over without a token', [16, 'x', 0]],
    ['a guarded delay that is over', [40, 'x', 7, 16, 'x', 7]],
    ['a re-entry without an owner', [13, 1, 2, 1, true, null, true, 2, 1, 'm', 'x', 'X', 1, 0]],
    ['more options than there are values', [13, 1, 2, 1, true, null, false, 9, 1, 'm', 'x', 'X', 1, 0]],
    ['an upgrade of a token of 0', [9, 1, 2, 1, 'x', 0, true]],
    ['a downgrade to a write', [10, 1, 2, 1, 'x', 7, 'W']],
    ['a limit of 0', [11, 1, 2, 1, 's', 0]],
    ['a cancel of itself', [6, 1, 2, 1, 2]],
    ['a cancel of a later one', [6, 1, 2, 1, 3]],
    ['a token of 0', [7, 1, 2, 1, 'x', 0]],
    ['a TTL below a second', [2, nonceOf(1), 999, 'l', null, null, null]],
    ['a TTL above an hour', [2, nonceOf(1), 3_600_001, 'l', null, null, null]],
    ['half a home', [2, nonceOf(1), 1_000, 'l', 'n1', null, null]],
    ['a label of 257 bytes', [2, nonceOf(1), 1_000, 'l'.repeat(257), null, null, null]],
    ['a node with a space', [1, 'n 1', incarnationOf(1), 1, 'b']],
    ['a node of 65 characters', [1, 'n'.repeat(65), incarnationOf(1), 1, 'b']],
    ['a nonce in capitals', [2, 'A'.repeat(32), 1_000, 'l', null, null, null]],
    ['a nonce with a line end', [2, `${nonceOf(1)}\n`, 1_000, 'l', null, null, null]],
  ])('is malformed: %s', (_name, value) => {
    expect(parseCommand(value)).toEqual({ kind: 'malformed', reason: expect.stringMatching(/expected|is /) });
  });

  it('is malformed wherever one value of a command is exchanged, unless it happens to be another command', () => {
    for (const command of one) {
      for (const [at] of commandTuple(command).entries()) {
        for (const value of wrong) {
          const parsed = parseCommand(commandTuple(command).with(at, value as null));

          if (parsed.kind !== 'malformed') expect(commandTuple(parsed)[at]).toBe(value);
        }
      }
    }
  });

  it('never throws, whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.array(fc.anything())), (value) => {
        expect(parseCommand(value)).toHaveProperty('kind');
      }),
    );
  });

  it('is told in a bounded message that shows no control character', () => {
    const parsed = parseCommand([5, 1, 2, 1, 'x'.repeat(1_000_000), 'X', true]);
    const hostile = parseCommand([5, 1, 2, 1, 'x', '\u001b[2J\r\n', true]);

    expect(JSON.stringify(parsed).length).toBeLessThan(200);
    expect(JSON.stringify([parsed, hostile])).not.toMatch(/[^ -~]/);
    expect(hostile).toMatchObject({ reason: expect.not.stringMatching(/[^ -~]/) });
  });
});
