import { crc32 } from 'node:zlib';
import type { Entry, HardState, LogIndex, Position } from '../raft/index.ts';
import { readIndex, writeIndex } from './chain.ts';
import { corrupt } from './errors.ts';
import {
  decodeEntry,
  decodeHardState,
  encodeHardState,
  entryBytes,
  entryLengthAt,
  type Filling,
  type Owner,
  positionBytes,
  readPosition,
  recordVersion,
  writeEntry,
  writePosition,
} from './record.ts';

/**
 * A frame has its pages to itself: the kernel and the disk write whole pages, so whatever becomes of a write, it touches
 * nothing that was acknowledged before.
 */
export const pageBytes = 4_096;
/** What a disk writes whole or not at all, with any luck of the draw between the sectors of one write. */
export const sectorBytes = 512;

/** Where the log begins and ends after a write that moves more than its end. */
export interface FrameBounds {
  readonly base: Position;
  readonly last: Position;
  /** The number of the table directory that counts. */
  readonly table: number;
  /** Entries above it that stood before this write are no longer true; those of this write follow it. */
  readonly keptTo: LogIndex;
}

/** What one write says. The first frame of a segment says all that a log must know to begin there. */
export interface FrameContent {
  /** Set in the first frame of a segment: how long that file is. */
  readonly segmentBytes: number | undefined;
  readonly hardState: HardState | undefined;
  readonly bounds: FrameBounds | undefined;
  readonly entries: readonly Entry[];
}

/** Where a frame stands among all others of its log. */
export interface FramePlace {
  readonly owner: Owner;
  readonly segment: number;
  /** One more than that of the frame before. */
  readonly sequence: number;
  /** The checksum of the frame before: a frame that is lost, doubled, moved or older than it should be does not fit. */
  readonly previous: number;
}

export interface FrameHead extends FramePlace {
  readonly parts: number;
  /** Whether it is the first of a segment. */
  readonly isOpening: boolean;
  readonly contentBytes: number;
  readonly entryCount: number;
  readonly contentSum: number;
  /** Over all of the head, and so over the frame and all frames before it. */
  readonly checksum: number;
}

/** version, parts, two spare bytes, owner, sequence, segment, content bytes, entries, previous, content's crc32, crc32 */
export const frameHeadBytes = 40;
const sumAt = 36;
const boundsBytes = 2 * positionBytes + 12;
const part = { opening: 1, hardState: 2, bounds: 4 } as const;
const allParts = part.opening | part.hardState | part.bounds;

export const pagesFor = (bytes: number): number => Math.ceil(bytes / pageBytes) * pageBytes;

/** How long the frame of `content` is, without what fills its last page. */
export function frameBytes({ segmentBytes, hardState, bounds, entries }: FrameContent): number {
  let bytes = frameHeadBytes + (segmentBytes === undefined ? 0 : 4) + (bounds === undefined ? 0 : boundsBytes);
  if (hardState !== undefined) bytes += 2 + encodeHardState(hardState).length;
  for (const entry of entries) bytes += entryBytes(entry);
  return bytes;
}

/** Puts a frame at the beginning of `bytes`; its checksum, on which the next one is chained. */
export function writeFrame(bytes: Buffer, place: FramePlace, content: FrameContent): number {
  const { segmentBytes, hardState, bounds, entries } = content;
  const into: Filling = { bytes, at: frameHeadBytes };
  if (segmentBytes !== undefined) into.at = bytes.writeUInt32BE(segmentBytes, into.at);
  if (hardState !== undefined) {
    const body = encodeHardState(hardState);
    into.at = bytes.writeUInt16BE(body.length, into.at) + body.copy(bytes, into.at + 2);
  }
  if (bounds !== undefined) writeBounds(into, bounds);
  for (const entry of entries) writeEntry(into, place.owner, entry);
  bytes[0] = recordVersion;
  bytes[1] =
    (segmentBytes === undefined ? 0 : part.opening) +
    (hardState === undefined ? 0 : part.hardState) +
    (bounds === undefined ? 0 : part.bounds);
  bytes.writeUInt16BE(0, 2);
  bytes.writeUInt32BE(place.owner, 4);
  writeIndex(bytes, place.sequence, 8);
  bytes.writeUInt32BE(place.segment, 16);
  bytes.writeUInt32BE(into.at - frameHeadBytes, 20);
  bytes.writeUInt32BE(entries.length, 24);
  bytes.writeUInt32BE(place.previous, 28);
  bytes.writeUInt32BE(crc32(bytes.subarray(frameHeadBytes, into.at)), 32);
  const checksum = crc32(bytes.subarray(0, sumAt));
  bytes.writeUInt32BE(checksum, sumAt);
  return checksum;
}

function writeBounds(into: Filling, { base, last, table, keptTo }: FrameBounds): void {
  const { bytes, at } = into;
  writePosition(bytes, base, at);
  writePosition(bytes, last, at + positionBytes);
  bytes.writeUInt32BE(table, at + 2 * positionBytes);
  writeIndex(bytes, keptTo, at + 2 * positionBytes + 4);
  into.at = at + boundsBytes;
}

/** The head at `at`; undefined unless its checksum holds. */
export function readFrameHead(file: Buffer, at: number): FrameHead | undefined {
  if (at + frameHeadBytes > file.length || file[at] !== recordVersion) return undefined;
  const checksum = file.readUInt32BE(at + sumAt);
  if (checksum !== crc32(file.subarray(at, at + sumAt))) return undefined;
  return {
    parts: file.readUInt8(at + 1),
    isOpening: (file.readUInt8(at + 1) & part.opening) !== 0,
    owner: file.readUInt32BE(at + 4),
    sequence: readIndex(file, at + 8),
    segment: file.readUInt32BE(at + 16),
    contentBytes: file.readUInt32BE(at + 20),
    entryCount: file.readUInt32BE(at + 24),
    previous: file.readUInt32BE(at + 28),
    contentSum: file.readUInt32BE(at + 32),
    checksum,
  };
}

/** Whether `content` is what the frame of `head` was written with. */
export const holds = (head: FrameHead, content: Buffer): boolean => crc32(content) === head.contentSum;

/** What a frame whose checksums hold says; payloads are copies. Throws `CORRUPT_STORAGE` for what no version writes. */
export function readFrame(head: FrameHead, content: Buffer): FrameContent {
  if (head.parts > allParts) throw corrupt(`write ${head.sequence} of the log has parts that no version writes`);
  let at = 0;
  const take = (bytes: number): Buffer => {
    if (at + bytes > content.length) throw corrupt(`write ${head.sequence} of the log is shorter than its parts`);
    at += bytes;
    return content.subarray(at - bytes, at);
  };
  const segmentBytes = (head.parts & part.opening) === 0 ? undefined : take(4).readUInt32BE();
  const hardState = (head.parts & part.hardState) === 0 ? undefined : decodeHardState(take(take(2).readUInt16BE()));
  const bounds = (head.parts & part.bounds) === 0 ? undefined : readBounds(take(boundsBytes));
  const entries: Entry[] = [];
  while (entries.length < head.entryCount) {
    const record = take(entryLengthAt(content, at) ?? content.length);
    const entry = decodeEntry(head.owner, record);
    // A view would keep all pages of the segment in memory for as long as the entry.
    entries.push({ ...entry, payload: entry.payload.slice() });
  }
  if (at !== content.length) throw corrupt(`write ${head.sequence} of the log is longer than its parts`);
  return { segmentBytes, hardState, bounds, entries };
}

const readBounds = (from: Buffer): FrameBounds => ({
  base: readPosition(from, 0),
  last: readPosition(from, positionBytes),
  table: from.readUInt32BE(2 * positionBytes),
  keptTo: readIndex(from, 2 * positionBytes + 4),
});
