import * as fc from 'fast-check';
import { Packr, Unpackr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import type { Entry, Message } from '../../raft/index.ts';
import { decodeMessage, decodeValue, encodeMessage, encodeValue, type Value } from '../../src/transport/index.ts';

const count = fc.oneof(fc.nat(300), fc.maxSafeNat());
const member = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' });
const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    fc.constantFrom<Value>(undefined, null, true, false),
    fc.oneof(fc.maxSafeInteger(), fc.double()).map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.string({ unit: 'grapheme' }),
    fc.uint8Array(),
    fc.array(tie('value')),
  ),
})).value;

const append: fc.Arbitrary<Message> = fc
  .record({
    from: member,
    to: member,
    request: count,
    prevIndex: fc.nat(1_000_000).map((index) => index + 1),
    prevTerm: fc.nat(1_000_000),
    commit: count,
    bodies: fc.array(
      fc.record({
        rise: fc.nat(3),
        kind: fc.constantFrom('noop' as const, 'configuration' as const, 'commands' as const),
        payload: fc.uint8Array(),
        chain: count,
      }),
    ),
  })
  .map(({ bodies, ...head }) => {
    let term = head.prevTerm;
    const entries: Entry[] = bodies.map(({ rise, kind, payload, chain }, i) => {
      term += rise;
      return { index: head.prevIndex + 1 + i, term, kind, payload, chain };
    });
    return { ...head, kind: 'append', entries, term };
  });
const envelope = { from: member, to: member, term: count };
const candidacy = { ...envelope, lastIndex: count, lastTerm: count, configIndex: count };
const message: fc.Arbitrary<Message> = fc.oneof(
  append,
  fc.record({ kind: fc.constant('pre-vote' as const), ...candidacy }),
  fc.record({ kind: fc.constant('vote' as const), ...candidacy, transfer: fc.boolean() }),
  fc.record({
    kind: fc.constantFrom('pre-vote-reply' as const, 'vote-reply' as const),
    ...envelope,
    granted: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('append-reply' as const),
    ...envelope,
    accepted: fc.constant(true as const),
    request: count,
    match: count,
  }),
  fc.record({
    kind: fc.constant('append-reply' as const),
    ...envelope,
    accepted: fc.constant(false as const),
    request: count,
    prevIndex: count,
    hintIndex: count,
    hintTerm: count,
    lastIndex: count,
  }),
  fc.record({ kind: fc.constant('heartbeat' as const), ...envelope, commit: count, round: count }),
  fc.record({ kind: fc.constant('heartbeat-reply' as const), ...envelope, round: count }),
  fc.record({ kind: fc.constant('timeout-now' as const), ...envelope }),
  fc.record({ kind: fc.constant('read-request' as const), ...envelope, read: count }),
  fc.record({
    kind: fc.constant('read-reply' as const),
    ...envelope,
    read: count,
    index: fc.option(count, { nil: undefined }),
  }),
);

describe('the codec', () => {
  it('gives back every value as it was', () => {
    void fc.assert(
      fc.property(value, (original) => {
        expect(decodeValue(encodeValue(original))).toEqual({ ok: true, value: original });
      }),
    );
  });

  it('gives back every message as it was', () => {
    void fc.assert(
      fc.property(message, (original) => {
        expect(decodeMessage(encodeMessage(original))).toEqual({ ok: true, value: original });
      }),
    );
  });

  it('never throws, whatever bytes come', () => {
    void fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        decodeMessage(bytes);
        decodeValue(bytes);
      }),
      { numRuns: 2_000 },
    );
  });

  it('never throws, whichever bytes of a good message are changed', () => {
    const flips = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    void fc.assert(
      fc.property(message, flips, (original, changes) => {
        const bytes = Uint8Array.from(encodeMessage(original));
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        decodeMessage(bytes);
      }),
      { numRuns: 1_000 },
    );
  });

  it('refuses every message that was cut short or has something after its end', () => {
    void fc.assert(
      fc.property(message, fc.nat(), (original, at) => {
        const bytes = encodeMessage(original);
        expect(decodeMessage(bytes.subarray(0, at % bytes.length)).ok).toBe(false);
        expect(decodeMessage(Buffer.concat([bytes, bytes])).ok).toBe(false);
      }),
    );
  });

  it('keeps what it gave when the buffer it read from is reused', () => {
    const network = Buffer.from(encodeValue([new Uint8Array([1, 2, 3])]));
    const decoded = decodeValue(network);
    network.fill(0);

    expect(decoded).toEqual({ ok: true, value: [new Uint8Array([1, 2, 3])] });
  });

  it('keeps what it wrote while it goes on writing', () => {
    const texts = Array.from({ length: 2_000 }, (_, i) => encodeValue([i, 'x'.repeat(i % 90)]));

    expect(texts.map((bytes) => decodeValue(bytes))).toEqual(
      texts.map((_, i) => ({ ok: true, value: [i, 'x'.repeat(i % 90)] })),
    );
  });

  it('pins no more memory than the message itself', () => {
    const network = new Uint8Array(64 * 1024);
    const bytes = encodeValue([new Uint8Array(20)]);
    network.set(bytes, 1_000);

    const decoded = decodeValue(network.subarray(1_000, 1_000 + bytes.length));

    const kept = decoded.ok && Array.isArray(decoded.value) ? decoded.value[0] : undefined;
    expect(kept instanceof Uint8Array && kept.buffer.byteLength).toBe(bytes.length);
  });
});

describe('the codec’s bounds', () => {
  const bounds = { messageBytesMax: 100, elementsMax: 10, depthMax: 2 };

  it('refuse a byte, an element or a level too many, and nothing less', () => {
    const verdicts = (texts: readonly Value[]) => texts.map((text) => decodeValue(encodeValue(text), bounds).ok);

    expect(verdicts([new Uint8Array(98), new Uint8Array(99)])).toEqual([true, false]);
    expect(verdicts([Array(9).fill(0), Array(10).fill(0)])).toEqual([true, false]);
    expect(verdicts([[[0]], [[[0]]]])).toEqual([true, false]);
  });

  it('say what was expected and what came', () => {
    expect(decodeValue(new Uint8Array(101), bounds)).toEqual({ ok: false, bad: '101 bytes, at most 100 are allowed' });
    expect(decodeMessage(encodeValue([6, 'a', 'b', 1.5, 0, 0]))).toEqual({
      ok: false,
      bad: 'message: term must be an integer from 0 to 2^53 - 1, came 1.5',
    });
  });
});

describe('what the scan keeps from the decoder', () => {
  const naive = new Unpackr();
  const error = new Packr({ moreTypes: true }).pack(new RangeError('from outside'));
  const map = Uint8Array.from([0x81, 0xa1, 0x61, 0x01]);
  const big = Uint8Array.from([0xcf, 0, 0, 0, 0, 0, 0, 0, 5]);
  const nested = Uint8Array.from([...Array(100_000).fill(0x91), 0xc0]);

  it('would have come out as objects, big integers and an overflowing stack', () => {
    expect(naive.unpack(error)).toBeInstanceOf(Error);
    expect(naive.unpack(map)).toBeInstanceOf(Map);
    expect(naive.unpack(big)).toBe(5n);
    expect(() => naive.unpack(nested)).toThrow(RangeError);
  });

  it('is refused with a reason', () => {
    const generous = { messageBytesMax: 1_000_000, elementsMax: 1_000_000, depthMax: 16 };

    expect([error, map, big, nested].map((bytes) => decodeValue(bytes, generous))).toEqual([
      { ok: false, bad: 'malformed message: an extension' },
      { ok: false, bad: 'malformed message: a type that is not ours (0x81)' },
      { ok: false, bad: 'malformed message: a type that is not ours (0xcf)' },
      { ok: false, bad: 'malformed message: nested deeper than 16' },
    ]);
  });
});

describe('an append', () => {
  const decode = (prev: readonly [number, number], entries: readonly (readonly [number, number])[], term = 5) =>
    decodeMessage(
      encodeValue([
        4,
        'a',
        'b',
        term,
        1,
        ...prev,
        0,
        entries.map(([index, of]) => [index, of, 2, new Uint8Array(1), 0]),
      ]),
    );

  it('with entries in order is read', () => {
    expect(
      decode(
        [3, 1],
        [
          [4, 1],
          [5, 2],
        ],
      ).ok,
    ).toBe(true);
    expect(decode([0, 0], [[1, 1]]).ok).toBe(true);
  });

  it.each([
    ['a gap', decode([3, 1], [[5, 1]])],
    [
      'a gap between entries',
      decode(
        [3, 1],
        [
          [4, 1],
          [6, 1],
        ],
      ),
    ],
    [
      'an entry twice',
      decode(
        [3, 1],
        [
          [4, 1],
          [4, 1],
        ],
      ),
    ],
    ['a term that falls', decode([3, 2], [[4, 1]])],
    [
      'a term that falls between entries',
      decode(
        [3, 1],
        [
          [4, 2],
          [5, 1],
        ],
      ),
    ],
    ['a term beyond its leader’s', decode([3, 1], [[4, 6]])],
    ['a previous term beyond its leader’s', decode([3, 6], [])],
    ['a term at the empty log’s genesis', decode([0, 1], [])],
    ['a negative index', decode([-1, 0], [])],
  ])('with %s is refused', (_, decoded) => {
    expect(decoded.ok).toBe(false);
  });
});
