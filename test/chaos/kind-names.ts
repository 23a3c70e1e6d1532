import { firstLimit } from './journal.ts';
import { LockNames } from './lock-names.ts';

/** Names of the locks in use that are not plain: one to read and write, a semaphore, and two that are wanted together. */
export class KindNames {
  readonly rw: LockNames = new LockNames(1, 'rw');
  readonly sem: LockNames = new LockNames(1, 'sem');
  readonly pair: LockNames = new LockNames(1, 'pair');
  /** How many permits each semaphore has, as far as the harness knows. */
  readonly #limits: Map<string, number> = new Map();

  limitOf(semaphore: string): number {
    return this.#limits.get(semaphore) ?? firstLimit;
  }

  /** Somebody asks for another limit. */
  relimit(semaphore: string, limit: number): void {
    this.#limits.set(semaphore, limit);
  }
}

/** The two locks of a pair. */
export const bothOf = (pair: string): readonly [string, string] => [`${pair}/a`, `${pair}/b`];
