import { randomBytes } from 'node:crypto';
import { uptime } from 'node:os';
import type { Clock, Random, Timer } from './clock.ts';

/** Node's timers take at most a signed 32-bit number of milliseconds; beyond it they would fire at once (S113). */
const timerMsMax = 2 ** 31 - 1;

class SystemTimer implements Timer {
  #timeout: NodeJS.Timeout | undefined;
  readonly #due: number;
  readonly #fire: () => void;

  constructor(ms: number, fire: () => void) {
    this.#due = performance.now() + ms;
    this.#fire = fire;
    this.#arm();
  }

  cancel(): void {
    clearTimeout(this.#timeout);
    this.#timeout = undefined;
  }

  #arm(): void {
    const left = Math.max(0, this.#due - performance.now());
    // Node rounds down, and counts from the start of its loop's turn: a timer for 4.7 ms may fire after 3.8. A deadline
    // must not be early, and to be woken twice costs more than to be late by a millisecond.
    const ms = Math.min(Math.ceil(left) + 1, timerMsMax);
    this.#timeout = setTimeout(() => (performance.now() >= this.#due ? this.#fire() : this.#arm()), ms);
    this.#timeout.unref();
  }
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  uptime: () => uptime(),
  after: (ms, fire) => new SystemTimer(ms, fire),
  soon: (run) => void setImmediate(run),
};

export const systemRandom: Random = {
  u32: () => randomBytes(4).readUInt32LE(),
  hex: (bytes) => randomBytes(bytes).toString('hex'),
};
