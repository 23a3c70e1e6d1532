import type { AcquireOptions, ReentrantOptions } from './acquire-options.ts';
import type { Scope } from './awaiting.ts';
import type { CompositeHandle, PartHandle } from './composite.ts';
import type { Election } from './election.ts';
import type { ClusterEvents, EventOptions } from './events.ts';
import type { AttachOptions, HoldTicket } from './hand-over.ts';
import type { LockHandle } from './handle.ts';
import type { HoldReference } from './hold-reference.ts';
import type { GuardOptions } from './limit-change.ts';
import type { DistributedLock } from './lock.ts';
import type { LockRequest } from './lock-requests.ts';
import type { LockOperations } from './operators.ts';
import type { ReaderWriterHandle } from './reader-writer-handle.ts';
import type { DistributedReaderWriterLock } from './reader-writer-lock.ts';
import type { DistributedRegister } from './register.ts';
import type { DistributedSemaphore, SemaphoreHandle, SemaphoreOptions } from './semaphore.ts';
import type { ListOptions, LockInspection, LockList, QueryOptions, SessionList } from './views.ts';

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
   * with `TIMEOUT` of outcome `unknown` if nobody confirmed it within a session TTL; with `FENCED` if it has a `guard`
   * that is not current.
   */
  changeSemaphoreLimit(name: string, maxCount: number, options?: GuardOptions): Promise<void>;
  /** Asks nobody; throws `InvalidNameError` at once for what is no name. Registers and locks do not share their names. */
  createRegister(name: string): DistributedRegister;
  /**
   * Acquires several locks of any kind in one step, all or none: the request enters all their queues at one place in the
   * log and is granted once it is at the head of all and fits beside the holders of each, so two such calls never wait for
   * each other. The order of the list does not matter; duplicates are merged by the strongest mode, permits added up. One
   * `timeout` for all. Wrong requests are thrown at once; an empty list is a RangeError.
   */
  acquireAll(requests: readonly LockRequest[], options?: AcquireOptions): Promise<CompositeHandle>;
  /** One attempt: `null` when one of them is busy, and then none is held. */
  tryAcquireAll(requests: readonly LockRequest[], options?: AcquireOptions): Promise<CompositeHandle | null>;
  /** Holds them all while `fn` runs and releases them whatever happens; see `acquireAll` and `DistributedLock.use`. */
  useAll<T>(requests: readonly LockRequest[], fn: Scope<CompositeHandle, T>): Promise<T>;
  useAll<T>(
    requests: readonly LockRequest[],
    options: AcquireOptions | undefined,
    fn: Scope<CompositeHandle, T>,
  ): Promise<T>;
  /**
   * Runs `fn`, and gives what it gives: every request that it makes of this provider, however it awaits, has this owner
   * unless its own `owner` says otherwise. A TypeError for what is no owner.
   */
  withOwner<T>(owner: string, fn: () => T): T;
  /**
   * Takes over a hold that was acquired `transferable` or `sticky`, from whoever has it or from nobody: in one step, with a
   * new fencing token, before all who wait. The former holder's handle is lost (`handed-over`), perhaps a little later.
   * Gives the handle of that kind of lock. `timeout`: a session TTL when absent or 0. Rejects with `NOT_HELD` if there is no
   * such hold (any more), or its secret is another one; then nothing has changed. If it is given up with outcome `applied`
   * or `unknown`, attach it again. A TypeError, RangeError or `InvalidNameError` for what is no ticket. See
   * docs/sticky-holds.md.
   */
  attachLock(ticket: HoldTicket, options?: AttachOptions): Promise<PartHandle>;
  /** Asks nobody; throws `InvalidNameError` at once for what is no name. */
  createElection(name: string): Election;
  /** Who holds a lock and who waits for it. */
  inspect(name: string, options?: QueryOptions): Promise<LockInspection>;
  /** The locks that somebody holds. */
  list(options?: ListOptions): Promise<LockList>;
  /** The sessions of all nodes and clients. */
  sessions(options?: QueryOptions): Promise<SessionList>;
  /**
   * Whether that hold is still current, whoever has it: granted, and neither released, lost nor upgraded since. By
   * default linearizable: `true` means that it was current at a moment after the call. Rejects with a TypeError,
   * RangeError or `InvalidNameError` for what names no hold.
   */
  verify(hold: HoldReference, options?: QueryOptions): Promise<boolean>;
  /**
   * What happens to locks, sessions and members, in the order of the log; see docs/events.md. Throws a TypeError or
   * RangeError at once for wrong options. A step rejects with an `EventsLostError` for events that are not kept any more,
   * with a `CancelledError` after an abort, with a `ShuttingDownError` once this provider is closed, and with the reason
   * why a node has failed. A client that loses its node goes on at another, where it was.
   */
  events(options?: EventOptions): ClusterEvents;
  /**
   * Ends every handle at once, releases what was held and is not sticky, and frees everything. Resolves within `closeTimeout` and a
   * little, with or without a quorum; calling it again gives the same promise.
   */
  close(): Promise<void>;
}
