import { type AcquireOptions, checkAcquireOptions } from '../acquire-options.ts';
import { wrongType } from '../errors.ts';
import type { LockHandle } from '../handle.ts';
import type { DistributedLock } from '../lock.ts';
import type { LockProvider } from '../lock-provider.ts';

/** Lets go of what an `acquire` gave; as `LockHandle.release`, so a second call does nothing. */
export interface Releaser {
  (): Promise<void>;
  /** The token and the signal of the hold. */
  readonly handle: LockHandle;
}

/**
 * A mutex in the shape of the package async-mutex, over a named lock of a cluster: it excludes other objects of the same
 * name in all processes. Not re-entrant.
 */
export class Mutex {
  readonly #provider: LockProvider;
  readonly #lock: DistributedLock;
  /** One for each call that waits; a common signal for all would be warned of by Node as a leak of listeners. */
  readonly #waiting = new Set<AbortController>();
  #held: LockHandle | undefined;

  /** Asks nobody. Throws an `InvalidNameError` for what is no name. The provider stays the caller's to close. */
  constructor(provider: LockProvider, name: string) {
    this.#provider = provider;
    this.#lock = provider.createLock(name);
  }

  /** The name of the lock. */
  get name(): string {
    return this.#lock.name;
  }

  /** Waits for its turn. Rejects with a `TimeoutError`, a `CancelledError` or another `LockError`. */
  async acquire(options: AcquireOptions = {}): Promise<Releaser> {
    return this.#keep(await this.#cancellable(options, (all) => this.#lock.acquire(all)));
  }

  /** One attempt that never waits: `null` when somebody holds the mutex or waits for it. */
  async tryAcquire(options: AcquireOptions = {}): Promise<Releaser | null> {
    const handle = await this.#cancellable(options, (all) => this.#lock.tryAcquire(all));
    return handle === null ? null : this.#keep(handle);
  }

  /**
   * Runs `callback` while the mutex is held, and releases it whatever happens. Rejects as `acquire` does, with the error
   * of the callback, or with a `LockLostError` if the mutex was lost meanwhile.
   */
  async runExclusive<T>(callback: (handle: LockHandle) => Promise<T> | T, options: AcquireOptions = {}): Promise<T> {
    if (typeof callback !== 'function') throw wrongType('runExclusive(callback): callback must be a function');
    return this.#cancellable(options, (all) =>
      this.#lock.use(all, (handle) => {
        this.#held = handle;
        return callback(handle);
      }),
    );
  }

  /** Whether anybody holds it, in any process; asks the cluster, so it may be over by the time of the answer. */
  async isLocked(): Promise<boolean> {
    return (await this.#provider.inspect(this.name)).holders.length > 0;
  }

  /**
   * Resolves when everybody who came before has let go. It queues like the others and lets go at once; somebody else may
   * hold the mutex right after. Rejects as `acquire` does.
   */
  async waitForUnlock(options: AcquireOptions = {}): Promise<void> {
    const release = await this.acquire(options);
    await release();
  }

  /** Lets go of what was acquired last through this object; nothing if it is not held any more. */
  async release(): Promise<void> {
    if (this.#held?.isHeld === true) await this.#held.release();
  }

  /** Everybody who waits by way of this object is rejected with a `CancelledError`, whose cause is `reason`. */
  cancel(reason?: unknown): void {
    for (const controller of [...this.#waiting]) controller.abort(reason);
  }

  async #cancellable<T>(options: AcquireOptions, ask: (options: AcquireOptions) => Promise<T>): Promise<T> {
    // Checked before our own signal joins in, or a number given as a priority would be taken for options.
    const { signal } = checkAcquireOptions(options);
    const controller = new AbortController();
    const either = signal === undefined ? controller.signal : AbortSignal.any([controller.signal, signal]);
    this.#waiting.add(controller);
    try {
      return await ask({ ...options, signal: either });
    } finally {
      this.#waiting.delete(controller);
    }
  }

  #keep(handle: LockHandle): Releaser {
    this.#held = handle;
    return Object.assign(() => handle.release(), { handle });
  }
}
