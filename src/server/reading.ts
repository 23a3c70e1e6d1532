import type { Value } from '../transport/index.ts';

/** What was sent is not what the protocol allows; `message` says what was expected. Never leaves this floor. */
export class MalformedError extends Error {}

/** Texts of people and of JSON are bounded by the transport's limit on messages already. */
const textCharsMax = 4 * 1024 * 1024;

/** The fields of one tuple, read in order. */
export class Fields {
  readonly #tuple: readonly Value[];
  readonly #what: string;
  #at = 0;

  constructor(value: Value, what: string) {
    if (!isTuple(value)) throw new MalformedError(`${what}: expected a list`);
    this.#tuple = value;
    this.#what = what;
  }

  text(charsMax: number = textCharsMax): string {
    const value = this.#next();
    if (typeof value === 'string' && value.length <= charsMax) return value;
    return this.#refuse(`a text of at most ${charsMax} characters`);
  }

  optionalText(charsMax?: number): string | undefined {
    if (this.#tuple[this.#at] !== null) return this.text(charsMax);
    this.#at += 1;
    return undefined;
  }

  /** A safe integer, 0 or above. */
  count(): number {
    const value = this.#next();
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    return this.#refuse('a whole number');
  }

  optionalCount(): number | undefined {
    if (this.#tuple[this.#at] !== null) return this.count();
    this.#at += 1;
    return undefined;
  }

  /** Any finite number. */
  number(): number {
    const value = this.#next();
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    return this.#refuse('a number');
  }

  flag(): boolean {
    const value = this.#next();
    return typeof value === 'boolean' ? value : this.#refuse('a boolean');
  }

  one<T extends string>(known: readonly T[]): T {
    const value = this.#next();
    return known.find((each) => each === value) ?? this.#refuse(`one of ${known.join(', ')}`);
  }

  list(lengthMax: number): readonly Value[] {
    const value = this.#next();
    if (isTuple(value) && value.length <= lengthMax) return value;
    return this.#refuse(`a list of at most ${lengthMax}`);
  }

  value(): Value {
    return this.#next();
  }

  /** Whether something follows that may be left out. */
  get hasMore(): boolean {
    return this.#at < this.#tuple.length;
  }

  /** Nothing may follow. */
  end(): void {
    if (this.#at !== this.#tuple.length) this.#refuse('nothing more');
  }

  #next(): Value {
    this.#at += 1;
    return this.#tuple[this.#at - 1];
  }

  #refuse(expected: string): never {
    throw new MalformedError(`${this.#what}: expected ${expected} as field ${this.#at}`);
  }
}

const isTuple = (value: Value): value is readonly Value[] => Array.isArray(value);
