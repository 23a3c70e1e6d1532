import type { Decoded } from './codec.ts';
import type { Value } from './transport.ts';

/** A message has another shape than it must have. Thrown and caught inside the decoders only. */
class BadShape extends Error {}

/** Runs `read` over fields; a wrong shape becomes `bad`, anything else is a bug and thrown on. */
export function reading<T>(read: () => T): Decoded<T> {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    if (error instanceof BadShape) return { ok: false, bad: error.message };
    throw error;
  }
}

/** Refuses the message that is being read; for rules between fields. */
export function refuse(why: string): never {
  throw new BadShape(why);
}

/** Reads a tuple front to back, each field checked; `end` checks that none is left. */
export class Fields {
  readonly #values: readonly Value[];
  readonly #what: string;
  #next = 0;

  constructor(value: Value, what: string) {
    if (!isList(value)) refuse(`${what} is not an array`);
    this.#values = value;
    this.#what = what;
  }

  /** A safe integer from 0 up. */
  count(name: string): number {
    const value = this.any();
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
      return this.#refuse(name, 'an integer from 0 to 2^53 - 1', value);
    }
    return value;
  }

  optionalCount(name: string): number | undefined {
    if (this.#values[this.#next] !== null) return this.count(name);
    this.#next += 1;
    return undefined;
  }

  /** Well-formed text of at most `charsMax` UTF-16 units, not empty unless `canBeEmpty`. */
  text(name: string, charsMax: number, canBeEmpty = false): string {
    const value = this.any();
    if (typeof value !== 'string' || value.length > charsMax || (value === '' && !canBeEmpty)) {
      return this.#refuse(name, `a string of ${canBeEmpty ? 0 : 1} to ${charsMax} characters`, value);
    }
    return value;
  }

  optionalText(name: string, charsMax: number): string | undefined {
    if (this.#values[this.#next] !== null) return this.text(name, charsMax);
    this.#next += 1;
    return undefined;
  }

  flag(name: string): boolean {
    const value = this.any();
    return typeof value === 'boolean' ? value : this.#refuse(name, 'a boolean', value);
  }

  bytes(name: string): Uint8Array {
    const value = this.any();
    return value instanceof Uint8Array ? value : this.#refuse(name, 'binary', value);
  }

  list(name: string, lengthMax: number): readonly Value[] {
    const value = this.any();
    return isList(value) && value.length <= lengthMax
      ? value
      : this.#refuse(name, `an array of at most ${lengthMax}`, value);
  }

  /** The next field as it is; `undefined` past the end, which every check above refuses. */
  any(): Value {
    const value = this.#values[this.#next];
    this.#next += 1;
    return value;
  }

  end(): void {
    if (this.#next !== this.#values.length) {
      refuse(`${this.#what} has ${this.#values.length} fields, expected ${this.#next}`);
    }
  }

  #refuse(name: string, expected: string, came: Value): never {
    return refuse(`${this.#what}: ${name} must be ${expected}, came ${describe(came)}`);
  }
}

export const isList = (value: Value): value is readonly Value[] => Array.isArray(value);

function describe(value: Value): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return `a string of ${value.length}`;
  if (isList(value)) return `an array of ${value.length}`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  return String(value);
}
