import type { After } from './watermark.ts';

/** Calls `stalled` once when there was no progress for `limitMs`, unless it is stopped before. */
export class StallWatch {
  readonly #after: After;
  readonly #limitMs: number;
  readonly #stalled: () => void;
  #timer: { cancel(): void };
  #hasMoved = false;

  constructor(after: After, limitMs: number, stalled: () => void) {
    this.#after = after;
    this.#limitMs = limitMs;
    this.#stalled = stalled;
    this.#timer = this.#wait();
  }

  progress(): void {
    this.#hasMoved = true;
  }

  stop(): void {
    this.#timer.cancel();
  }

  #wait(): { cancel(): void } {
    return this.#after(this.#limitMs, () => {
      if (!this.#hasMoved) {
        this.#stalled();
        return;
      }
      this.#hasMoved = false;
      this.#timer = this.#wait();
    });
  }
}
