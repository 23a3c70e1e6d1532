import type { Clock, Random, Timer } from '../../src/clock/index.ts';

interface Due {
  readonly at: number;
  readonly order: number;
  readonly fire: () => void;
}

/** Time that moves only when a test says so. Timers fire in order of time, then of making. */
export class VirtualClock implements Clock {
  #now = 1_000;
  #wallLead = 1_700_000_000_000;
  #uptimeLead = 50_000;
  #made = 0;
  #due: Due[] = [];

  now(): number {
    return this.#now;
  }

  wall(): number {
    return this.#now + this.#wallLead;
  }

  uptime(): number {
    // A fraction, so that nobody takes it for a clock of whole seconds.
    return (this.#now + this.#uptimeLead + 0.5) / 1_000;
  }

  after(ms: number, fire: () => void): Timer {
    this.#made += 1;
    const due: Due = { at: this.#now + Math.max(0, ms), order: this.#made, fire };
    this.#due.push(due);
    return { cancel: () => this.#drop(due) };
  }

  soon(run: () => void): void {
    this.after(0, run);
  }

  /** Lets `ms` pass, firing everything that falls due on the way. */
  pass(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = this.#next(end);
      if (next === undefined) break;
      this.#drop(next);
      this.#now = Math.max(this.#now, next.at);
      next.fire();
    }
    this.#now = end;
  }

  /** Time passes while the event loop is blocked: no timer fires until the next `pass`. */
  block(ms: number): void {
    this.#now += ms;
  }

  /** The clocks that run on during a suspend step ahead (or the wall clock is set back, when negative). */
  jump(step: { readonly wallMs?: number; readonly uptimeMs?: number }): void {
    this.#wallLead += step.wallMs ?? 0;
    this.#uptimeLead += step.uptimeMs ?? 0;
  }

  #next(end: number): Due | undefined {
    let next: Due | undefined;
    for (const due of this.#due) {
      if (due.at > end) continue;
      if (next === undefined || due.at < next.at || (due.at === next.at && due.order < next.order)) next = due;
    }
    return next;
  }

  #drop(due: Due): void {
    this.#due = this.#due.filter((other) => other !== due);
  }
}

/** The clock of another machine: runs `rate` times as fast as the base. */
export const drifting = (base: VirtualClock, rate: number): Clock => ({
  now: () => base.now() * rate,
  wall: () => base.wall(),
  uptime: () => base.uptime() - base.now() / 1_000 + (base.now() * rate) / 1_000,
  after: (ms, fire) => base.after(ms / rate, fire),
  soon: (run) => base.soon(run),
});

/** Random enough for nonces, and the same every time. */
export const countingRandom = (): Random => {
  let count = 0;
  return {
    u32: () => {
      count += 1;
      return (count * 2_654_435_761) % 2 ** 32;
    },
    hex: (bytes) => {
      count += 1;
      return count.toString(16).padStart(2 * bytes, '0');
    },
  };
};
