import type { Clock, Timer } from '../../src/clock/index.ts';

interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  isCancelled: boolean;
}

/** Virtual time for whole nodes: nothing happens between events, and equal runs give equal orders. */
export class VirtualTime {
  #now = 0;
  #order = 0;
  #events: Event[] = [];

  get now(): number {
    return this.#now;
  }

  at(ms: number, run: () => void): Timer {
    const event: Event = { at: this.#now + Math.max(0, ms), order: this.#order++, run, isCancelled: false };
    this.#insert(event);
    return {
      cancel: () => {
        event.isCancelled = true;
      },
    };
  }

  /** Runs events until `ms` have passed. */
  advance(ms: number): void {
    const end = this.#now + ms;
    this.runUntil(() => false, end);
    this.#now = end;
  }

  /** Runs events until `holds`, or fails after `withinMs`. */
  until(holds: () => boolean, withinMs: number, what: string): void {
    const end = this.#now + withinMs;
    this.runUntil(holds, end);
    if (!holds()) throw new Error(`not within ${withinMs} virtual ms: ${what}`);
  }

  private runUntil(holds: () => boolean, end: number): void {
    while (!holds()) {
      const next = this.#events[this.#events.length - 1];
      if (next === undefined || next.at > end) {
        this.#now = Math.max(this.#now, end);
        return;
      }
      this.#events.pop();
      if (next.isCancelled) continue;
      this.#now = next.at;
      next.run();
    }
  }

  /** Sorted with the next event last; ties in the order they were made. */
  #insert(event: Event): void {
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#events[middle];
      if (other !== undefined && (other.at > event.at || (other.at === event.at && other.order > event.order)))
        low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, event);
  }
}

/** One node's view of it. A paused node's timers wait and fire when it wakes. */
export class NodeClock implements Clock {
  readonly #time: VirtualTime;
  /** Milliseconds that this clock counts in one of true time. */
  readonly #rate: number;
  #looks = 0;
  #isAlive = true;
  #pausedRuns: (() => void)[] | undefined;

  constructor(time: VirtualTime, rate = 1) {
    this.#time = time;
    this.#rate = rate;
  }

  /** Goes on a little with every look at it, as a real clock does. */
  now(): number {
    this.#looks += 1;
    return this.#time.now * this.#rate + this.#looks / 1e9;
  }

  wall(): number {
    return 1_700_000_000_000 + this.now();
  }

  uptime(): number {
    return this.now() / 1000;
  }

  after(ms: number, fire: () => void): Timer {
    return this.#time.at(ms / this.#rate, () => this.#run(fire));
  }

  soon(run: () => void): void {
    this.#time.at(0, () => this.#run(run));
  }

  /** The process is gone: nothing of it runs any more. */
  kill(): void {
    this.#isAlive = false;
  }

  pause(): void {
    this.#pausedRuns ??= [];
  }

  resume(): void {
    const runs = this.#pausedRuns ?? [];
    this.#pausedRuns = undefined;
    for (const run of runs) this.#time.at(0, () => this.#run(run));
  }

  #run(run: () => void): void {
    if (!this.#isAlive) return;
    if (this.#pausedRuns !== undefined) this.#pausedRuns.push(run);
    else run();
  }

  /** Hands in an event from outside, such as a message: it waits while the process is paused. */
  deliver(run: () => void): void {
    this.#run(run);
  }
}
