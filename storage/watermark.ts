import type { HardState, LogIndex, Position } from '../raft/index.ts';
import type { Mark, WatermarkFile } from './watermark-file.ts';

/** Calls `fire` once after `ms`; the answer cancels it. */
export type After = (ms: number, fire: () => void) => { cancel(): void };

/** The process's own timers; none of them keeps it up. */
export const afterByTimer: After = (ms, fire) => {
  const timer = setTimeout(fire, ms);
  timer.unref();
  return { cancel: () => clearTimeout(timer) };
};

export interface WatermarkOptions {
  readonly after: After;
  /** How long a durable entry may be missing from the file, in milliseconds. */
  readonly intervalMs: number;
  /** How many durable entries may be missing from the file. */
  readonly entriesMax: number;
  /** A background write failed; called at most once. */
  readonly failed: (error: unknown) => void;
}

/**
 * Decides when the watermark is written. Term and vote never lag; the last index may, so that the common write costs
 * one sync. The file is never ahead of the log: it follows what is durable, and is lowered before a truncation.
 */
export class Watermark {
  readonly #file: WatermarkFile;
  readonly #options: WatermarkOptions;
  #mark: Mark;
  #written: Mark;
  #tail: Promise<void> = Promise.resolve();
  #timer: { cancel(): void } | undefined;
  #isBehind = false;

  constructor(file: WatermarkFile, mark: Mark, options: WatermarkOptions) {
    this.#file = file;
    this.#options = options;
    this.#mark = mark;
    this.#written = mark;
  }

  /** The log is durable up to `last`. Reaches the file within the interval, or after so many entries. */
  reached(last: Position): void {
    if (last.index === this.#mark.index && last.chain === this.#mark.chain) return;
    this.#mark = { ...this.#mark, index: last.index, chain: last.chain };
    if (last.index - this.#written.index >= this.#options.entriesMax) this.#flushBehind();
    else this.#timer ??= this.#options.after(this.#options.intervalMs, () => this.#flushBehind());
  }

  /** `hardState` is durable in the log; in the file, too, when it resolves. */
  async secure(hardState: HardState): Promise<void> {
    this.#mark = { ...this.#mark, hardState };
    await this.flush();
  }

  /** The entries above `index` are about to go: the file knows that before they do. */
  async lower(index: LogIndex): Promise<void> {
    if (index >= this.#mark.index && index >= this.#written.index) return;
    this.#mark = { ...this.#mark, index: Math.min(index, this.#mark.index), chain: undefined };
    await this.flush();
  }

  /** All that was said so far is durable when it resolves. */
  flush(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#tail = this.#tail.then(() => this.#write());
    return this.#tail;
  }

  /** Writes what is left, closes the files. */
  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      await this.#file.close();
    }
  }

  /** Closes the files as they are: after a failure nothing may be claimed any more. */
  async abandon(): Promise<void> {
    this.#timer?.cancel();
    await this.#tail.catch(() => undefined);
    await this.#file.close();
  }

  async #write(): Promise<void> {
    const mark = this.#mark;
    if (mark === this.#written) return;
    await this.#file.write(mark);
    this.#written = mark;
  }

  #flushBehind(): void {
    // One at a time: whatever comes meanwhile is in the next one.
    if (this.#isBehind) return;
    this.#isBehind = true;
    this.flush().then(() => {
      this.#isBehind = false;
    }, this.#options.failed);
  }
}
