import { outOfRange, wrongType } from './errors.ts';
import { type HandleSurroundings, LockHandle } from './handle.ts';
import type { Hold } from './hold.ts';
import { metadataBytesMax, validateMetadata } from './server/index.ts';

/**
 * One term of one leader: an exclusive lock of the election's name, held with a value that everybody can see. It ends by
 * `resign`, by disposal, or by loss; `signal` aborts on loss, before anybody else can be elected.
 */
export class Leadership extends LockHandle {
  readonly #hold: Hold;
  readonly #ttlMs: number;
  #value: string;

  /** Made by `Election.campaign` and `Election.run`. */
  constructor(hold: Hold, surroundings: HandleSurroundings, value: string) {
    super(hold, surroundings);
    this.#hold = hold;
    this.#ttlMs = surroundings.ttlMs;
    this.#value = value;
  }

  /** The value that the cluster confirmed last: what was campaigned with, or proclaimed since. */
  get value(): string {
    return this.#value;
  }

  /**
   * Gives the leadership another value, which observers are told. Resolves once the cluster has applied it, or a later
   * one of this leadership: what is proclaimed while an earlier one is on its way waits for that, and only the last of it
   * is sent, so values never arrive in another order. Rejects with a `LockLostError` if the leadership is lost, with
   * `NOT_HELD` if it was resigned, and with a `TimeoutError` if nobody confirmed it within a session TTL; one of outcome
   * `unknown` goes on behind. What is no string of at most 1,024 bytes of UTF-8 is a TypeError or RangeError, thrown at once.
   */
  proclaim(value: string): Promise<void> {
    const checked = checkValue(value);
    return new Promise((resolve, reject) => {
      this.#hold.proclaim({ value: checked, limitMs: this.#ttlMs }, (error) => {
        if (error !== undefined) return reject(error);
        this.#value = checked;
        resolve();
      });
    });
  }

  /** Lets go, so that the next candidate is elected: `release` by its name among elections. */
  resign(): Promise<void> {
    return this.release();
  }
}

/** The value of a leadership, or a TypeError or RangeError that says what is wrong with it. */
export const checkValue = (value: unknown): string => {
  const bad = validateMetadata(value);
  if (bad === undefined && typeof value === 'string') return value;
  const text = `the value of a leadership must be at most ${metadataBytesMax} bytes of well-formed text; this is ${bad}`;
  throw typeof value === 'string' && bad?.startsWith('too long') === true ? outOfRange(text) : wrongType(text);
};
