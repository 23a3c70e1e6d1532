import type { Timer } from '../clock/index.ts';

interface Appointment {
  readonly at: number;
  /** Breaks ties: what was planned first happens first. */
  readonly order: number;
  readonly run: () => void;
  isCancelled: boolean;
}

const before = (a: Appointment, b: Appointment): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** Virtual time for whole nodes: nothing happens between appointments, and equal runs give equal orders. */
export class VirtualTime {
  #now = 0;
  #order = 0;
  /** How many appointments have been kept. */
  steps: number = 0;
  /** What a wall clock showed at the beginning, milliseconds since 1970. */
  readonly wallAtStart: number = 1_700_000_000_000;
  readonly #heap: Appointment[] = [];

  /** Virtual milliseconds since the beginning; moves only while it is run. */
  get now(): number {
    return this.#now;
  }

  /** When the next appointment is due; undefined when there is none. */
  get nextAt(): number | undefined {
    while (this.#heap[0]?.isCancelled === true) this.#takeFirst();
    return this.#heap[0]?.at;
  }

  /** Runs `run` once, `ms` from now. Negative waits count as none: the past cannot be planned. */
  at(ms: number, run: () => void): Timer {
    const one: Appointment = { at: this.now + Math.max(0, ms), order: this.#order, run, isCancelled: false };
    this.#order += 1;
    this.#rise(one);
    return {
      cancel: () => {
        one.isCancelled = true;
      },
    };
  }

  /** Runs what is planned for the next `ms`. */
  advance(ms: number): void {
    this.runTo(this.#now + ms);
  }

  /** Runs what is planned up to and at that time. */
  runTo(end: number): void {
    this.#runUntil(() => false, end);
    this.#now = Math.max(this.#now, end);
  }

  /** Runs until `holds`, or fails after `withinMs`. */
  until(holds: () => boolean, withinMs: number, what: string): void {
    this.#runUntil(holds, this.#now + withinMs);
    if (!holds()) throw new Error(`not within ${withinMs} virtual ms: ${what}`);
  }

  #runUntil(holds: () => boolean, end: number): void {
    while (!holds()) {
      const next = this.#heap[0];
      if (next === undefined || next.at > end) {
        this.#now = Math.max(this.#now, end);
        return;
      }
      this.#takeFirst();
      if (next.isCancelled) continue;
      this.#now = next.at;
      this.steps += 1;
      next.run();
    }
  }

  #rise(one: Appointment): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(one);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !before(one, parent)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = one;
  }

  #takeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      let child = heap[below];
      if (child === undefined) break;
      const right = heap[below + 1];
      if (right !== undefined && before(right, child)) {
        below += 1;
        child = right;
      }
      if (!before(child, last)) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = last;
  }
}
