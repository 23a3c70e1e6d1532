import type { Clock, Timer } from '../clock/index.ts';

/** Heartbeats of one session are passed on at most this often. */
const beatFloorMs = 50;

/** Lets a session's heartbeats through at a bounded rate; of those that come between, the newest. */
export class BeatGate {
  readonly #clock: Clock;
  readonly #pass: (counter: number) => void;
  #passedAt = Number.NEGATIVE_INFINITY;
  #next = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock, pass: (counter: number) => void) {
    this.#clock = clock;
    this.#pass = pass;
  }

  beat(counter: number): void {
    this.#next = counter;
    if (this.#timer !== undefined) return;
    const waitMs = this.#passedAt + beatFloorMs - this.#clock.now();
    if (waitMs <= 0) return this.#open();
    this.#timer = this.#clock.after(waitMs, () => {
      this.#timer = undefined;
      this.#open();
    });
  }

  close(): void {
    this.#timer?.cancel();
  }

  #open(): void {
    this.#passedAt = this.#clock.now();
    this.#pass(this.#next);
  }
}
