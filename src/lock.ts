import type { ReentrantOptions } from './acquire-options.ts';
import { type LockSurroundings, runWhileHeld, type Scope, type Sought, scopeOf, seek, trySeek } from './awaiting.ts';
import { type HandleSurroundings, LockHandle } from './handle.ts';

/**
 * A lock by name; making one costs nothing and asks nobody. Exclusive. Not re-entrant: a second acquire queues behind the
 * first, whoever makes it, unless both name the same owner: then it gets a `DeadlockError`, or with `reentrant` the lock
 * once more.
 */
export class DistributedLock {
  readonly name: string;
  readonly #world: LockSurroundings;
  readonly #sought: Sought<LockHandle>;

  /** Locks are made by `createLock`, which checks the name. */
  constructor(name: string, surroundings: LockSurroundings) {
    this.name = name;
    this.#world = surroundings;
    const { logger, verify, engine } = surroundings;
    const handles: HandleSurroundings = { logger, verify, ttlMs: engine.ttlMs };
    this.#sought = {
      name,
      shown: () => `lock ${JSON.stringify(name)}`,
      handleOf: (hold) => new LockHandle(hold, handles),
    };
  }

  /**
   * Waits in the cluster's queue, in order of arrival, and resolves once the grant is committed and applied. Rejects
   * with `TimeoutError`, `CancelledError` or another `LockError`; whatever is granted too late is released again,
   * or ends with the session; a sticky hold stands then.
   * Wrong options are thrown at once.
   */
  acquire(options?: ReentrantOptions): Promise<LockHandle> {
    return seek(this.#world, this.#sought, options);
  }

  /**
   * One attempt that never queues: `null` when somebody holds the lock or waits for it. `timeout` bounds how long the
   * cluster may take to answer; a session TTL when absent or 0.
   */
  tryAcquire(options?: ReentrantOptions): Promise<LockHandle | null> {
    return trySeek(this.#world, this.#sought, options);
  }

  /**
   * Holds the lock while `fn` runs and releases it whatever happens. An error of `fn` passes untouched. If `fn` succeeds
   * but the lock was lost meanwhile, rejects with the `LockLostError`; a release that is merely not confirmed yet goes
   * on behind and is no error.
   */
  use<T>(fn: Scope<LockHandle, T>): Promise<T>;
  use<T>(options: ReentrantOptions | undefined, fn: Scope<LockHandle, T>): Promise<T>;
  use<T>(first: ReentrantOptions | undefined | Scope<LockHandle, T>, second?: Scope<LockHandle, T>): Promise<T> {
    const { options, fn } = scopeOf(first, second);
    return this.acquire(options).then((handle) => runWhileHeld(handle, fn, this.#world.logger));
  }
}
