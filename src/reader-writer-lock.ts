import type { AcquireOptions } from './acquire-options.ts';
import { type LockSurroundings, runWhileHeld, type Scope, type Sought, scopeOf, seek, trySeek } from './awaiting.ts';
import { ReaderWriterHandle } from './reader-writer-handle.ts';

/**
 * A lock that many may hold to read, one of them upgradeable, or one alone to write; making one costs nothing and asks
 * nobody. All wait in one queue, in order of arrival: a reader behind a waiting writer waits too, so neither side
 * starves. Not re-entrant. All methods promise what those of `DistributedLock` do; a name that is in use as another
 * kind of lock gives a `KindMismatchError`.
 */
export class DistributedReaderWriterLock {
  readonly name: string;
  readonly #world: LockSurroundings;

  /** Locks are made by `createReaderWriterLock`, which checks the name. */
  constructor(name: string, surroundings: LockSurroundings) {
    this.name = name;
    this.#world = surroundings;
  }

  /** Waits until it may be read: beside other readers, and beside an upgradeable one. */
  acquireRead(options?: AcquireOptions): Promise<ReaderWriterHandle> {
    return seek(this.#world, this.#sought('R'), options);
  }

  /** One attempt: `null` when a writer holds the lock or anybody waits for it. */
  tryAcquireRead(options?: AcquireOptions): Promise<ReaderWriterHandle | null> {
    return trySeek(this.#world, this.#sought('R'), options);
  }

  /** Waits until it may be read by somebody who may want to write later: beside readers, but as the only upgradeable. */
  acquireUpgradeableRead(options?: AcquireOptions): Promise<ReaderWriterHandle> {
    return seek(this.#world, this.#sought('U'), options);
  }

  /** One attempt: `null` when a writer or an upgradeable reader holds the lock, or anybody waits for it. */
  tryAcquireUpgradeableRead(options?: AcquireOptions): Promise<ReaderWriterHandle | null> {
    return trySeek(this.#world, this.#sought('U'), options);
  }

  /** Waits until nobody else holds it. */
  acquireWrite(options?: AcquireOptions): Promise<ReaderWriterHandle> {
    return seek(this.#world, this.#sought('W'), options);
  }

  /** One attempt: `null` when anybody holds the lock or waits for it. */
  tryAcquireWrite(options?: AcquireOptions): Promise<ReaderWriterHandle | null> {
    return trySeek(this.#world, this.#sought('W'), options);
  }

  /** Holds it for reading while `fn` runs; see `DistributedLock.use`. */
  useRead<T>(fn: Scope<ReaderWriterHandle, T>): Promise<T>;
  useRead<T>(options: AcquireOptions | undefined, fn: Scope<ReaderWriterHandle, T>): Promise<T>;
  useRead<T>(first: AcquireOptions | undefined | Scope<ReaderWriterHandle, T>, second?: Scope<ReaderWriterHandle, T>) {
    const { options, fn } = scopeOf(first, second);
    return this.acquireRead(options).then((handle) => runWhileHeld(handle, fn, this.#world.logger));
  }

  /** Holds it for reading, upgradeable, while `fn` runs; see `DistributedLock.use`. */
  useUpgradeableRead<T>(fn: Scope<ReaderWriterHandle, T>): Promise<T>;
  useUpgradeableRead<T>(options: AcquireOptions | undefined, fn: Scope<ReaderWriterHandle, T>): Promise<T>;
  useUpgradeableRead<T>(
    first: AcquireOptions | undefined | Scope<ReaderWriterHandle, T>,
    second?: Scope<ReaderWriterHandle, T>,
  ) {
    const { options, fn } = scopeOf(first, second);
    return this.acquireUpgradeableRead(options).then((handle) => runWhileHeld(handle, fn, this.#world.logger));
  }

  /** Holds it for writing while `fn` runs; see `DistributedLock.use`. */
  useWrite<T>(fn: Scope<ReaderWriterHandle, T>): Promise<T>;
  useWrite<T>(options: AcquireOptions | undefined, fn: Scope<ReaderWriterHandle, T>): Promise<T>;
  useWrite<T>(first: AcquireOptions | undefined | Scope<ReaderWriterHandle, T>, second?: Scope<ReaderWriterHandle, T>) {
    const { options, fn } = scopeOf(first, second);
    return this.acquireWrite(options).then((handle) => runWhileHeld(handle, fn, this.#world.logger));
  }

  #sought(mode: 'R' | 'U' | 'W'): Sought<ReaderWriterHandle> {
    const { name } = this;
    return {
      name,
      parts: [{ name, mode, permits: 1, limit: 0 }],
      shown: () => `reader-writer lock ${JSON.stringify(name)}`,
      handleOf: (hold) => new ReaderWriterHandle(hold, this.#world),
    };
  }
}
