import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Command, commandTuple, parseCommand } from '../../src/table/index.ts';
import { acquire, cancel, incarnationOf, nonceOf, release } from './world.ts';

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
    ['an unknown kind', [13, 1]],
    ['a kind as a word', ['close', 1]],
    ['too few values', [3]],
    ['too many values', [3, 1, 1]],
    ['a session of 0', [3, 0]],
    ['a version of -0, which an encoder tells from 0', [4, 1, -0]],
    ['a mark at its own sequence', [5, 1, 2, 2, 'x', 'X', true]],
    ['an unknown mode', [5, 1, 2, 1, 'x', 'R', true]],
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
