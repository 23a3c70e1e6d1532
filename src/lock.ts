import { type AcquireOptions, checkAcquireOptions } from './acquire-options.ts';
import type { AcquireOutcome, Acquisition, GivingUp } from './acquisition.ts';
import { CancelledError, type LockOutcome, TimeoutError, wrongType } from './errors.ts';
import { type HandleSurroundings, LockHandle } from './handle.ts';
import type { Logger } from './logger.ts';
import type { SessionEngine } from './session-engine.ts';

/** What a lock works with. */
export interface LockSurroundings {
  readonly engine: SessionEngine;
  readonly logger: Logger;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/**
 * A lock by name; making one costs nothing and asks nobody. Exclusive, not re-entrant: a second acquire queues behind
 * the first, whoever makes it.
 */
export class DistributedLock {
  readonly name: string;
  readonly #world: LockSurroundings;
  readonly #handles: HandleSurroundings;

  /** Locks are made by `createLock`, which checks the name. */
  constructor(name: string, surroundings: LockSurroundings) {
    this.name = name;
    this.#world = surroundings;
    this.#handles = { logger: surroundings.logger, ttlMs: surroundings.engine.ttlMs };
  }

  /**
   * Waits in the cluster's queue, in order of arrival, and resolves once the grant is committed and applied. Rejects
   * with `TimeoutError`, `CancelledError` or another `LockError`; whatever is granted too late is released again.
   * Wrong options are thrown at once.
   */
  acquire(options?: AcquireOptions): Promise<LockHandle> {
    const { timeout, signal } = checkAcquireOptions(options);
    const waits = timeout !== 0;
    return this.#ask(waits, waits ? timeout : undefined, signal).then((handle) => {
      if (handle !== null) return handle;
      throw new TimeoutError(`lock ${this.#shown} is held or waited for by others, and no time was given to wait`);
    });
  }

  /**
   * One attempt that never queues: `null` when somebody holds the lock or waits for it. `timeout` bounds how long the
   * cluster may take to answer; a session TTL when absent or 0.
   */
  tryAcquire(options?: AcquireOptions): Promise<LockHandle | null> {
    const { timeout, signal } = checkAcquireOptions(options);
    return this.#ask(false, timeout === 0 ? undefined : timeout, signal);
  }

  /**
   * Holds the lock while `fn` runs and releases it whatever happens. An error of `fn` passes untouched. If `fn` succeeds
   * but the lock was lost meanwhile, rejects with the `LockLostError`; a release that is merely not confirmed yet goes
   * on behind and is no error.
   */
  use<T>(fn: (handle: LockHandle) => Promise<T> | T): Promise<T>;
  use<T>(options: AcquireOptions | undefined, fn: (handle: LockHandle) => Promise<T> | T): Promise<T>;
  use<T>(
    first: AcquireOptions | undefined | ((handle: LockHandle) => Promise<T> | T),
    second?: (handle: LockHandle) => Promise<T> | T,
  ): Promise<T> {
    const fn = typeof first === 'function' ? first : second;
    const options = typeof first === 'function' ? undefined : first;
    if (typeof fn !== 'function') throw wrongType('use(options?, fn): fn must be a function');
    return this.acquire(options).then((handle) => this.#run(handle, fn));
  }

  async #run<T>(handle: LockHandle, fn: (handle: LockHandle) => Promise<T> | T): Promise<T> {
    let result: T;
    try {
      result = await fn(handle);
    } catch (error) {
      await handle[Symbol.asyncDispose]();
      throw error;
    }
    try {
      await handle.release();
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      this.#world.logger.warn({ err: error, lock: this.name }, 'the release of a lock is not confirmed yet');
    }
    return result;
  }

  /** `null`: busy. An attempt that does not wait is bounded by a session TTL, or it would hang without a quorum. */
  #ask(waits: boolean, limitMs: number | undefined, signal: AbortSignal | undefined): Promise<LockHandle | null> {
    if (signal?.aborted === true) {
      return Promise.reject(this.#errorOf({ kind: 'abort', reason: signal.reason }, 0, 'not-applied'));
    }
    const { engine, now } = this.#world;
    const surroundings = this.#handles;
    const startedAt = now();
    const boundMs = waits ? limitMs : (limitMs ?? engine.ttlMs);
    return new Promise((resolve, reject) => {
      let acquisition: Acquisition | undefined;
      const onAbort = (): void => acquisition?.giveUp({ kind: 'abort', reason: signal?.reason });
      const settle = (outcome: AcquireOutcome): void => {
        signal?.removeEventListener('abort', onAbort);
        switch (outcome.kind) {
          case 'granted':
            return resolve(new LockHandle(outcome.hold, surroundings));
          case 'busy':
            return resolve(null);
          case 'given-up':
            return reject(this.#errorOf(outcome.why, now() - startedAt, outcome.outcome));
          case 'failed':
            return reject(outcome.error);
          default:
            outcome satisfies never;
        }
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      acquisition = engine.acquire({ name: this.name, waits, limitMs: boundMs }, settle);
    });
  }

  #errorOf(why: GivingUp, waitedMs: number, outcome: LockOutcome): TimeoutError | CancelledError {
    const waited = `after ${Math.round(waitedMs)} ms (${tail[outcome]})`;
    if (why.kind === 'timeout') {
      return new TimeoutError(`lock ${this.#shown} was not acquired in time, given up ${waited}`, { outcome });
    }
    return new CancelledError(`acquiring lock ${this.#shown} was aborted by its signal ${waited}`, {
      outcome,
      cause: why.reason,
    });
  }

  get #shown(): string {
    return JSON.stringify(this.name);
  }
}

const tail: Readonly<Record<LockOutcome, string>> = {
  'not-applied': 'the request is out of the queue',
  applied: 'it was granted at the same moment and is released again',
  unknown: 'the cluster has not confirmed it yet; it is withdrawn in the background',
};
