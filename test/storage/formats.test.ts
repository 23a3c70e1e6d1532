import { expect, test } from 'vitest';
import { chainOf } from '../../storage/chain.ts';
import { decodeChunk, encodeChunk } from '../../storage/chunk.ts';
import { crc32c, maskedCrc } from '../../storage/crc32c.ts';
import { decodeTableHead, encodeTableHead } from '../../storage/head-record.ts';
import { entryKey } from '../../storage/keys.ts';
import { readLog } from '../../storage/leveldb-log.ts';
import { RangeSums } from '../../storage/range-sums.ts';
import { decodeEntry, decodeHardState, encodeEntry, encodeHardState, seal, unseal } from '../../storage/record.ts';
import { unpackSnappy } from '../../storage/snappy.ts';
import { configuration, headAt } from './samples.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const body = { index: 0x1_0000_0002, term: 3, kind: 'commands', payload: new Uint8Array([1, 2, 3]) } as const;
const entry = { ...body, chain: chainOf(0x01020304, body) };

test('the checksum of LevelDB files is CRC-32C, masked', () => {
  // Test vectors of RFC 3720, B.4.
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, at) => at))).toBe(0x46dd794e);
  expect(maskedCrc(0)).toBe(0xa282ead8);
});

test('the checksum of a range is the same whether it is computed alone or taken from the block', () => {
  const bytes = Buffer.from(Array.from({ length: 32 * 1024 }, (_, at) => (at * at * 31 + (at >> 3)) & 0xff));
  const block = new RangeSums(bytes, 0, bytes.length);
  const later = new RangeSums(bytes, 1_000, 3_000);
  const ends = [1_000, 1_001, 1_007, 1_008, 1_500, 2_999, 3_000];

  for (const from of ends) {
    for (const to of ends.filter((end) => end >= from)) {
      expect(block.crc32c(from, to)).toBe(crc32c(bytes, from, to));
      expect(later.crc32c(from, to)).toBe(crc32c(bytes, from, to));
    }
  }
  expect(block.crc32c(0, bytes.length)).toBe(crc32c(bytes));
});

test('keys sort as their indexes do, past 32 bits too', () => {
  const indexes = [1, 9, 10, 255, 256, 0xffff_ffff, 0x1_0000_0000, Number.MAX_SAFE_INTEGER];
  const keys = indexes.map((index) => hex(entryKey(index)));

  expect([...keys].sort()).toEqual(keys);
});

test('an entry is stored in these bytes, and no other byte of them may change', () => {
  const record = encodeEntry(0xaabbccdd, entry);

  expect(hex(record)).toBe('01020000aabbccdd000000000000000300000001000000020000000334766f7c96681a47010203');
  expect(decodeEntry(0xaabbccdd, entry.index, record)).toEqual(entry);
  for (let bit = 0; bit < record.length * 8; bit += 1) {
    const damaged = Buffer.from(record);
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(() => decodeEntry(0xaabbccdd, entry.index, damaged)).toThrow('log entry');
  }
});

test('an entry under another index, or of another owner, is refused', () => {
  const record = encodeEntry(7, entry);

  expect(() => decodeEntry(7, entry.index + 1, record)).toThrow('says that it is entry');
  expect(() => decodeEntry(8, entry.index, record)).toThrow('another node');
});

test('a sealed record holds only under its own key, for its own owner, unchanged', () => {
  const key = Buffer.from('0key');
  const record = seal(key, 7, Buffer.from('body'));

  expect(unseal(key, 7, record).toString()).toBe('body');
  expect(() => unseal(Buffer.from('0kez'), 7, record)).toThrow('checksum');
  expect(() => unseal(key, 8, record)).toThrow('checksum');
  expect(() => unseal(key, 7, record.subarray(0, 12))).toThrow('checksum');
  expect(() => unseal(key, 7, record.subarray(0, 3))).toThrow('cut short');
});

test('chain values tell entries and their order apart', () => {
  const values = [
    chainOf(0, body),
    chainOf(1, body),
    chainOf(0, { ...body, term: 4 }),
    chainOf(0, { ...body, index: 2 }),
    chainOf(0, { ...body, kind: 'noop' }),
    chainOf(0, { ...body, payload: new Uint8Array([1, 2, 4]) }),
  ];

  expect(new Set(values).size).toBe(values.length);
  // All nodes of all versions must agree on it.
  expect(chainOf(0, { index: 1, term: 1, kind: 'noop', payload: new Uint8Array(0) })).toBe(3_084_754_932);
});

test('hard state and head come back as they were', () => {
  for (const votedFor of [undefined, '', 'n1/ü']) {
    expect(decodeHardState(encodeHardState({ term: 2 ** 40, votedFor }))).toEqual({ term: 2 ** 40, votedFor });
  }
  const head = { head: headAt({ index: 2 ** 40, term: 5, chain: 0xffff_ffff }), rowCount: 3, rowSum: 0xffff_fff0 };
  expect(decodeTableHead(encodeTableHead(head))).toEqual(head);
  expect(head.head.configuration.configuration).toBe(configuration);
});

test('a chunk with any bit changed is refused', () => {
  const rows = [
    { key: Buffer.from('a'), value: Buffer.from('1') },
    { key: Buffer.from('b'), value: Buffer.alloc(0) },
  ];
  const chunk = encodeChunk(rows);

  expect(decodeChunk(chunk).map(({ key, value }) => [hex(key), hex(value)])).toEqual([
    ['61', '31'],
    ['62', ''],
  ]);
  for (let bit = 0; bit < chunk.length * 8; bit += 1) {
    const damaged = chunk.slice();
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(() => decodeChunk(damaged)).toThrow('snapshot chunk');
  }
});

/** One fragment of LevelDB's log format. */
function fragment(type: number, text: string): Buffer {
  const bytes = Buffer.alloc(7 + text.length);
  bytes.writeUInt16LE(text.length, 4);
  bytes[6] = type;
  bytes.write(text, 7);
  bytes.writeUInt32LE(maskedCrc(crc32c(bytes, 6)), 0);
  return bytes;
}

const [full, first, middle, last] = [1, 2, 3, 4] as const;

test('a torn record at the end may be torn anywhere; a record that begins after it makes it damage', () => {
  const whole = fragment(full, 'whole');
  const torn = [
    Buffer.concat([whole, fragment(full, 'later').subarray(0, 9)]),
    Buffer.concat([whole, fragment(first, 'begun')]),
    Buffer.concat([whole, fragment(first, 'begun'), fragment(middle, 'more').fill(0, 0, 4)]),
    // The pages of one write reach the disk in any order: its end may be there without its middle.
    Buffer.concat([whole, fragment(first, 'begun'), fragment(middle, 'x').fill(0), fragment(last, 'end')]),
    Buffer.concat([whole, Buffer.alloc(100)]),
  ];
  const damaged = [
    Buffer.concat([fragment(full, 'once').fill(0), whole]),
    Buffer.concat([fragment(first, 'begun'), whole]),
    Buffer.concat([whole, fragment(last, 'end')]),
    Buffer.concat([whole.subarray(0, 5), Buffer.alloc(300), whole, fragment(full, 'x').subarray(0, 8)]),
  ];

  for (const file of torn) expect(readLog(file).damage).toMatchObject({ isTail: true });
  for (const file of damaged) expect(readLog(file).damage).toMatchObject({ isTail: false });
  expect(
    readLog(Buffer.concat([whole, fragment(first, 'a'), fragment(middle, 'b'), fragment(last, 'c')])),
  ).toMatchObject({
    damage: undefined,
    records: [{ offset: 0 }, { offset: 12 }],
  });
});

test('bytes that look like the beginning of a record at every second place are judged in one pass', () => {
  // To compute the checksum of each of these overlapping fragments by itself would outlast any patience.
  const hostile = Buffer.alloc(6 * 1024 * 1024, Buffer.of(0x01, 0x40));
  const damaged = Buffer.concat([hostile, fragment(full, 'later')]);

  expect(readLog(hostile).damage).toMatchObject({ isTail: true });
  expect(readLog(damaged).damage).toMatchObject({ isTail: false });
});

test('what snappy packed is unpacked, and what it cannot have packed is refused', () => {
  const unpack = (bytes: string, lengthMax = 100): string =>
    unpackSnappy(Buffer.from(bytes.replaceAll(' ', ''), 'hex'), lengthMax).toString('latin1');

  expect(unpack('00')).toBe('');
  expect(unpack('03 08 616263')).toBe('abc');
  // A copy of 5 that stands 2 back and reaches into itself; then one of each longer form.
  expect(unpack('07 04 6162 05 02')).toBe('abababa');
  expect(unpack('06 08 616263 0a 0300')).toBe('abcabc');
  expect(unpack('06 08 616263 0b 03000000')).toBe('abcabc');
  expect(unpack(`3d f0 3c ${'7a'.repeat(61)}`)).toBe('z'.repeat(61));
  expect(() => unpack('03 08 616263', 2)).toThrow('a packed block of 3 bytes');
  expect(() => unpack('04 08 616263')).toThrow('shorter than it says');
  expect(() => unpack('02 08 616263')).toThrow('longer than it says');
  expect(() => unpack('07 04 6162 05 03')).toThrow('refers to what is not there');
  expect(() => unpack('03 08 6162')).toThrow('cut short');
});
