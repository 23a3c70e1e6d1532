import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Configuration, ConfigurationError, decodeConfiguration, encodeConfiguration } from '../../raft/index.ts';
import { member, votersOf } from './entries.ts';

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
const configurations: fc.Arbitrary<Configuration> = fc.uniqueArray(text, { minLength: 1, maxLength: 9 }).chain((ids) =>
  fc
    .record({
      voters: fc.subarray(ids, { minLength: 1 }),
      outgoing: fc.subarray(ids),
      address: text,
      waits: fc.boolean(),
    })
    .map(({ voters, outgoing, address, waits }) => ({
      voters: voters.map((id) => ({ id, address })),
      outgoing: outgoing.map((id) => ({ id, address })),
      learners: ids
        .filter((id) => !voters.includes(id) && !outgoing.includes(id))
        .map((id) => ({ id, address, replaces: waits ? voters[0] : undefined })),
    })),
);

test('what was encoded is decoded, and encodes to the same bytes', () => {
  fc.assert(
    fc.property(configurations, (configuration) => {
      const bytes = encodeConfiguration(configuration);

      expect(decodeConfiguration(bytes)).toEqual(configuration);
      expect(encodeConfiguration(decodeConfiguration(bytes))).toEqual(bytes);
    }),
    { numRuns: 50 },
  );
});

test('the text of ids and addresses is UTF-8', () => {
  const id = 'nœud-日本-🔒';
  const bytes = encodeConfiguration({ voters: [{ id, address: 'h:1' }], outgoing: [], learners: [] });

  expect(new TextDecoder().decode(bytes)).toContain(id);
  expect([...bytes.subarray(4, 4 + new TextEncoder().encode(id).length)]).toEqual([...new TextEncoder().encode(id)]);
});

test('any bytes are a configuration or a ConfigurationError', () => {
  const valid = encodeConfiguration(votersOf('a', 'b', 'c'));
  const damaged = fc
    .tuple(fc.nat(valid.length - 1), fc.nat(255), fc.nat(valid.length))
    .map(([at, byte, length]) => valid.with(at, byte).slice(0, length));

  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), damaged), (bytes) => {
      try {
        expect(encodeConfiguration(decodeConfiguration(bytes))).toEqual(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigurationError);
      }
    }),
    { numRuns: 300 },
  );
});

test('text that is not well-formed UTF-8 is refused', () => {
  for (const bad of [
    [0xc0, 0x80],
    [0xe0, 0x80, 0x80],
    [0xed, 0xa0, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0xe2, 0x82],
    [0x80],
  ]) {
    const bytes = Uint8Array.from([1, 1, 0, bad.length, ...bad, 0, 1, 0x61, 0, 0]);

    expect(() => decodeConfiguration(bytes)).toThrow(ConfigurationError);
  }
});

test.each<[string, Configuration]>([
  ['a member without an id', { voters: [{ id: '', address: 'x' }], outgoing: [], learners: [] }],
  ['a member that stands twice', { voters: [member('a'), member('a')], outgoing: [], learners: [] }],
  ['outgoing voters without incoming ones', { voters: [], outgoing: [member('a')], learners: [] }],
  [
    'a learner that is a voter too',
    { voters: [member('a')], outgoing: [], learners: [{ ...member('a'), replaces: undefined }] },
  ],
  ['a place nobody holds', { voters: [member('a')], outgoing: [], learners: [{ ...member('b'), replaces: 'c' }] }],
  ['half of a character', { voters: [member('\ud800')], outgoing: [], learners: [] }],
  ['an endless address', { voters: [{ id: 'a', address: 'x'.repeat(2000) }], outgoing: [], learners: [] }],
  ['an endless list', votersOf(...Array.from({ length: 65 }, (_, at) => `n${at}`))],
])('%s is refused', (_what, configuration) => {
  expect(() => encodeConfiguration(configuration)).toThrow(ConfigurationError);
});
