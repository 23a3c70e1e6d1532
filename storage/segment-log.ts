import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChainOf, Entry, HardState, LogIndex, LogWrite, Position } from '../raft/index.ts';
import { syncDirectory } from './data-directory.ts';
import { translated } from './database.ts';
import { type FrameBounds, type FrameContent, frameBytes, pageBytes, pagesFor, writeFrame } from './frame.ts';
import {
  clearTorn,
  type FoundLog,
  makeLogDirectory,
  readLogDirectory,
  rereadLog,
  segmentName,
  syncSegments,
  type UsedSegment,
} from './log-directory.ts';
import { emptyLog, type LogPlan, planWrite } from './log-plan.ts';
import type { Owner, StoredBounds } from './record.ts';
import { makeSegment, openSegment, type Segment, SegmentSupply } from './segment-supply.ts';
import { writeSynced } from './synced-file.ts';

/** Whose log, where, and how long its files are. */
export interface LogPlace {
  readonly path: string;
  readonly owner: Owner;
  readonly segmentBytes: number;
}

/** Long enough that making the next one is rare, short enough that an empty log is small. */
export const segmentBytesDefault: number = 8 * 1024 * 1024;

/** A write with all that must be known of it. */
export interface PlannedWrite {
  readonly write: LogWrite;
  readonly plan: LogPlan;
  /** The last entry after it. */
  readonly last: Position;
  /** The number of the table directory that counts after it. */
  readonly table: number;
}

/** A frame on its way, and what is true once it is durable. */
interface Frame {
  readonly content: FrameContent;
  readonly bounds: StoredBounds;
  readonly hardState: HardState;
}

type Written = (error: Error | null) => void;

/** Frames up to this size are built in one buffer again and again. */
const bufferBytesMax = 1024 * 1024;
const unused = (): void => undefined;

/** The log: segment files to whose newest each write appends one frame, in one synced call to the system. */
export class SegmentLog {
  readonly #place: LogPlace;
  readonly #supply: SegmentSupply;
  readonly #used: UsedSegment[];
  #current: Segment;
  #end: number;
  #sequence: number;
  #checksum: number;
  #bounds: StoredBounds;
  #hardState: HardState;
  #buffer: Buffer = Buffer.alloc(16 * pageBytes);
  /** Ends with the removal of old segments; the supply of new ones has its own. */
  #behind: Promise<void> = Promise.resolve();
  #isRemoving = false;
  #failed: (error: unknown) => void = unused;

  private constructor(place: LogPlace, current: Segment, { replay, used, last, end }: FoundLog) {
    this.#place = place;
    this.#supply = new SegmentSupply(place.path, place.segmentBytes);
    this.#current = current;
    this.#used = [...used];
    this.#end = end;
    this.#sequence = last.sequence;
    this.#checksum = last.checksum;
    this.#bounds = replay.bounds;
    this.#hardState = replay.hardState;
  }

  /** Makes an empty log at term 0, durably but for the name of its directory. */
  static async create(place: LogPlace, table: number): Promise<SegmentLog> {
    const { path, owner } = place;
    await makeLogDirectory(path);
    const bytes = pagesFor(place.segmentBytes);
    const first = await makeSegment(path, 1, { bytes });
    const second = await makeSegment(path, 2, { bytes: 0 });
    await second.handle.close();
    const page = Buffer.alloc(pageBytes);
    const bounds = { ...emptyLog, table, keptTo: 0 };
    const content = { segmentBytes: bytes, hardState: { term: 0, votedFor: undefined }, bounds, entries: [] };
    writeFrame(page, { owner, segment: 1, sequence: 1, previous: 0 }, content);
    await first.handle.write(page, 0, page.length, 0);
    await first.handle.datasync();
    await first.handle.close();
    const found = await readLogDirectory(path, owner, unused);
    return await SegmentLog.open(place, found);
  }

  /**
   * Opens the log that was found and believed: what a torn write has left is cleared, and what is there made durable,
   * since the process before need not have come to that.
   */
  static async open(place: LogPlace, found: FoundLog): Promise<SegmentLog> {
    const { number } = found.used.at(-1) ?? { number: 1 };
    if (found.torn !== undefined) await clearTorn(found.torn);
    await syncSegments(place.path, [number, number + 1]);
    const log = new SegmentLog(place, await openSegment(place.path, number), found);
    log.#supply.prepare(number + 1);
    return log;
  }

  get bounds(): StoredBounds {
    return this.#bounds;
  }

  get hardState(): HardState {
    return this.#hardState;
  }

  /** Whom to tell of an error of what goes on between writes. */
  reportTo(failed: (error: unknown) => void): void {
    this.#failed = failed;
  }

  /** What `write` would do. Throws a `MISUSE` for a write that the store's contract forbids. `covered`: the newest checkpoint. */
  plan(write: LogWrite, covered: LogIndex): LogPlan {
    return planWrite(this.#bounds, write, covered);
  }

  /** The position of a stored entry, read back from the disk. */
  async positionAt(index: LogIndex): Promise<Position> {
    const { base, last } = this.#bounds;
    if (index === base.index) return base;
    if (index === last.index) return last;
    await this.#behind;
    return (await rereadLog(this.#place.path, this.#place.owner, this.#used)).positionAt(index);
  }

  /** Makes a write durable, then calls `written`, never before it has returned. Calls must not overlap. */
  write({ write, plan, last, table }: PlannedWrite, written: Written): void {
    const before = this.#bounds;
    const keptTo = plan.lastIndex - write.entries.length;
    const bounds = { base: plan.base, last, table };
    const isAppend = keptTo === before.last.index && plan.base.index === before.base.index && table === before.table;
    const frame: Frame = {
      content: {
        segmentBytes: undefined,
        hardState: write.hardState,
        bounds: isAppend ? undefined : { ...bounds, keptTo },
        entries: write.entries,
      },
      bounds,
      hardState: write.hardState ?? this.#hardState,
    };
    if (this.#end + pagesFor(frameBytes(frame.content)) <= this.#current.bytes) this.#put(frame, written);
    else this.#putInNext(frame, { ...bounds, keptTo }, written);
  }

  async close(): Promise<void> {
    await this.#supply.close();
    try {
      await this.#behind;
    } finally {
      await this.#current.handle.close();
    }
  }

  /** What is full is left; the next segment begins with all that must be known without it. */
  #putInNext(frame: Frame, bounds: FrameBounds, written: Written): void {
    const number = this.#current.number + 1;
    const beginIn = (next: Segment): void => {
      const former = this.#current;
      this.#current = next;
      this.#end = 0;
      const content = { ...frame.content, segmentBytes: next.bytes, hardState: frame.hardState, bounds };
      this.#put({ ...frame, content }, (error) => {
        if (error === null) this.#begun(former, bounds.keptTo);
        written(error);
      });
    };
    const opening = { ...frame.content, segmentBytes: 0, hardState: frame.hardState, bounds };
    const bytes = pagesFor(frameBytes(opening));
    const ready = this.#supply.take(bytes);
    if (ready !== undefined) beginIn(ready);
    else this.#supply.wait(number, bytes).then(beginIn).catch(written);
  }

  /** Only now: whoever finds the next segment in the making knows that this one was written to. */
  #begun(former: Segment, startsAfter: LogIndex): void {
    const { number, bytes } = this.#current;
    this.#used.push({ number, bytes, startsAfter });
    this.#supply.prepare(number + 1);
    this.#behind = this.#behind.then(() => former.handle.close());
    this.#behind.catch((error) => this.#failed(error));
    this.#removePassed();
  }

  #put({ content, bounds, hardState }: Frame, written: Written): void {
    const bytes = frameBytes(content);
    const length = pagesFor(bytes);
    const buffer = this.#bufferOf(length);
    buffer.fill(0, bytes, length);
    const { owner } = this.#place;
    const segment = this.#current.number;
    const place = { owner, segment, sequence: this.#sequence + 1, previous: this.#checksum };
    const checksum = writeFrame(buffer, place, content);
    writeSynced(this.#current.handle, { buffer, from: 0, length, at: this.#end }, (error) => {
      if (error === null) {
        const isMoved = bounds.base.index !== this.#bounds.base.index;
        this.#end += length;
        this.#sequence = place.sequence;
        this.#checksum = checksum;
        this.#bounds = bounds;
        this.#hardState = hardState;
        if (isMoved) this.#removePassed();
      }
      written(error);
    });
  }

  #bufferOf(length: number): Buffer {
    if (length <= this.#buffer.length) return this.#buffer;
    const buffer = Buffer.alloc(length);
    if (length <= bufferBytesMax) this.#buffer = buffer;
    return buffer;
  }

  /** Removes segments of which every entry is at or below the base, oldest first: behind, since nobody waits for it. */
  #removePassed(): void {
    if (this.#isRemoving || !this.#isOldestPassed) return;
    this.#isRemoving = true;
    this.#behind = this.#behind
      .then(() => this.#removeOldest())
      .finally(() => {
        this.#isRemoving = false;
      });
    this.#behind.catch((error) => this.#failed(error));
  }

  async #removeOldest(): Promise<void> {
    while (this.#isOldestPassed) {
      const [oldest] = this.#used.splice(0, 1);
      if (oldest === undefined) return;
      await rm(join(this.#place.path, segmentName(oldest.number)), { force: true });
      // Each name is durably gone before the next goes: a gap in the numbers would be taken for a loss.
      await syncDirectory(this.#place.path);
    }
  }

  get #isOldestPassed(): boolean {
    const second = this.#used[1];
    return second !== undefined && this.#bounds.base.index >= second.startsAfter;
  }
}

/** Everything that a log's files say, judged. Throws `CORRUPT_STORAGE` at the first doubt; changes nothing. */
export async function findLog(
  { path, owner }: LogPlace,
  chainOf: ChainOf,
  progress: () => void,
): Promise<{ readonly found: FoundLog; readonly entries: readonly Entry[] }> {
  try {
    const found = await readLogDirectory(path, owner, progress);
    return { found, entries: found.replay.entries(chainOf) };
  } catch (error) {
    throw translated(error, path);
  }
}
