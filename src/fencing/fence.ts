import { FencedError, LimitExceededError, outOfRange, wrongType } from '../errors.ts';
import { checkToken } from './token.ts';

/** How a fence begins, and how large it may get. */
export interface FenceOptions {
  /** The highest token seen of each resource, from an earlier life of the fence. Default: none. */
  readonly seen?: Iterable<readonly [resource: string, token: number]> | undefined;
  /** Resources that it remembers, 1 to 2^24 - 1 (what a Map holds). Default 100,000. */
  readonly resourcesMax?: number | undefined;
}

const mapRoom = 2 ** 24 - 1;

/**
 * The checking half of a fencing token, in the process that owns what a lock guards: it remembers the highest token of
 * each resource, and refuses lower ones. What it remembers ends with the process; store `seen()` beside the resource, or
 * let a database check (`guardedUpdate`), where that is not enough.
 */
export class Fence {
  readonly #seen = new Map<string, number>();
  readonly #resourcesMax: number;

  /** Throws a TypeError or RangeError for options that make no sense. */
  constructor({ seen = [], resourcesMax = 100_000 }: FenceOptions = {}) {
    if (typeof resourcesMax !== 'number') throw wrongType('resourcesMax must be a number');
    if (!Number.isInteger(resourcesMax) || resourcesMax < 1 || resourcesMax > mapRoom) {
      throw outOfRange(`resourcesMax must be a whole number from 1 to ${mapRoom}, not ${resourcesMax}`);
    }
    this.#resourcesMax = resourcesMax;
    for (const [resource, token] of seen) this.admit(resource, token);
  }

  /**
   * Lets a token pass that is at least the highest seen for `resource`, and remembers it; throws a `FencedError` for a
   * lower one. Call it in the same turn of the event loop as the effect: whatever is awaited between the two may let a
   * higher token pass first. Throws a `LimitExceededError` for one resource too many, a TypeError or RangeError for what
   * is no resource or no token.
   */
  admit(resource: string, token: number): void {
    const highestSeen = this.highest(resource);
    checkToken(token);
    if (highestSeen !== undefined && token < highestSeen) {
      const text = `${JSON.stringify(resource)} refuses token ${token}: ${highestSeen} was here already`;
      throw new FencedError(text, { token, highestSeen });
    }
    if (highestSeen === undefined && this.#seen.size >= this.#resourcesMax) {
      throw new LimitExceededError(`a fence remembers at most ${this.#resourcesMax} resources; forget some`);
    }
    this.#seen.set(resource, token);
  }

  /** The highest token seen for `resource`; undefined if there was none. */
  highest(resource: string): number | undefined {
    if (typeof resource !== 'string') throw wrongType(`a resource must be a string, not ${typeof resource}`);
    return this.#seen.get(resource);
  }

  /** The resource is gone for good. If it is used again, the oldest token would pass. */
  forget(resource: string): void {
    this.#seen.delete(resource);
  }

  /** What it remembers, for the option `seen` of its next life. */
  seen(): ReadonlyMap<string, number> {
    return new Map(this.#seen);
  }
}

/** A new fence; one for all resources of a process is enough. */
export const createFence = (options?: FenceOptions): Fence => new Fence(options);
