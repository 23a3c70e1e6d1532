import type { Timer } from '../clock/index.ts';
import { keepAlive } from '../keep-alive.ts';
import type { Pace } from './pace.ts';
import { trueTimers } from './true-timers.ts';
import { VirtualTime } from './virtual-time.ts';

/** How often somebody who waits for a condition looks. */
const lookMs = 5;

/** Appointments kept by the clock on the wall. */
class WalledTime extends VirtualTime {
  override readonly wallAtStart: number = trueTimers.dateNow();
  readonly #startedAt = trueTimers.performanceNow();
  #alarm: { readonly at: number; readonly cancel: () => void } | undefined;
  #isRunning = false;
  #isClosed = false;

  override get now(): number {
    return trueTimers.performanceNow() - this.#startedAt;
  }

  override at(ms: number, run: () => void): Timer {
    const timer = super.at(ms, run);
    this.#arm();
    return timer;
  }

  close(): void {
    this.#isClosed = true;
    this.#alarm?.cancel();
  }

  /** One alarm, for the first appointment. A long wait is cut: Node's timers take 31 bits. */
  #arm(): void {
    const at = this.nextAt;
    if (at === undefined || this.#isRunning || this.#isClosed) return;
    if (this.#alarm !== undefined && this.#alarm.at <= at) return;
    this.#alarm?.cancel();
    this.#alarm = { at, cancel: wake(Math.min(at - this.now, 2 ** 30), () => this.#ring()) };
  }

  #ring(): void {
    this.#alarm = undefined;
    this.#isRunning = true;
    try {
      this.runTo(this.now);
    } finally {
      this.#isRunning = false;
      this.#arm();
    }
  }
}

const wake = (ms: number, run: () => void): (() => void) => {
  if (ms <= 0) {
    const immediate = trueTimers.setImmediate(run);
    return () => trueTimers.clearImmediate(immediate);
  }
  const timeout = trueTimers.setTimeout(run, Math.ceil(ms)).unref();
  return () => trueTimers.clearTimeout(timeout);
};

/** Time as it is. Keeps the process up until it is closed, as a real node does. */
export class RealTime implements Pace {
  readonly #time = new WalledTime();
  readonly #release = keepAlive();

  get time(): VirtualTime {
    return this.#time;
  }

  async advance(ms: number): Promise<void> {
    await this.until(() => false, ms);
  }

  async until(holds: () => boolean, withinMs: number): Promise<boolean> {
    const end = this.#time.now + withinMs;
    while (!holds()) {
      const leftMs = end - this.#time.now;
      if (leftMs <= 0) return false;
      await new Promise<void>((resolve) => void trueTimers.setTimeout(resolve, Math.min(lookMs, leftMs)));
    }
    return true;
  }

  close(): void {
    this.#time.close();
    this.#release();
  }
}
