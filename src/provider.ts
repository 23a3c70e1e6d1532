import { type AcquireOptions, checkOwner, type ReentrantOptions } from './acquire-options.ts';
import { type LockSurroundings, seek, trySeek } from './awaiting.ts';
import type { Clock } from './clock/index.ts';
import { type CompositeHandle, soughtTogether } from './composite.ts';
import { type LockError, ShuttingDownError, wrongType } from './errors.ts';
import { type ClusterEvents, type EventOptions, EventReader } from './events.ts';
import { errorOf } from './failure.ts';
import type { LockHandle } from './handle.ts';
import { DistributedLock } from './lock.ts';
import type { LockRequest } from './lock-requests.ts';
import type { Logger } from './logger.ts';
import { checkName } from './names.ts';
import type { Failure, Gateway, Query } from './node/index.ts';
import {
  closeSession,
  forceRelease,
  type HoldersMeant,
  type HoldersOptions,
  type LockOperations,
  type OperatorOptions,
  requestRevoke,
  soughtAlone,
  soughtToWrite,
  stealHold,
} from './operators.ts';
import { OwnerScope } from './owner-scope.ts';
import type { ReaderWriterHandle } from './reader-writer-handle.ts';
import { DistributedReaderWriterLock } from './reader-writer-lock.ts';
import { checkMaxCount, DistributedSemaphore, type SemaphoreHandle, type SemaphoreOptions } from './semaphore.ts';
import type { SessionEngine } from './session-engine.ts';
import {
  type AsOf,
  checkListOptions,
  checkQueryOptions,
  decodeLock,
  decodeLocks,
  decodeSessions,
  type ListOptions,
  type LockInspection,
  type LockList,
  type QueryOptions,
  type SessionList,
} from './views.ts';

/** Whoever gives out locks: an embedded node or a remote client. */
export interface LockProvider extends LockOperations, AsyncDisposable {
  /** Asks nobody; throws `InvalidNameError` at once for what is no name. */
  createLock(name: string): DistributedLock;
  /** `createLock(name).acquire(options)`. */
  acquireLock(name: string, options?: ReentrantOptions): Promise<LockHandle>;
  /** `createLock(name).tryAcquire(options)`: `null` when somebody holds the lock or waits for it. */
  tryAcquireLock(name: string, options?: ReentrantOptions): Promise<LockHandle | null>;
  /** Asks nobody; throws `InvalidNameError` at once for what is no name. */
  createReaderWriterLock(name: string): DistributedReaderWriterLock;
  /** `createReaderWriterLock(name).acquireRead(options)`. */
  acquireReadLock(name: string, options?: AcquireOptions): Promise<ReaderWriterHandle>;
  /** `createReaderWriterLock(name).tryAcquireRead(options)`: `null` when it is busy. */
  tryAcquireReadLock(name: string, options?: AcquireOptions): Promise<ReaderWriterHandle | null>;
  /** `createReaderWriterLock(name).acquireUpgradeableRead(options)`. */
  acquireUpgradeableReadLock(name: string, options?: AcquireOptions): Promise<ReaderWriterHandle>;
  /** `createReaderWriterLock(name).tryAcquireUpgradeableRead(options)`: `null` when it is busy. */
  tryAcquireUpgradeableReadLock(name: string, options?: AcquireOptions): Promise<ReaderWriterHandle | null>;
  /** `createReaderWriterLock(name).acquireWrite(options)`. */
  acquireWriteLock(name: string, options?: AcquireOptions): Promise<ReaderWriterHandle>;
  /** `createReaderWriterLock(name).tryAcquireWrite(options)`: `null` when it is busy. */
  tryAcquireWriteLock(name: string, options?: AcquireOptions): Promise<ReaderWriterHandle | null>;
  /** Asks nobody; throws `InvalidNameError`, or a RangeError for an impossible count, at once. */
  createSemaphore(name: string, maxCount: number): DistributedSemaphore;
  /** `createSemaphore(name, maxCount).acquire(options)`. */
  acquireSemaphore(name: string, maxCount: number, options?: SemaphoreOptions): Promise<SemaphoreHandle>;
  /** `createSemaphore(name, maxCount).tryAcquire(options)`: `null` when it is busy. */
  tryAcquireSemaphore(name: string, maxCount: number, options?: SemaphoreOptions): Promise<SemaphoreHandle | null>;
  /**
   * Sets how many permits a semaphore has, for good: from then on every user must name that number. Holders keep what
   * they have, also above a lower limit; waiters who want more than it are refused with a `SemaphoreLimitError`. Rejects
   * with `TIMEOUT` of outcome `unknown` if nobody confirmed it within a session TTL.
   */
  changeSemaphoreLimit(name: string, maxCount: number): Promise<void>;
  /**
   * Acquires several locks of any kind in one step, all or none: the request enters all their queues at one place in the
   * log and is granted once it is at the head of all and fits beside the holders of each, so two such calls never wait for
   * each other. The order of the list does not matter; duplicates are merged by the strongest mode, permits added up. One
   * `timeout` for all. Wrong requests are thrown at once; an empty list is a RangeError.
   */
  acquireAll(requests: readonly LockRequest[], options?: AcquireOptions): Promise<CompositeHandle>;
  /** One attempt: `null` when one of them is busy, and then none is held. */
  tryAcquireAll(requests: readonly LockRequest[], options?: AcquireOptions): Promise<CompositeHandle | null>;
  /**
   * Runs `fn`, and gives what it gives: every request that it makes of this provider, however it awaits, has this owner
   * unless its own `owner` says otherwise. A TypeError for what is no owner.
   */
  withOwner<T>(owner: string, fn: () => T): T;
  /** Who holds a lock and who waits for it. */
  inspect(name: string, options?: QueryOptions): Promise<LockInspection>;
  /** The locks that somebody holds. */
  list(options?: ListOptions): Promise<LockList>;
  /** The sessions of all nodes and clients. */
  sessions(options?: QueryOptions): Promise<SessionList>;
  /**
   * What happens to locks, sessions and members, in the order of the log; see docs/events.md. Throws a TypeError or
   * RangeError at once for wrong options. A step rejects with an `EventsLostError` for events that are not kept any more,
   * with a `CancelledError` after an abort, with a `ShuttingDownError` once this provider is closed, and with the reason
   * why a node has failed. A client that loses its node goes on at another, where it was.
   */
  events(options?: EventOptions): ClusterEvents;
  /**
   * Ends every handle at once, releases what was held, and frees everything. Resolves within `closeTimeout` and a
   * little, with or without a quorum; calling it again gives the same promise.
   */
  close(): Promise<void>;
}

/** What a provider is made of. */
export interface ProviderParts {
  readonly gateway: Gateway;
  readonly engine: SessionEngine;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Milliseconds. */
  readonly closeTimeout: number;
  /** Frees what lies below, once the session has ended or its time is up. Never rejects. */
  readonly shutDown: (leftMs: number) => Promise<void>;
}

/** How much of `closeTimeout` may go by until the cluster has released what was held. */
const goodbyePart = 0.6;

/** Nobody waits for a session that holds nothing: if there is no quorum just now, its TTL ends it. */
const idleGoodbyeMs = 250;

/** What nodes and clients share: written once over the gateway. */
export class Provider implements LockProvider {
  readonly #parts: ProviderParts;
  readonly #surroundings: LockSurroundings;
  #closing: Promise<void> | undefined;

  /** Made by `Holdfast.open` and `Holdfast.connect`. */
  constructor(parts: ProviderParts) {
    this.#parts = parts;
    const { engine, logger, clock } = parts;
    this.#surroundings = { engine, logger, now: () => clock.now(), scope: new OwnerScope() };
  }

  createLock(name: string): DistributedLock {
    return new DistributedLock(checkName(name), this.#surroundings);
  }

  acquireLock(name: string, options?: ReentrantOptions): Promise<LockHandle> {
    return this.createLock(name).acquire(options);
  }

  tryAcquireLock(name: string, options?: ReentrantOptions): Promise<LockHandle | null> {
    return this.createLock(name).tryAcquire(options);
  }

  createReaderWriterLock(name: string): DistributedReaderWriterLock {
    return new DistributedReaderWriterLock(checkName(name), this.#surroundings);
  }

  acquireReadLock(name: string, options?: AcquireOptions): Promise<ReaderWriterHandle> {
    return this.createReaderWriterLock(name).acquireRead(options);
  }

  tryAcquireReadLock(name: string, options?: AcquireOptions): Promise<ReaderWriterHandle | null> {
    return this.createReaderWriterLock(name).tryAcquireRead(options);
  }

  acquireUpgradeableReadLock(name: string, options?: AcquireOptions): Promise<ReaderWriterHandle> {
    return this.createReaderWriterLock(name).acquireUpgradeableRead(options);
  }

  tryAcquireUpgradeableReadLock(name: string, options?: AcquireOptions): Promise<ReaderWriterHandle | null> {
    return this.createReaderWriterLock(name).tryAcquireUpgradeableRead(options);
  }

  acquireWriteLock(name: string, options?: AcquireOptions): Promise<ReaderWriterHandle> {
    return this.createReaderWriterLock(name).acquireWrite(options);
  }

  tryAcquireWriteLock(name: string, options?: AcquireOptions): Promise<ReaderWriterHandle | null> {
    return this.createReaderWriterLock(name).tryAcquireWrite(options);
  }

  createSemaphore(name: string, maxCount: number): DistributedSemaphore {
    return new DistributedSemaphore(checkName(name), checkMaxCount(maxCount), this.#surroundings);
  }

  acquireSemaphore(name: string, maxCount: number, options?: SemaphoreOptions): Promise<SemaphoreHandle> {
    return this.createSemaphore(name, maxCount).acquire(options);
  }

  tryAcquireSemaphore(name: string, maxCount: number, options?: SemaphoreOptions): Promise<SemaphoreHandle | null> {
    return this.createSemaphore(name, maxCount).tryAcquire(options);
  }

  acquireAll(requests: readonly LockRequest[], options?: AcquireOptions): Promise<CompositeHandle> {
    return seek(this.#surroundings, soughtTogether(this.#surroundings, requests), options);
  }

  tryAcquireAll(requests: readonly LockRequest[], options?: AcquireOptions): Promise<CompositeHandle | null> {
    return trySeek(this.#surroundings, soughtTogether(this.#surroundings, requests), options);
  }

  withOwner<T>(owner: string, fn: () => T): T {
    if (typeof fn !== 'function') throw wrongType('withOwner(owner, fn): fn must be a function');
    return this.#surroundings.scope.run(checkOwner(owner), fn);
  }

  async changeSemaphoreLimit(name: string, maxCount: number): Promise<void> {
    const wish = { name: checkName(name), limit: checkMaxCount(maxCount) };
    const error = await new Promise<LockError | RangeError | undefined>((resolve) =>
      this.#parts.engine.changeLimit(wish, resolve),
    );
    if (error !== undefined) throw error;
  }

  async inspect(name: string, options: QueryOptions = {}): Promise<LockInspection> {
    const consistency = checkQueryOptions(options);
    const { value, appliedIndex } = await this.ask({ kind: 'inspect', name: checkName(name), consistency });
    const view = decodeLock(value) ?? { name, kind: null, limit: null, holders: [], waiting: 0, queue: [] };
    return { ...view, appliedIndex };
  }

  async list(options: ListOptions = {}): Promise<LockList> {
    const { value, appliedIndex } = await this.ask({ kind: 'list', ...checkListOptions(options) });
    return { locks: decodeLocks(value), appliedIndex };
  }

  async sessions(options: QueryOptions = {}): Promise<SessionList> {
    const { value, appliedIndex } = await this.ask({ kind: 'sessions', consistency: checkQueryOptions(options) });
    return { sessions: decodeSessions(value), appliedIndex };
  }

  forceRelease(name: string, options: HoldersOptions): Promise<HoldersMeant> {
    return forceRelease(this.#parts.engine, name, options);
  }

  stealLock(name: string, options: OperatorOptions): Promise<LockHandle> {
    return stealHold(this.#surroundings, soughtAlone(name), options);
  }

  stealWriteLock(name: string, options: OperatorOptions): Promise<ReaderWriterHandle> {
    return stealHold(this.#surroundings, soughtToWrite(name), options);
  }

  requestRevoke(name: string, options: HoldersOptions): Promise<HoldersMeant> {
    return requestRevoke(this.#parts.engine, name, options);
  }

  closeSession(session: number, options: OperatorOptions): Promise<boolean> {
    return closeSession(this.#parts.engine, session, options);
  }

  events(options: EventOptions = {}): ClusterEvents {
    return new EventReader(async (query) => (await this.ask(query)).value, options);
  }

  /**
   * Puts a new, empty incarnation of a node in the place of its lost or quarantined one; resolves once it is a voter.
   * The new one must be running, with an empty data directory, under the same node id.
   */
  replace(nodeId: string): Promise<void> {
    if (typeof nodeId !== 'string') return Promise.reject(wrongType('replace(nodeId): nodeId must be a string'));
    if (this.#closing !== undefined) return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      this.#parts.gateway.replace(nodeId, (outcome) => {
        if (outcome.ok) resolve();
        else reject(errorOf(outcome.failure, { outcome: 'unknown' }));
      });
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** For the classes below. */
  protected ask(query: Query): Promise<{ readonly value: unknown } & AsOf> {
    if (this.#closing !== undefined) return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      this.#parts.gateway.query(query, (outcome) => {
        if (outcome.ok) resolve({ value: outcome.value, appliedIndex: outcome.appliedIndex });
        else reject(errorOf(outcome.failure));
      });
    });
  }

  /** For the classes below: the node has stopped by itself. */
  protected fail(failure: Failure): void {
    this.#parts.engine.fail(failure);
  }

  async #close(): Promise<void> {
    const { engine, clock, closeTimeout, shutDown } = this.#parts;
    const until = clock.now() + closeTimeout;
    // What is left is for handing over leadership and for closing files.
    const goodbyeMs = engine.isIdle ? Math.min(idleGoodbyeMs, closeTimeout) : closeTimeout * goodbyePart;
    await new Promise<void>((resolve) => {
      const timer = clock.after(goodbyeMs, resolve);
      engine.close(() => {
        timer.cancel();
        resolve();
      });
    });
    await shutDown(Math.max(0, until - clock.now()));
  }
}

const closed = (): ShuttingDownError => new ShuttingDownError('this node or client is closed');
