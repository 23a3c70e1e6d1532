import type { Timer } from '../clock/index.ts';
import type { Pace } from './pace.ts';
import { breath, trueTimers } from './true-timers.ts';
import { VirtualTime } from './virtual-time.ts';

/** What is due at this moment happens by itself, as soon as the event loop is free; nothing else does. */
class PumpedTime extends VirtualTime {
  #isRunning = false;
  #isPumped = false;
  #isClosed = false;

  override at(ms: number, run: () => void): Timer {
    const timer = super.at(ms, run);
    if (ms <= 0) this.#pumpSoon();
    return timer;
  }

  override runTo(end: number): void {
    if (this.#isRunning || this.#isClosed) return;
    this.#isRunning = true;
    try {
      super.runTo(end);
    } finally {
      this.#isRunning = false;
    }
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  close(): void {
    this.#isClosed = true;
  }

  #pumpSoon(): void {
    if (this.#isPumped || this.#isRunning || this.#isClosed) return;
    this.#isPumped = true;
    trueTimers.setImmediate(() => {
      this.#isPumped = false;
      this.runTo(this.now);
    });
  }
}

/**
 * Virtual time for code that awaits. Several who let it pass at once pass the same time, not one after another: so
 * nobody can wait for somebody who waits for him.
 */
export class SteppedTime implements Pace {
  readonly #time = new PumpedTime();

  get time(): VirtualTime {
    return this.#time;
  }

  async advance(ms: number): Promise<void> {
    await this.#pass(() => false, this.#time.now + ms);
  }

  until(holds: () => boolean, withinMs: number): Promise<boolean> {
    return this.#pass(holds, this.#time.now + withinMs);
  }

  close(): void {
    this.#time.close();
  }

  /** One moment after the other; what is told to code that awaits takes its effect before time goes on. */
  async #pass(holds: () => boolean, end: number): Promise<boolean> {
    const time = this.#time;
    for (;;) {
      await breath();
      if (holds()) return true;
      if (time.isClosed) return false;
      const next = time.nextAt;
      if (next !== undefined && next <= end) time.runTo(next);
      else if (time.now < end) time.runTo(end);
      else return false;
    }
  }
}
