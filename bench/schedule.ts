/**
 * When the requests of an open-loop load are due: evenly, at `ratePerS`, whatever became of the earlier ones. Latency
 * counts from here, so that a system that stalls cannot hide the requests that it kept from being sent.
 */
export class Schedule {
  readonly #fromMs: number;
  readonly #untilMs: number;
  readonly #gapMs: number;
  #next = 0;

  constructor(window: { readonly fromMs: number; readonly untilMs: number }, ratePerS: number) {
    if (!(ratePerS > 0)) throw new RangeError(`a rate must be above 0 per second, not ${ratePerS}`);
    this.#fromMs = window.fromMs;
    this.#untilMs = window.untilMs;
    this.#gapMs = 1_000 / ratePerS;
  }

  /** All have been taken. */
  get isOver(): boolean {
    return this.#dueMs(this.#next) >= this.#untilMs;
  }

  /** The times of all requests that have come due until `nowMs` and were not taken yet. */
  take(nowMs: number): readonly number[] {
    const due: number[] = [];
    while (!this.isOver && this.#dueMs(this.#next) <= nowMs) {
      due.push(this.#dueMs(this.#next));
      this.#next += 1;
    }
    return due;
  }

  /** By multiplication: a sum of gaps would drift. */
  #dueMs(request: number): number {
    return this.#fromMs + request * this.#gapMs;
  }
}
