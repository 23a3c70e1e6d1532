import type { AcquireOptions } from './acquire-options.ts';
import type { Clock } from './clock/index.ts';
import { InvalidNameError, ShuttingDownError, wrongType } from './errors.ts';
import { type ClusterEvents, type EventOptions, EventReader } from './events.ts';
import { errorOf } from './failure.ts';
import type { LockHandle } from './handle.ts';
import { DistributedLock } from './lock.ts';
import type { Logger } from './logger.ts';
import type { Failure, Gateway, Query } from './node/index.ts';
import { validateName } from './server/index.ts';
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
export interface LockProvider extends AsyncDisposable {
  /** Asks nobody; throws `InvalidNameError` at once for what is no name. */
  createLock(name: string): DistributedLock;
  /** `createLock(name).acquire(options)`. */
  acquireLock(name: string, options?: AcquireOptions): Promise<LockHandle>;
  /** `createLock(name).tryAcquire(options)`: `null` when somebody holds the lock or waits for it. */
  tryAcquireLock(name: string, options?: AcquireOptions): Promise<LockHandle | null>;
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
  #closing: Promise<void> | undefined;

  /** Made by `Holdfast.open` and `Holdfast.connect`. */
  constructor(parts: ProviderParts) {
    this.#parts = parts;
  }

  createLock(name: string): DistributedLock {
    const { engine, logger, clock } = this.#parts;
    return new DistributedLock(checkName(name), { engine, logger, now: () => clock.now() });
  }

  acquireLock(name: string, options?: AcquireOptions): Promise<LockHandle> {
    return this.createLock(name).acquire(options);
  }

  tryAcquireLock(name: string, options?: AcquireOptions): Promise<LockHandle | null> {
    return this.createLock(name).tryAcquire(options);
  }

  async inspect(name: string, options: QueryOptions = {}): Promise<LockInspection> {
    const consistency = checkQueryOptions(options);
    const { value, appliedIndex } = await this.ask({ kind: 'inspect', name: checkName(name), consistency });
    const view = decodeLock(value) ?? { name, kind: 'exclusive', holders: [], waiting: 0, queue: [] };
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

const checkName = (name: string): string => {
  const bad = validateName(name);
  if (bad === undefined) return name;
  throw new InvalidNameError(`the name of a lock must not be that: it is ${bad}`);
};

const closed = (): ShuttingDownError => new ShuttingDownError('this node or client is closed');
