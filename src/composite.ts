import type { LockSurroundings, Sought } from './awaiting.ts';
import { LockLostError } from './errors.ts';
import { LockHandle } from './handle.ts';
import type { Hold } from './hold.ts';
import { type LockRequest, partsOf } from './lock-requests.ts';
import type { Logger } from './logger.ts';
import { ReaderWriterHandle } from './reader-writer-handle.ts';
import { SemaphoreHandle } from './semaphore.ts';
import type { QueryOptions } from './views.ts';

/** A lock of a composite: as its own `acquire` would have given it. */
export type PartHandle = LockHandle | ReaderWriterHandle | SemaphoreHandle;

/**
 * Several locks that were granted in one step. It is held while all of its parts are; the loss of the first one is the
 * loss of the whole, but the others stay held until they are released.
 */
export class CompositeHandle implements AsyncDisposable {
  /** One for each name, in the order in which the names were asked for first. */
  readonly parts: readonly PartHandle[];
  readonly #logger: Logger;
  #abort: AbortController | undefined;
  #release: Promise<void> | undefined;

  /** Handles are made by `acquireAll` and `tryAcquireAll`. */
  constructor(parts: readonly PartHandle[], logger: Logger) {
    this.parts = parts;
    this.#logger = logger;
  }

  /** For people: the names of all parts. */
  get name(): string {
    return this.parts.map(({ name }) => name).join(', ');
  }

  /** The part of that name, with its own `fencingToken`; undefined if there is none. */
  part(name: string): PartHandle | undefined {
    return this.parts.find((part) => part.name === name);
  }

  /** Aborts with the `LockLostError` of the part that is lost first; never on a release. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const abort = new AbortController();
      for (const { signal } of this.parts) {
        if (signal.aborted) abort.abort(signal.reason);
        else signal.addEventListener('abort', () => abort.abort(signal.reason), { once: true });
      }
      this.#abort = abort;
    }
    return this.#abort.signal;
  }

  /** Whether all parts are; compares clocks at the moment of the call. */
  get isHeld(): boolean {
    return this.parts.every((part) => part.isHeld);
  }

  /** Throws the `LockLostError` of a part that is not held. */
  assertHeld(): void {
    for (const part of this.parts) part.assertHeld();
  }

  /** Milliseconds for which all are certainly held if nothing is heard any more; 0 once one is not. */
  remaining(): number {
    return Math.min(...this.parts.map((part) => part.remaining()));
  }

  /** Asks the cluster whether all parts are still current; see `LockHandle.verify`. */
  async verify(options: QueryOptions = {}): Promise<boolean> {
    const answers = await Promise.all(this.parts.map((part) => part.verify(options)));
    return answers.every((isCurrent) => isCurrent);
  }

  /**
   * Lets all parts go. Resolves when the cluster has applied it; rejects as the release of one lock does, once all parts
   * are let go: with the loss of a part rather than with a release that nobody confirmed. Calling it again gives the same
   * promise while it is under way, and nothing afterwards.
   */
  release(): Promise<void> {
    this.#release ??= this.#releaseAll();
    return this.#release;
  }

  /** For `await using`: as `release`, but never rejects, so that it cannot mask the error of the block. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.release();
    } catch (error) {
      this.#logger.warn({ err: error, locks: this.name }, 'some locks were not released in an orderly way');
    }
  }

  async #releaseAll(): Promise<void> {
    const outcomes = await Promise.allSettled(this.parts.map((part) => part.release()));
    this.#release = Promise.resolve();
    const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    const first: unknown = errors.find((error) => error instanceof LockLostError) ?? errors[0];
    if (errors.length > 0) throw first;
  }
}

/** All that is asked for, as one thing to be acquired. Wrong requests are thrown. */
export function soughtTogether(world: LockSurroundings, requests: readonly LockRequest[]): Sought<CompositeHandle> {
  const parts = partsOf(requests);
  return {
    name: parts[0]?.name ?? '',
    parts,
    shown: () => `${parts.map(({ name }) => JSON.stringify(name)).join(', ')} together`,
    handleOf: (hold, others) =>
      new CompositeHandle(
        [hold, ...others].map((each) => handleOf(each, world)),
        world.logger,
      ),
  };
}

/** As its own kind of lock would have given it. */
export function handleOf(hold: Hold, world: LockSurroundings): PartHandle {
  switch (hold.mode) {
    case 'X':
      return new LockHandle(hold, { logger: world.logger, verify: world.verify, ttlMs: world.engine.ttlMs });
    case 'S':
      return new SemaphoreHandle(hold, world);
    default:
      return new ReaderWriterHandle(hold, world);
  }
}
