import { type AcquireOptions, checkOwner, type ReentrantOptions } from './acquire-options.ts';
import { type LockSurroundings, runWhileHeld, type Scope, scopeOf, seek, trySeek } from './awaiting.ts';
import type { Clock } from './clock/index.ts';
import { type CompositeHandle, type PartHandle, soughtTogether } from './composite.ts';
import { Election } from './election.ts';
import { ShuttingDownError, wrongType } from './errors.ts';
import { type ClusterEvents, type EventOptions, EventReader } from './events.ts';
import { errorOf } from './failure.ts';
import { type AttachOptions, attachHold, type HoldTicket } from './hand-over.ts';
import type { LockHandle, Verify } from './handle.ts';
import { checkHold, type HoldReference } from './hold-reference.ts';
import type { AskCluster } from './leader-watch.ts';
import { changeLimit, type GuardOptions } from './limit-change.ts';
import { DistributedLock } from './lock.ts';
import type { LockProvider } from './lock-provider.ts';
import type { LockRequest } from './lock-requests.ts';
import type { Logger } from './logger.ts';
import { checkName } from './names.ts';
import type { Failure, Gateway, Query } from './node/index.ts';
import {
  closeSession,
  forceRelease,
  type HoldersMeant,
  type HoldersOptions,
  type OperatorOptions,
  requestRevoke,
  soughtAlone,
  soughtToWrite,
  stealHold,
} from './operators.ts';
import { OwnerScope } from './owner-scope.ts';
import type { ReaderWriterHandle } from './reader-writer-handle.ts';
import { DistributedReaderWriterLock } from './reader-writer-lock.ts';
import { DistributedRegister } from './register.ts';
import { checkMaxCount, DistributedSemaphore, type SemaphoreHandle, type SemaphoreOptions } from './semaphore.ts';
import type { SessionEngine } from './session-engine.ts';
import type { HoldName } from './table/index.ts';
import {
  type AsOf,
  checkListOptions,
  checkQueryOptions,
  decodeFlag,
  decodeLock,
  decodeLocks,
  decodeSessions,
  type ListOptions,
  type LockInspection,
  type LockList,
  type QueryOptions,
  type SessionList,
} from './views.ts';

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
    const verify: Verify = (hold, options) => this.#verify(hold, options);
    this.#surroundings = { engine, logger, now: () => clock.now(), scope: new OwnerScope(), verify };
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

  useAll<T>(
    requests: readonly LockRequest[],
    first: AcquireOptions | undefined | Scope<CompositeHandle, T>,
    second?: Scope<CompositeHandle, T>,
  ): Promise<T> {
    const { options, fn } = scopeOf(first, second);
    return this.acquireAll(requests, options).then((handle) => runWhileHeld(handle, fn, this.#surroundings.logger));
  }

  withOwner<T>(owner: string, fn: () => T): T {
    if (typeof fn !== 'function') throw wrongType('withOwner(owner, fn): fn must be a function');
    return this.#surroundings.scope.run(checkOwner(owner), fn);
  }

  createElection(name: string): Election {
    const ask: AskCluster = (query, done) => {
      this.ask(query).then(
        (answered) => done({ ok: true, ...answered }),
        (error: unknown) => done({ ok: false, error }),
      );
    };
    return new Election(checkName(name), { ...this.#surroundings, clock: this.#parts.clock, ask });
  }

  async changeSemaphoreLimit(name: string, maxCount: number, options?: GuardOptions): Promise<void> {
    return changeLimit(this.#parts.engine, { name: checkName(name), limit: checkMaxCount(maxCount) }, options);
  }

  createRegister(name: string): DistributedRegister {
    const { engine } = this.#parts;
    return new DistributedRegister(checkName(name, 'register'), { engine, ask: (query) => this.ask(query) });
  }

  async inspect(name: string, options: QueryOptions = {}): Promise<LockInspection> {
    const consistency = checkQueryOptions(options);
    const { value, appliedIndex } = await this.ask({ kind: 'inspect', name: checkName(name), consistency });
    const view = decodeLock(value) ?? noLock(name);
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

  async verify(hold: HoldReference, options: QueryOptions = {}): Promise<boolean> {
    return this.#verify(checkHold(hold, 'verify(hold): hold'), options);
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

  attachLock(ticket: HoldTicket, options?: AttachOptions): Promise<PartHandle> {
    return attachHold(this.#surroundings, ticket, options);
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

  async #verify({ name, token }: HoldName, options: QueryOptions): Promise<boolean> {
    const { value } = await this.ask({ kind: 'verify', name, token, consistency: checkQueryOptions(options) });
    return decodeFlag(value);
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

/** What is said of a name that nobody is at. */
const noLock = (name: string) =>
  ({ name, kind: null, limit: null, holders: [], waiting: 0, lockDelay: null, queue: [] }) as const;
