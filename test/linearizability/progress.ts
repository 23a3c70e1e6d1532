/** What can be next: nothing that was over began earlier than these. */
export interface Frontier {
  readonly next: readonly number[];
  /** The first moment at which one of them is over: what begins later cannot be next. */
  readonly limit: number;
}

interface Interval {
  readonly from: number;
  readonly until: number;
}

/**
 * Which steps of a list, sorted by their beginnings, are placed already: all before `end` but those in `behind`. Only
 * the calls that are open at one moment are ever behind, so it stays small however long the history is.
 */
export class Progress {
  readonly #end: number;
  readonly #behind: readonly number[];

  constructor(end: number, behind: readonly number[]) {
    this.#end = end;
    this.#behind = behind;
  }

  get done(): number {
    return this.#end - this.#behind.length;
  }

  get key(): string {
    return `${this.#end}:${this.#behind.join()}`;
  }

  has(at: number): boolean {
    return at < this.#end && !this.#behind.includes(at);
  }

  with(at: number): Progress {
    if (at < this.#end)
      return new Progress(
        this.#end,
        this.#behind.filter((each) => each !== at),
      );
    const skipped = Array.from({ length: at - this.#end }, (_, index) => this.#end + index);
    return new Progress(at + 1, [...this.#behind, ...skipped]);
  }

  frontier(steps: readonly Interval[]): Frontier {
    const next: number[] = [];
    let limit = Number.POSITIVE_INFINITY;
    const take = (at: number): boolean => {
      const step = steps[at];
      if (step === undefined || step.from > limit) return false;
      next.push(at);
      limit = Math.min(limit, step.until);
      return true;
    };
    for (const at of this.#behind) take(at);
    for (let at = this.#end; take(at); at += 1);
    return { next, limit };
  }
}

export const start: Progress = new Progress(0, []);
