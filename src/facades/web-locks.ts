import type { AcquireOptions } from '../acquire-options.ts';
import { CancelledError, LockLostError, TimeoutError, wrongType } from '../errors.ts';
import type { LockHandle } from '../handle.ts';
import type { LockProvider } from '../lock-provider.ts';
import {
  convertOptions,
  refusalOf,
  type WebLockMode,
  type WebLockOptions,
  type WebLockWish,
} from './web-lock-options.ts';

export type { WebLockMode, WebLockOptions } from './web-lock-options.ts';

/** What the callback of a request is given: a `Lock` of the Web Locks API, and what is there to protect the resource. */
export interface WebLock {
  readonly name: string;
  readonly mode: WebLockMode;
  /** Above the token of every earlier grant: give it to whatever the lock guards. */
  readonly fencingToken: number;
  /** Aborts with a `LockLostError` when the lock is lost. */
  readonly signal: AbortSignal;
}

/** A lock that is held, or a request that waits for one. */
export interface WebLockInfo {
  readonly name: string;
  readonly mode: WebLockMode;
  /** Of the session: equal for all locks and requests of one node or client. */
  readonly clientId: string;
}

/** Who holds what, and who waits for what. */
export interface WebLocksSnapshot {
  readonly held: readonly WebLockInfo[];
  /** Of each lock in the order of the queue. */
  readonly pending: readonly WebLockInfo[];
}

/** What a set of web locks is given beside its provider. */
export interface WebLocksSettings {
  /** Put before each name, and taken off again: what an origin is to a browser. Default: nothing. */
  readonly prefix?: string | undefined;
}

/** Runs while the lock is held; `null` instead of a lock when it was not available. */
export type WebLockCallback<T> = (lock: WebLock | null) => T;

/** How a mode is asked for. */
interface Way {
  wait(provider: LockProvider, name: string, options: AcquireOptions): Promise<LockHandle>;
  attempt(provider: LockProvider, name: string): Promise<LockHandle | null>;
}

/** Both modes of a name are of one kind of lock: a reader-writer lock. */
const ways: Readonly<Record<WebLockMode, Way>> = {
  exclusive: {
    wait: (provider, name, options) => provider.acquireWriteLock(name, options),
    attempt: (provider, name) => provider.tryAcquireWriteLock(name),
  },
  shared: {
    wait: (provider, name, options) => provider.acquireReadLock(name, options),
    attempt: (provider, name) => provider.tryAcquireReadLock(name),
  },
};

/** Who steals: the session that did it stands in the events of the cluster. */
const stealing = { actor: 'web-locks', reason: 'steal' };

const pageRows = 1_000;

/** Modes of the lock table that several may hold at a time. */
const sharedModes: ReadonlySet<string> = new Set(['R']);

/** `navigator.locks` of the Web Locks API over a provider: the same calls, across all processes of a cluster. */
export class WebLocks {
  readonly #provider: LockProvider;
  readonly #prefix: string;

  /** Throws a TypeError for a prefix that is no string. The provider stays the caller's to close. */
  constructor(provider: LockProvider, { prefix = '' }: WebLocksSettings = {}) {
    if (typeof prefix !== 'string') throw wrongType('prefix must be a string');
    this.#provider = provider;
    this.#prefix = prefix;
  }

  /**
   * Calls back once the lock is granted, holds it until what the callback returned has settled, and settles alike. Never
   * throws, but rejects: with a TypeError for wrong arguments, a `NotSupportedError` for combinations that the
   * specification refuses and for what is not supported, the signal's reason when it aborts before the grant, an
   * `AbortError` at once when the lock is lost (its `cause` says why; the callback runs on), or a `LockError`.
   */
  request<T>(name: string, callback: WebLockCallback<T>): Promise<Awaited<T>>;
  request<T>(name: string, options: WebLockOptions, callback: WebLockCallback<T>): Promise<Awaited<T>>;
  async request<T>(
    name: string,
    first: WebLockOptions | WebLockCallback<T>,
    second?: WebLockCallback<T>,
  ): Promise<Awaited<T>> {
    const callback = second ?? first;
    if (typeof name !== 'string') throw wrongType(`a name must be a string, not ${typeof name}`);
    if (typeof callback !== 'function')
      throw wrongType('request(name, options?, callback): callback must be a function');
    const wish = convertOptions(second === undefined ? undefined : first);
    const refusal = refusalOf(name, wish);
    if (refusal !== undefined) throw refusal;
    const handle = await this.#ask(this.#prefix + name, wish);
    if (handle === null) return await callback(null);
    return await holding(handle, async () => {
      const { fencingToken, signal } = handle;
      return await callback({ name, mode: wish.mode, fencingToken, signal });
    });
  }

  /** Each lock with its queue as of one moment, but not all locks as of the same one. Rejects with a `LockError`. */
  async query(): Promise<WebLocksSnapshot> {
    const held: WebLockInfo[] = [];
    const pending: WebLockInfo[] = [];
    let after: string | undefined;
    do {
      const { locks } = await this.#provider.list({ prefix: this.#prefix, limit: pageRows, after });
      for (const { name, holders, waiting } of locks) {
        const whole = waiting === 0 ? { holders, queue: [] } : await this.#provider.inspect(name);
        for (const each of whole.holders) held.push(this.#infoOf(name, each));
        for (const each of whole.queue) pending.push(this.#infoOf(name, each));
      }
      after = locks.length < pageRows ? undefined : locks.at(-1)?.name;
    } while (after !== undefined);
    return { held, pending };
  }

  async #ask(name: string, { mode, ifAvailable, steal, signal }: WebLockWish): Promise<LockHandle | null> {
    if (steal) return this.#provider.stealWriteLock(name, stealing);
    const way = ways[mode];
    if (ifAvailable) return way.attempt(this.#provider, name);
    try {
      return await way.wait(this.#provider, name, { signal });
    } catch (error) {
      if (error instanceof CancelledError && signal?.aborted === true) throw signal.reason;
      throw error;
    }
  }

  #infoOf(name: string, who: { readonly label: string; readonly session: number; readonly mode: string }): WebLockInfo {
    return {
      name: name.slice(this.#prefix.length),
      mode: sharedModes.has(who.mode) ? 'shared' : 'exclusive',
      clientId: `${who.label}#${who.session}`,
    };
  }
}

/** Settles as `work` does once the lock is released, or rejects as soon as it is lost. */
const holding = <T>(handle: LockHandle, work: () => Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    handle.on('lost', (error) => reject(stolen(error)));
    released(handle, work).then(resolve, reject);
  });

const released = async <T>(handle: LockHandle, work: () => Promise<T>): Promise<T> => {
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await handle[Symbol.asyncDispose]();
    throw error;
  }
  try {
    await handle.release();
  } catch (error) {
    if (error instanceof LockLostError) throw stolen(error);
    // Not confirmed yet: it goes on behind.
    if (!(error instanceof TimeoutError)) throw error;
  }
  return result;
};

/** What the specification has for a lock that was stolen. */
const stolen = (cause: LockLostError): DOMException => new DOMException(cause.message, { name: 'AbortError', cause });
