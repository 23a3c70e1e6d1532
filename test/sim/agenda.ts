interface Appointment {
  readonly time: number;
  /** Breaks ties: what was planned first happens first. */
  readonly order: number;
  readonly run: () => void;
}

const before = (a: Appointment, b: Appointment): boolean => a.time < b.time || (a.time === b.time && a.order < b.order);

/** Virtual time: a binary heap of what will happen, keyed by time and then by the order of planning. */
export class Agenda {
  #now = 0;
  #order = 0;
  readonly #heap: Appointment[] = [];

  /** Virtual milliseconds since the beginning; moves only in `step`. */
  get now(): number {
    return this.#now;
  }

  /** Runs `run` once, `ms` from now. Negative waits count as none: the past cannot be planned. */
  after(ms: number, run: () => void): void {
    const heap = this.#heap;
    const one: Appointment = { time: this.#now + Math.max(0, ms), order: this.#order, run };
    this.#order += 1;
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

  /** Does the next thing; false when nothing is left. */
  step(): boolean {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (first === undefined || last === undefined) return false;
    if (this.#heap.length > 0) this.#sink(last);
    this.#now = first.time;
    first.run();
    return true;
  }

  #sink(one: Appointment): void {
    const heap = this.#heap;
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
      if (!before(child, one)) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = one;
  }
}
