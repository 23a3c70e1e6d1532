import type { Claim } from './lock-row.ts';

/**
 * Claims one behind the other, in the order in which they came: a lock's queue, or its holders. Push and remove cost
 * the same at ten waiters and at ten thousand. A claim stands in at most one line.
 */
export class Line {
  #head: Claim | undefined;
  #tail: Claim | undefined;
  #length = 0;

  get head(): Claim | undefined {
    return this.#head;
  }

  get tail(): Claim | undefined {
    return this.#tail;
  }

  get length(): number {
    return this.#length;
  }

  push(claim: Claim): void {
    claim.ahead = this.#tail;
    claim.behind = undefined;
    if (this.#tail === undefined) this.#head = claim;
    else this.#tail.behind = claim;
    this.#tail = claim;
    this.#length += 1;
  }

  /** To the front, past all who came before. */
  unshift(claim: Claim): void {
    claim.ahead = undefined;
    claim.behind = this.#head;
    if (this.#head === undefined) this.#tail = claim;
    else this.#head.ahead = claim;
    this.#head = claim;
    this.#length += 1;
  }

  /** Only a claim that stands in this very line. */
  remove(claim: Claim): void {
    if (claim.ahead === undefined) this.#head = claim.behind;
    else claim.ahead.behind = claim.behind;
    if (claim.behind === undefined) this.#tail = claim.ahead;
    else claim.behind.ahead = claim.ahead;
    claim.ahead = undefined;
    claim.behind = undefined;
    this.#length -= 1;
  }

  *[Symbol.iterator](): Generator<Claim, void> {
    for (let claim = this.#head; claim !== undefined; claim = claim.behind) yield claim;
  }
}
