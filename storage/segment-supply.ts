import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory } from './data-directory.ts';
import { demand } from './errors.ts';
import { pagesFor } from './frame.ts';
import { segmentName } from './log-directory.ts';
import { fillSynced, openSynced } from './synced-file.ts';

/** A segment file that is open for writing. */
export interface Segment {
  readonly number: number;
  readonly handle: FileHandle;
  readonly bytes: number;
}

/** Opens a segment that has been written to before. */
export async function openSegment(directory: string, number: number): Promise<Segment> {
  const handle = await openSynced(join(directory, segmentName(number)));
  const { size } = await handle.stat();
  return { number, handle, bytes: size };
}

/** Makes a segment of zeros, or goes on where its making was cut off. Durable when it resolves, but for its name. */
export async function makeSegment(
  directory: string,
  number: number,
  { bytes, isCancelled = () => false }: { readonly bytes: number; readonly isCancelled?: () => boolean },
): Promise<Segment> {
  const handle = await openSynced(join(directory, segmentName(number)), true);
  try {
    const { size } = await handle.stat();
    // What another process has filled need not have reached the disk.
    if (size > 0) await handle.sync();
    await fillSynced(handle, { from: size, to: bytes, isCancelled });
    return { number, handle, bytes: Math.max(size, bytes) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * Keeps the segment after the one in use ready, so that no write ever waits for room, or finds none, in the middle.
 * Once that is done, it makes the name of the one after: as long as that is not there, the next may not be used.
 */
export class SegmentSupply {
  readonly #directory: string;
  readonly #bytes: number;
  #ready: Segment | undefined;
  #work: Promise<void> | undefined;
  #isClosed = false;

  constructor(directory: string, bytes: number) {
    this.#directory = directory;
    this.#bytes = pagesFor(bytes);
  }

  /** Begins to make `number` ready, behind. An error shows when it is needed. */
  prepare(number: number): void {
    this.#work ??= this.#make(number).finally(() => {
      this.#work = undefined;
    });
    this.#work.catch(() => undefined);
  }

  /** Hands out the prepared segment if there is one with room for `bytes`. */
  take(bytes: number): Segment | undefined {
    const ready = this.#ready;
    if (ready === undefined || ready.bytes < bytes) return undefined;
    this.#ready = undefined;
    return ready;
  }

  /**
   * The segment `number`, with room for `bytes` (whole pages), as soon as it is ready. What failed before is tried once
   * more: nobody relies on a file of zeros, and room may have been made.
   */
  async wait(number: number, bytes: number): Promise<Segment> {
    await this.#work?.catch(() => undefined);
    if (this.#ready === undefined) await this.#make(number);
    const ready = this.take(0);
    demand(ready !== undefined, 'the log was closed while a write waited for its next file');
    if (ready.bytes >= bytes) return ready;
    try {
      await fillSynced(ready.handle, { from: ready.bytes, to: bytes, isCancelled: () => false });
    } catch (error) {
      await ready.handle.close();
      throw error;
    }
    return { ...ready, bytes };
  }

  /** Ends what goes on; what is not ready then is made ready by the next process. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#work?.catch(() => undefined);
    await this.#ready?.handle.close();
    this.#ready = undefined;
  }

  async #make(number: number): Promise<void> {
    const directory = this.#directory;
    const segment = await makeSegment(directory, number, { bytes: this.#bytes, isCancelled: () => this.#isClosed });
    try {
      if (this.#isClosed) {
        await segment.handle.close();
        return;
      }
      const further = await openSynced(join(directory, segmentName(number + 1)), true);
      await further.close();
      await syncDirectory(directory);
      this.#ready = segment;
    } catch (error) {
      await segment.handle.close();
      throw error;
    }
  }
}
