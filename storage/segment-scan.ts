import { corrupt, type StorageError } from './errors.ts';
import {
  type FrameContent,
  type FrameHead,
  frameHeadBytes,
  holds,
  pageBytes,
  pagesFor,
  readFrame,
  readFrameHead,
  sectorBytes,
} from './frame.ts';
import type { Owner } from './record.ts';

/** A frame that is whole and in its place. */
export interface Frame extends FrameContent {
  readonly head: FrameHead;
}

/** What one segment file holds. */
export interface SegmentContents {
  readonly frames: readonly Frame[];
  /** Where the next frame would begin. */
  readonly end: number;
  /** Set if something stands after `end` that a crash may have left of the last write, which was not acknowledged. */
  readonly isTorn: boolean;
}

/** Which segment is read, and what came before it. */
export interface SegmentPlace {
  readonly path: string;
  readonly owner: Owner;
  readonly segment: number;
  /** The last frame of the segment before; undefined for the oldest that is there. */
  readonly before: FrameHead | undefined;
}

/**
 * Reads a segment, and never skips anything. A write that a crash has torn leaves some of its sectors as they were,
 * which is zero, and nothing after it. Throws `CORRUPT_STORAGE` for everything else: no crash leaves that.
 */
export function scanSegment(file: Buffer, place: SegmentPlace): SegmentContents {
  const frames: Frame[] = [];
  let { before } = place;
  let at = 0;
  while (at < file.length) {
    const isBegun = !isZero(file, at, Math.min(at + sectorBytes, file.length));
    const head = isBegun ? headAt(file, at, { ...place, before }) : undefined;
    const end = head === undefined ? file.length : at + pagesFor(frameHeadBytes + head.contentBytes);
    const content = head && file.subarray(at + frameHeadBytes, at + frameHeadBytes + head.contentBytes);
    if (head === undefined || content === undefined || !holds(head, content)) {
      return { frames, end: at, isTorn: tornAt(file, at, { path: place.path, end, head }) };
    }
    if (!isZero(file, at + frameHeadBytes + content.length, end)) throw damage(place.path, at, 'bytes after a write');
    frames.push({ head, ...readFrame(head, content) });
    before = head;
    at = end;
  }
  return { frames, end: at, isTorn: false };
}

const damage = (path: string, at: number, what: string): StorageError =>
  corrupt(`${path} is damaged at byte ${at}: ${what}`);

/** The head of the frame that begins at `at`, which a disk writes whole or not at all: so it is right, or rotten. */
function headAt(file: Buffer, at: number, { path, owner, segment, before }: SegmentPlace): FrameHead {
  const head = readFrameHead(file, at);
  if (head === undefined) throw damage(path, at, 'the head of a write fails its checksum');
  if (head.owner !== owner) throw damage(path, at, 'a write of another node, or of another life of this one');
  if (head.segment !== segment) throw damage(path, at, `a write of segment ${head.segment}`);
  if (before !== undefined && (head.sequence !== before.sequence + 1 || head.previous !== before.checksum)) {
    throw damage(path, at, `write ${head.sequence} does not follow write ${before.sequence}`);
  }
  if (head.isOpening !== (at === 0)) throw damage(path, at, 'a write that is in no place of its own');
  if (at + pagesFor(frameHeadBytes + head.contentBytes) > file.length) throw damage(path, at, 'a write cut short');
  return head;
}

/** Whether the frame at `at`, which is not whole, is torn; false if nothing was ever written there. */
function tornAt(
  file: Buffer,
  at: number,
  { path, end, head }: { readonly path: string; readonly end: number; readonly head: FrameHead | undefined },
): boolean {
  if (head === undefined) {
    // A write begins only when the one before is durable: whatever is followed by another one was once whole.
    for (let later = at + pageBytes; later < file.length; later += pageBytes) {
      if (readFrameHead(file, later) !== undefined) throw damage(path, at, 'a later write stands after it');
    }
    return !isZero(file, at, file.length);
  }
  if (!isZero(file, end, file.length)) throw damage(path, at, 'something stands after it');
  if (lacksSector(file, at, at + frameHeadBytes + head.contentBytes)) return true;
  throw damage(path, at, 'a write fails its checksum although no part of it is missing');
}

/** Whether any sector from `from` to `to` is as it was before it was written. */
function lacksSector(file: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at += sectorBytes) {
    if (isZero(file, at, Math.min(at + sectorBytes, to))) return true;
  }
  return false;
}

const zeros = Buffer.alloc(64 * 1024);

export function isZero(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at += zeros.length) {
    const length = Math.min(zeros.length, to - at);
    if (bytes.compare(zeros, 0, length, at, at + length) !== 0) return false;
  }
  return true;
}
