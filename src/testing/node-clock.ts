import type { Clock, Timer } from '../clock/index.ts';
import type { VirtualTime } from './virtual-time.ts';

/** One machine's view of virtual time. A paused node's timers wait and fire when it wakes, before it hears what came meanwhile. */
export class NodeClock implements Clock {
  readonly #time: VirtualTime;
  /** Milliseconds that this clock counts in one of true time. */
  readonly #rate: number;
  #looks = 0;
  #isAlive = true;
  #missed: { readonly timers: (() => void)[]; readonly messages: (() => void)[] } | undefined;
  #asleepSince: number | undefined;
  #sleptMs = 0;
  #wallStepMs = 0;

  constructor(time: VirtualTime, rate = 1) {
    this.#time = time;
    this.#rate = rate;
  }

  /** Goes on a little with every look at it, as a real clock does. */
  now(): number {
    this.#looks += 1;
    return this.#awakeMs + this.#looks / 1e9;
  }

  wall(): number {
    return this.#time.wallAtStart + this.now() + this.#timeAsleep * this.#rate + this.#wallStepMs;
  }

  uptime(): number {
    return (this.now() + this.#timeAsleep * this.#rate) / 1000;
  }

  after(ms: number, fire: () => void): Timer {
    const due = this.#awakeMs + ms;
    let isCancelled = false;
    const ring = (): void => {
      const leftMs = due - this.#awakeMs;
      // The machine slept meanwhile. A timer is no more exact than the arithmetic.
      if (leftMs > 1e-6) this.#time.at(leftMs / this.#rate, () => this.#run(ring));
      else if (!isCancelled) fire();
    };
    const timer = this.#time.at(ms / this.#rate, () => this.#run(ring));
    return {
      cancel: () => {
        isCancelled = true;
        timer.cancel();
      },
    };
  }

  soon(run: () => void): void {
    this.#time.at(0, () => this.#run(run));
  }

  /** The process is gone: nothing of it runs any more. */
  kill(): void {
    this.#isAlive = false;
  }

  /** The process is stopped, or its event loop blocked. */
  pause(): void {
    this.#missed ??= { timers: [], messages: [] };
  }

  /** The machine sleeps: the monotonic clock stands still, the wall clock and the uptime go on. */
  suspend(): void {
    this.pause();
    this.#asleepSince ??= this.#time.now;
  }

  /** Stopped, or asleep: nothing of it runs until `resume`. */
  get isStopped(): boolean {
    return this.#missed !== undefined;
  }

  get isAsleep(): boolean {
    return this.#asleepSince !== undefined;
  }

  /** How long it has been asleep in all, in milliseconds of true time. */
  get sleptMs(): number {
    return this.#timeAsleep;
  }

  resume(): void {
    const { timers, messages } = this.#missed ?? { timers: [], messages: [] };
    this.#sleptMs = this.#timeAsleep;
    this.#asleepSince = undefined;
    this.#missed = undefined;
    for (const run of timers) this.#time.at(0, () => this.#run(run));
    for (const run of messages) this.#time.at(0, () => this.deliver(run));
  }

  /** Somebody sets the wall clock. */
  stepWall(ms: number): void {
    this.#wallStepMs += ms;
  }

  /** Hands in an event from outside, such as a message: it waits while the process is paused. */
  deliver(run: () => void): void {
    if (!this.#isAlive) return;
    if (this.#missed !== undefined) this.#missed.messages.push(run);
    else run();
  }

  /** Milliseconds of true time, up to now. */
  get #timeAsleep(): number {
    return this.#sleptMs + (this.#asleepSince === undefined ? 0 : this.#time.now - this.#asleepSince);
  }

  get #awakeMs(): number {
    return (this.#time.now - this.#timeAsleep) * this.#rate;
  }

  #run(run: () => void): void {
    if (!this.#isAlive) return;
    if (this.#missed !== undefined) this.#missed.timers.push(run);
    else run();
  }
}
