import { crc32c, maskedCrc } from './crc32c.ts';
import { RangeSums } from './range-sums.ts';

/**
 * The format that LevelDB uses for its write-ahead logs and its MANIFEST: blocks of 32 KiB, in them fragments of
 * records with a header of checksum (4 bytes), length (2) and type (1).
 */
const blockBytes = 32 * 1024;
const headerBytes = 7;

const full = 1;
const first = 2;
const last = 4;

/** A whole record and where its first fragment stands. */
export interface LogRecord {
  readonly offset: number;
  readonly bytes: Buffer;
}

/** What a file holds. */
export interface LogContents {
  /** All whole records before the damage. */
  readonly records: readonly LogRecord[];
  /** Where the file stops making sense; absent if it ends after a whole record. */
  readonly damage: LogDamage | undefined;
}

export interface LogDamage {
  readonly offset: number;
  readonly what: string;
  /**
   * True: no record begins after it, so it may be what a crash left of the last, unacknowledged write. False: records
   * that were written later are there, so this one was once whole.
   */
  readonly isTail: boolean;
}

interface Fragment {
  readonly type: number;
  readonly start: number;
  readonly end: number;
}

/** Reads a file in LevelDB's log format, without ever skipping what does not check out, as LevelDB would. */
export function readLog(file: Buffer): LogContents {
  const records: LogRecord[] = [];
  let begun: { readonly offset: number; readonly parts: Buffer[] } | undefined;
  let at = 0;
  const stop = (offset: number, what: string): LogContents => ({
    records,
    damage: { offset, what, isTail: !beginsAfter(file, at) },
  });
  while (at < file.length) {
    const room = blockBytes - (at % blockBytes);
    if (room < headerBytes) {
      if (file.subarray(at, at + room).some((byte) => byte !== 0)) return stop(at, 'bytes in the padding of a block');
      at += room;
      continue;
    }
    const fragment = fragmentAt(file, at);
    if (typeof fragment === 'string') return stop(begun?.offset ?? at, fragment);
    const begins = fragment.type === full || fragment.type === first;
    if (begins !== (begun === undefined)) {
      // Both halves pass their checksums, so no torn write explains why they do not meet.
      const what = begins ? 'a record without its end' : 'a record without its beginning';
      return { records, damage: { offset: begun?.offset ?? at, what, isTail: false } };
    }
    begun ??= { offset: at, parts: [] };
    begun.parts.push(file.subarray(fragment.start, fragment.end));
    at = fragment.end;
    if (fragment.type !== full && fragment.type !== last) continue;
    records.push({
      offset: begun.offset,
      bytes: begun.parts.length === 1 ? (begun.parts[0] ?? file) : Buffer.concat(begun.parts),
    });
    begun = undefined;
  }
  return { records, damage: begun && { offset: begun.offset, what: 'a record without its end', isTail: true } };
}

/** CRC-32C of a part of the file. */
type SumOf = (start: number, end: number) => number;

/** The fragment at `at`, or what is wrong with it. */
function fragmentAt(file: Buffer, at: number, sumOf: SumOf = (from, to) => crc32c(file, from, to)): Fragment | string {
  const start = at + headerBytes;
  if (start > file.length) return 'a header cut short';
  const end = start + file.readUInt16LE(at + 4);
  const type = file[at + 6] ?? 0;
  if (type < full || type > last) return `a fragment of unknown type ${type}`;
  if (end > at - (at % blockBytes) + blockBytes) return 'a fragment longer than its block';
  if (end > file.length) return 'a fragment cut short';
  if (file.readUInt32LE(at) !== maskedCrc(sumOf(at + 6, end))) return 'a fragment that fails its checksum';
  return { type, start, end };
}

/**
 * Whether a record begins anywhere after the fragment at `damaged`. A valid middle or last fragment proves nothing: it
 * may belong to the write that was torn, whose pages reach the disk in any order. Every offset is tried, since damage
 * to a length loses track of where the next fragment begins.
 */
function beginsAfter(file: Buffer, damaged: number): boolean {
  for (let block = damaged - (damaged % blockBytes); block < file.length; block += blockBytes) {
    if (beginsWithin(file, { from: Math.max(block, damaged + 1), block })) return true;
  }
  return false;
}

function beginsWithin(file: Buffer, { from, block }: { readonly from: number; readonly block: number }): boolean {
  const end = Math.min(block + blockBytes, file.length);
  // Made at the first need: most blocks of a torn write hold nothing that looks like a fragment.
  let sums: RangeSums | undefined;
  const sumOf: SumOf = (start, until) => {
    sums ??= new RangeSums(file, block, end);
    return sums.crc32c(start, until);
  };
  for (let at = from; at + headerBytes <= end; at += 1) {
    const type = file[at + 6];
    if (type !== full && type !== first) continue;
    const fragment = fragmentAt(file, at, sumOf);
    if (typeof fragment !== 'string' && fragment.end > fragment.start) return true;
  }
  return false;
}
