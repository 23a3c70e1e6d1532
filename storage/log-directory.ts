import { mkdir, open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { exists, syncDirectory } from './data-directory.ts';
import { corrupt } from './errors.ts';
import { frameHeadBytes, pageBytes, readFrame, readFrameHead } from './frame.ts';
import { isBeginning, LogReplay } from './log-replay.ts';
import type { Owner } from './record.ts';
import { type Frame, isZero, type SegmentContents, scanSegment } from './segment-scan.ts';

export const segmentName = (number: number): string => `segment-${String(number).padStart(8, '0')}`;

/** A segment in which something stands. */
export interface UsedSegment {
  readonly number: number;
  readonly bytes: number;
  /** The entries before those of its first frame end here, and stand in older segments. */
  readonly startsAfter: number;
}

/** What a `log` directory holds. */
export interface FoundLog {
  readonly replay: LogReplay;
  /** Oldest first; the last is written to. Never empty. */
  readonly used: readonly UsedSegment[];
  /** The newest write, after which the next one is chained. */
  readonly last: Frame['head'];
  /** Where the next write stands in the newest segment. */
  readonly end: number;
  /** The segment in which a crash has left a part of a write that was not acknowledged, and where that begins. */
  readonly torn: { readonly number: number; readonly path: string; readonly from: number } | undefined;
}

/** The numbers of all segments in `directory`, lowest first. Other files do not concern us. */
async function segmentsIn(directory: string): Promise<readonly number[]> {
  if (!(await exists(directory))) throw corrupt(`${directory} is missing`);
  const names = await readdir(directory);
  return names
    .flatMap((name) => (/^segment-\d{8,}$/.test(name) ? [Number.parseInt(name.slice(8), 10)] : []))
    .sort((a, b) => a - b);
}

async function readSegment(path: string): Promise<Buffer> {
  if (!(await stat(path)).isFile()) throw corrupt(`${path} is no file`);
  return readFile(path);
}

/** Collects what segments hold, one after the other. */
class Reading {
  readonly replay = new LogReplay();
  readonly used: UsedSegment[] = [];
  readonly #directory: string;
  readonly #owner: Owner;
  #last: Frame['head'] | undefined;
  #contents: SegmentContents = { frames: [], end: 0, isTorn: false };
  #torn: FoundLog['torn'];

  constructor(directory: string, owner: Owner) {
    this.#directory = directory;
    this.#owner = owner;
  }

  /** Whether anything stands in the segment `number`; if so, all before it is judged by it. */
  take(number: number, file: Buffer): boolean {
    const path = join(this.#directory, segmentName(number));
    const contents = scanSegment(file, { path, owner: this.#owner, segment: number, before: this.#last });
    const [first] = contents.frames;
    if ((first !== undefined || contents.isTorn) && this.#torn !== undefined) {
      const { path, from } = this.#torn;
      throw corrupt(`${path} is damaged at byte ${from}: a later write stands after it`);
    }
    if (contents.isTorn) this.#torn = { number, path, from: contents.end };
    if (first === undefined) return false;
    if (!isBeginning(first)) throw corrupt(`${path} does not say how it begins`);
    if (first.segmentBytes !== file.length) {
      throw corrupt(`${path} has ${file.length} bytes instead of ${first.segmentBytes}`);
    }
    for (const frame of contents.frames) this.replay.apply(frame);
    this.used.push({ number, bytes: file.length, startsAfter: first.bounds?.keptTo ?? 0 });
    this.#last = contents.frames.at(-1)?.head;
    this.#contents = contents;
    return true;
  }

  get found(): FoundLog {
    if (this.#last === undefined) throw corrupt(`${this.#directory} holds no write`);
    const { replay, used } = this;
    return { replay, used, last: this.#last, end: this.#contents.end, torn: this.#torn };
  }
}

/**
 * Reads and judges all segments. Reads only; calls `progress` after each. The names tell which segment was in use: the
 * one after it is always there, and the one after that as soon as the next is ready, empty. So a newest segment that is
 * gone, or that is empty again, is missed.
 */
export async function readLogDirectory(directory: string, owner: Owner, progress: () => void): Promise<FoundLog> {
  const numbers = await segmentsIn(directory);
  const reading = new Reading(directory, owner);
  const spare: { readonly number: number; readonly bytes: number }[] = [];
  for (const [place, number] of numbers.entries()) {
    if (place > 0 && number !== (numbers[place - 1] ?? 0) + 1)
      throw corrupt(`${directory} lacks segment ${number - 1}`);
    const file = await readSegment(join(directory, segmentName(number)));
    progress();
    const isUsed = reading.take(number, file);
    if (isUsed && spare.length > 0) throw corrupt(`${directory} lacks all writes of segment ${number - 1}`);
    if (!isUsed) spare.push({ number, bytes: file.length });
  }
  const { found } = reading;
  const [next, further, ...rest] = spare;
  if (next === undefined) throw corrupt(`${directory} lacks segment ${found.last.segment + 1}`);
  const wasBegun = further !== undefined && (further.bytes > 0 || next.bytes === 0 || rest.length > 0);
  if (wasBegun) throw corrupt(`${directory} lacks all writes of segment ${next.number}`);
  if (found.torn?.number === next.number && further === undefined) {
    throw corrupt(`${found.torn.path} is damaged at byte 0: it was not ready to be written to`);
  }
  return found;
}

/** The position of an older entry, read back from segments that are all whole. */
export async function rereadLog(directory: string, owner: Owner, used: readonly UsedSegment[]): Promise<LogReplay> {
  const reading = new Reading(directory, owner);
  for (const { number } of used) reading.take(number, await readSegment(join(directory, segmentName(number))));
  return reading.replay;
}

/** Makes an empty directory for a log. */
export async function makeLogDirectory(directory: string): Promise<void> {
  await mkdir(directory, { mode: 0o700 });
}

/** Puts zeros where a crash has left parts of a write, so that the next one finds its place as it must be. */
export async function clearTorn({ path, from }: NonNullable<FoundLog['torn']>): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    const { size } = await handle.stat();
    await handle.write(Buffer.alloc(size - from), 0, size - from, from);
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

/** What is there is durable when it resolves: the process before may have ended while it wrote. */
export async function syncSegments(directory: string, numbers: readonly number[]): Promise<void> {
  for (const number of numbers) {
    const handle = await open(join(directory, segmentName(number)), 'r+');
    try {
      await handle.datasync();
    } finally {
      await handle.close();
    }
  }
  await syncDirectory(directory);
}

/** Whether the log in `directory` was written to after the one write that made it, or is not what that left. */
export async function wasUsed(directory: string): Promise<boolean> {
  const numbers = await segmentsIn(directory);
  // The second is made ready, and the third named, by whoever makes the first.
  if (numbers.some((number) => number > 3) || (numbers[0] ?? 1) > 1) return true;
  for (const number of numbers) {
    const file = await readSegment(join(directory, segmentName(number)));
    const untouchedFrom = number === 1 ? Math.min(pageBytes, file.length) : 0;
    if (!isZero(file, untouchedFrom, file.length) || (number === 1 && !isFirstWrite(file))) return true;
  }
  return false;
}

function isFirstWrite(file: Buffer): boolean {
  if (isZero(file, 0, Math.min(pageBytes, file.length))) return true;
  const head = readFrameHead(file, 0);
  if (head === undefined) return false;
  const { hardState, entries } = readFrame(head, file.subarray(frameHeadBytes, frameHeadBytes + head.contentBytes));
  return head.sequence === 1 && entries.length === 0 && hardState?.term === 0;
}
