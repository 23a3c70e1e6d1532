import { type ForcedBy, type LockKindName, LockLostError, TimeoutError, wrongType } from './errors.ts';
import type { HoldTicket } from './hand-over.ts';
import type { Hold, HoldListener, ReleaseOutcome } from './hold.ts';
import type { Logger } from './logger.ts';
import type { HoldName } from './table/index.ts';
import type { QueryOptions } from './views.ts';

/** What a handle tells, with the arguments of its listeners. */
export interface HandleEvents {
  /** A heartbeat is overdue, or the clocks jumped: the lock may be lost in `remainingMs` if nothing changes. */
  readonly jeopardy: readonly [remainingMs: number];
  /** A heartbeat got through again. */
  readonly recovered: readonly [remainingMs: number];
  /**
   * Somebody asks that the lock be let go, soon: nothing is forced, and nothing else happens. Told at most once for each
   * request, and not at all if this process is not connected at that moment.
   */
  readonly revokeRequested: readonly [by: ForcedBy];
  /**
   * Somebody has to wait for the lock, or did already when the first listener came. Told again only after nobody waited
   * any more, after an upgrade, and when this process comes to another node. A kindness, no promise: nothing is told while
   * this process is not connected. An upgrade of this handle itself does not count.
   */
  readonly contended: readonly [];
  /** Final. `signal` has aborted just before. */
  readonly lost: readonly [error: LockLostError];
}

/** The name of something that a handle tells. */
export type HandleEvent = keyof HandleEvents;

/** Called with what the event carries; what it throws is logged and goes no further. */
export type HandleListener<E extends HandleEvent> = (...args: HandleEvents[E]) => void;

type Listeners = { readonly [E in HandleEvent]: Set<HandleListener<E>> };

/** What handles of one lock have in common. */
export interface HandleSurroundings {
  readonly logger: Logger;
  readonly ttlMs: number;
  readonly verify: Verify;
}

/** Asks the cluster whether a hold is still current. */
export type Verify = (hold: HoldName, options: QueryOptions) => Promise<boolean>;

/** What a handle tells of its hold. Made only for those to whom somebody listens: most handles are held for a moment. */
class Voice implements HoldListener {
  readonly #hold: Hold;
  readonly #logger: Logger;
  readonly #listeners: Listeners = {
    jeopardy: new Set(),
    recovered: new Set(),
    revokeRequested: new Set(),
    contended: new Set(),
    lost: new Set(),
  };
  readonly #abort = new AbortController();

  constructor(hold: Hold, logger: Logger) {
    this.#hold = hold;
    this.#logger = logger;
    if (hold.loss !== undefined) this.#abort.abort(hold.loss);
    hold.listen(this);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  jeopardy(remainingMs: number): void {
    this.#emit('jeopardy', remainingMs);
  }

  recovered(remainingMs: number): void {
    this.#emit('recovered', remainingMs);
  }

  revokeRequested(by: ForcedBy): void {
    this.#emit('revokeRequested', by);
  }

  contended(): void {
    this.#emit('contended');
  }

  lost(error: LockLostError): void {
    this.#abort.abort(error);
    this.#emit('lost', error);
  }

  add<E extends HandleEvent>(event: E, listener: HandleListener<E>): void {
    this.#of(event).add(listener);
    if (event === 'contended') this.#hold.watch();
  }

  remove<E extends HandleEvent>(event: E, listener: HandleListener<E>): void {
    this.#of(event).delete(listener);
    if (this.#listeners.contended.size === 0) this.#hold.unwatch();
  }

  #of<E extends HandleEvent>(event: E): Set<HandleListener<E>> {
    if (!Object.hasOwn(this.#listeners, event)) {
      throw wrongType(`a handle tells ${Object.keys(this.#listeners).join(', ')}, not ${JSON.stringify(event)}`);
    }
    return this.#listeners[event];
  }

  #emit<E extends HandleEvent>(event: E, ...args: HandleEvents[E]): void {
    for (const listener of [...this.#of(event)]) {
      try {
        listener(...args);
      } catch (error) {
        this.#logger.error({ err: error, lock: this.#hold.name, event }, 'a listener of a lock handle threw');
      }
    }
  }
}

/**
 * One held lock. It ends by `release`, by disposal, or by loss; `signal` aborts on loss and never on a normal release.
 * Give `fencingToken` to whatever the lock guards: only that protects it from a process that was paused at the wrong
 * moment.
 */
export class LockHandle implements AsyncDisposable {
  readonly #hold: Hold;
  readonly #surroundings: HandleSurroundings;
  #voice: Voice | undefined;
  #release: Promise<void> | undefined;

  /** Handles are made by `acquire` and `tryAcquire`. */
  constructor(hold: Hold, surroundings: HandleSurroundings) {
    this.#hold = hold;
    this.#surroundings = surroundings;
  }

  /** The name of the lock. */
  get name(): string {
    return this.#hold.name;
  }

  /** What kind of lock is held. */
  get kind(): LockKindName {
    return 'exclusive';
  }

  /** Above the token of every earlier grant of any lock of the cluster; a safe integer. An upgrade brings another one. */
  get fencingToken(): number {
    return this.#hold.token;
  }

  /** When this process learned of the grant, by its wall clock; for people. */
  get acquiredAt(): Date {
    return new Date(this.#hold.acquiredAt);
  }

  /** What was given as `metadata` when it was acquired. */
  get metadata(): string | undefined {
    return this.#hold.options?.metadata;
  }

  /**
   * Lets whoever has it take the hold over: see `LockProvider.attachLock`. Keep it as you keep a password. Undefined unless
   * the lock was acquired `transferable`, `sticky` or with a `secret`. It stays good for as long as the lock is held, also by others.
   */
  get ticket(): HoldTicket | undefined {
    const secret = this.#hold.options?.secret;
    return secret === undefined ? undefined : { name: this.#hold.name, secret };
  }

  /**
   * Aborts with a `LockLostError` when the lock is lost, before anybody else can have it, unless it was taken by force or over;
   * never on a release. What an abort listener throws is reported by Node as uncaught, as for every signal; other handles do not notice.
   */
  get signal(): AbortSignal {
    return this.#speak().signal;
  }

  /** Compares clocks at the moment of the call, so it is right even after the event loop was blocked. */
  get isHeld(): boolean {
    return this.#hold.isHeld;
  }

  /** Throws a `LockLostError` unless `isHeld`. */
  assertHeld(): void {
    if (this.#hold.isHeld) return;
    throw this.#hold.loss ?? new LockLostError(this.#notHeldText(), { reason: 'session' });
  }

  /** Milliseconds for which the lock is certainly held if nothing is heard any more; 0 once it is not. */
  remaining(): number {
    return this.#hold.remainingMs;
  }

  /**
   * Asks the cluster whether this hold is still current; see `LockProvider.verify`. False also if the handle was lost or
   * released by the time of the answer, whatever the cluster says.
   */
  async verify(options: QueryOptions = {}): Promise<boolean> {
    const { name, token } = this.#hold;
    const isCurrent = await this.#surroundings.verify({ name, token }, options);
    // A deadline that has passed shows only to who looks; a hold in doubt is not lost.
    return isCurrent && (this.#hold.isHeld || (this.#hold.loss === undefined && this.#release === undefined));
  }

  /**
   * Lets go: `isHeld` is false at once. Resolves when the cluster has applied it. Rejects with a `LockLostError`, once,
   * if the lock was lost before, and with a `TimeoutError` of outcome `unknown` if nobody confirmed it within a session
   * TTL; it goes on behind then. Calling it again gives the same promise while it is under way, and nothing afterwards.
   */
  release(): Promise<void> {
    if (this.#release !== undefined) return this.#release;
    const release = new Promise<ReleaseOutcome>((resolve) => this.#hold.release(resolve)).then((outcome) => {
      this.#release = Promise.resolve();
      this.#report(outcome);
    });
    this.#release = release;
    return release;
  }

  /** For `await using`: as `release`, but never rejects, so that it cannot mask the error of the block. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.release();
    } catch (error) {
      this.#surroundings.logger.warn({ err: error, lock: this.name }, 'a lock was not released in an orderly way');
    }
  }

  /**
   * Listens; adding the same function twice adds it once. What a listener throws is logged and goes no further. An event
   * that there is not, or a listener that is no function, is a TypeError.
   */
  on<E extends HandleEvent>(event: E, listener: HandleListener<E>): this {
    if (typeof listener !== 'function') throw wrongType('a listener must be a function');
    this.#speak().add(event, listener);
    return this;
  }

  /** Listens no more. */
  off<E extends HandleEvent>(event: E, listener: HandleListener<E>): this {
    this.#speak().remove(event, listener);
    return this;
  }

  #speak(): Voice {
    this.#voice ??= new Voice(this.#hold, this.#surroundings.logger);
    return this.#voice;
  }

  #report(outcome: ReleaseOutcome): void {
    switch (outcome.kind) {
      case 'released':
        return;
      case 'lost':
        throw outcome.error;
      case 'unknown':
        throw new TimeoutError(
          `the release of lock ${JSON.stringify(this.name)} was not confirmed within ${this.#surroundings.ttlMs} ms; ${this.#unreleasedText()}`,
          { outcome: 'unknown' },
        );
      default:
        outcome satisfies never;
    }
  }

  #unreleasedText(): string {
    if (this.#hold.options?.sticky !== true) return 'it goes on behind';
    return 'it goes on behind while the session lives. It is sticky: after that, attach it and release it again';
  }

  #notHeldText(): string {
    const why =
      this.#release === undefined
        ? 'the clocks jumped and no heartbeat has been acknowledged since'
        : 'it was released';
    return `lock ${JSON.stringify(this.name)} (token ${this.fencingToken}) is not held: ${why}`;
  }
}
