import type { Sequence } from './table/index.ts';

/**
 * Numbers a session's requests and knows how far they are settled. The mark stands just below the oldest request whose
 * final outcome is not known here, so the cluster never forgets an answer that could still be asked for again.
 */
export class Sequences {
  #last: Sequence = 0;
  #mark: Sequence = 0;
  /** Settled, but above the mark: something older is still open. */
  readonly #settledAbove = new Set<Sequence>();

  /** Never falls. */
  get mark(): Sequence {
    return this.#mark;
  }

  /** How many requests have no final outcome yet. */
  get open(): number {
    return this.#last - this.#mark - this.#settledAbove.size;
  }

  /** How many of the latest requests the cluster has to remember, because the oldest of them is still open. */
  get span(): number {
    return this.#last - this.#mark;
  }

  next(): Sequence {
    this.#last += 1;
    return this.#last;
  }

  /** The final outcome of this request is known; settling it twice changes nothing. */
  settle(sequence: Sequence): void {
    if (sequence <= this.#mark || sequence > this.#last) return;
    this.#settledAbove.add(sequence);
    while (this.#settledAbove.delete(this.#mark + 1)) this.#mark += 1;
  }
}
