import { readFileSync, writeFileSync } from 'node:fs';

/**
 * A counter in a file that any number of processes read and write, and that guards itself with fencing tokens: the
 * checking half that a resource must bring, since no lock service can stop a holder that was asleep while its lock
 * passed on.
 */
export class GuardedCounter {
  readonly #path: string;
  #tokenHighest = 0;
  #increments = 0;
  #refused = 0;

  constructor(path: string) {
    this.#path = path;
    writeFileSync(path, '0\n');
  }

  /** What stands in the file. */
  get value(): number {
    return Number(readFileSync(this.#path, 'utf8'));
  }

  /** How many writes were accepted. If two holders ever read the same value, the counter falls behind this. */
  get increments(): number {
    return this.#increments;
  }

  /** How many writes came with a token lower than one seen before. */
  get refused(): number {
    return this.#refused;
  }

  get tokenHighest(): number {
    return this.#tokenHighest;
  }

  /** Writes, unless a later holder has written before; says whether it did. */
  write(token: number, value: number): boolean {
    if (token < this.#tokenHighest) {
      this.#refused += 1;
      return false;
    }
    this.#tokenHighest = token;
    this.#increments += 1;
    writeFileSync(this.#path, `${value}\n`);
    return true;
  }
}
