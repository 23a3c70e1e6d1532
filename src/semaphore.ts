import type { AcquireOptions } from './acquire-options.ts';
import { type LockSurroundings, runWhileHeld, type Scope, type Sought, scopeOf, seek, trySeek } from './awaiting.ts';
import { outOfRange, wrongType } from './errors.ts';
import { LockHandle } from './handle.ts';
import type { Hold } from './hold.ts';
import { permitsMax } from './server/index.ts';

/** How many permits, how long to wait for them, and when to stop waiting. */
export interface SemaphoreOptions extends AcquireOptions {
  /** 1 to the semaphore's `maxCount`; 1 when absent. All or none are granted. */
  readonly permits?: number | undefined;
}

/** Some permits of a semaphore, held and released together. */
export class SemaphoreHandle extends LockHandle {
  readonly #hold: Hold;

  /** Handles are made by `acquire` and `tryAcquire`. */
  constructor(hold: Hold, { logger, engine, verify }: LockSurroundings) {
    super(hold, { logger, verify, ttlMs: engine.ttlMs });
    this.#hold = hold;
  }

  override get kind(): 'semaphore' {
    return 'semaphore';
  }

  /** How many it holds. */
  get permits(): number {
    return this.#hold.permits;
  }
}

/**
 * A lock that is held by permits: as long as not all of its `maxCount` are out, more can be taken; making one costs
 * nothing and asks nobody. All wait in one queue, in order of arrival: whoever wants many is not overtaken by those
 * behind who want few. Not re-entrant. While anybody is at it, and for good once its limit was changed, the cluster
 * knows its limit: another `maxCount` gives a `SemaphoreLimitError`.
 */
export class DistributedSemaphore {
  readonly name: string;
  /** Permits in all. */
  readonly maxCount: number;
  readonly #world: LockSurroundings;

  /** Semaphores are made by `createSemaphore`, which checks the name and the count. */
  constructor(name: string, maxCount: number, surroundings: LockSurroundings) {
    this.name = name;
    this.maxCount = maxCount;
    this.#world = surroundings;
  }

  /**
   * Waits until so many permits are free and nobody is before it. As `acquire` of a `DistributedLock`; more permits than
   * `maxCount`, or none, are a RangeError, thrown at once.
   */
  acquire(options?: SemaphoreOptions): Promise<SemaphoreHandle> {
    const { permits, rest } = this.#split(options);
    return seek(this.#world, this.#sought(permits), rest);
  }

  /** One attempt: `null` when too few permits are free or anybody waits. */
  tryAcquire(options?: SemaphoreOptions): Promise<SemaphoreHandle | null> {
    const { permits, rest } = this.#split(options);
    return trySeek(this.#world, this.#sought(permits), rest);
  }

  /** Holds permits while `fn` runs; see `DistributedLock.use`. */
  use<T>(fn: Scope<SemaphoreHandle, T>): Promise<T>;
  use<T>(options: SemaphoreOptions | undefined, fn: Scope<SemaphoreHandle, T>): Promise<T>;
  use<T>(first: SemaphoreOptions | undefined | Scope<SemaphoreHandle, T>, second?: Scope<SemaphoreHandle, T>) {
    const { options, fn } = scopeOf(first, second);
    return this.acquire(options).then((handle) => runWhileHeld(handle, fn, this.#world.logger));
  }

  #split(options: SemaphoreOptions | undefined): {
    readonly permits: number;
    readonly rest: AcquireOptions | undefined;
  } {
    // What is no object is complained of with the other options.
    if (typeof options !== 'object' || options === null) return { permits: 1, rest: options };
    const { permits = 1, ...rest } = options;
    return { permits: checkPermits(permits, this), rest };
  }

  #sought(permits: number): Sought<SemaphoreHandle> {
    const { name, maxCount } = this;
    return {
      name,
      parts: [{ name, mode: 'S', permits, limit: maxCount }],
      shown: () => `semaphore ${JSON.stringify(name)} (${permits} of ${maxCount} permits)`,
      handleOf: (hold) => new SemaphoreHandle(hold, this.#world),
    };
  }
}

/** Throws a TypeError or RangeError unless so many permits can be had of it. */
export const checkPermits = (
  permits: unknown,
  { name, maxCount }: { readonly name: string; readonly maxCount: number },
): number => {
  if (typeof permits !== 'number') throw wrongType(`permits must be a number, not ${typeof permits}`);
  if (Number.isInteger(permits) && permits >= 1 && permits <= maxCount) return permits;
  const shown = `semaphore ${JSON.stringify(name)}`;
  throw outOfRange(`permits must be a whole number from 1 to ${maxCount}, all that ${shown} has, not ${permits}`);
};

/** Throws a TypeError or RangeError unless a semaphore can have so many permits in all. */
export const checkMaxCount = (maxCount: unknown): number => {
  if (typeof maxCount !== 'number') throw wrongType(`maxCount must be a number, not ${typeof maxCount}`);
  if (Number.isInteger(maxCount) && maxCount >= 1 && maxCount <= permitsMax) return maxCount;
  throw outOfRange(`maxCount must be a whole number from 1 to ${permitsMax}, not ${maxCount}`);
};
