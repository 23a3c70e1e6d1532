import type { ErrandOutcome } from './errand.ts';
import { LimitExceededError, outOfRange, wrongType } from './errors.ts';
import { checkHold, type HoldReference } from './hold-reference.ts';
import type { Query } from './node/index.ts';
import { refusalOf } from './refusals.ts';
import { utf8Length, valueBytesMax } from './server/index.ts';
import type { SessionEngine } from './session-engine.ts';
import type { Answer, RegisterView } from './table/index.ts';
import { type AsOf, checkQueryOptions, decodeRegister, type QueryOptions } from './views.ts';

/** What stands in a register: the value, its version, and the token of the hold under which it was written. */
export interface RegisterEntry extends RegisterView, AsOf {}

/** Under which hold a register is written. */
export interface RegisterWriteOptions {
  /**
   * A hold that must be current when the write is executed; anybody's, of any lock of the cluster. Its token must be at
   * least the highest that ever wrote the register. Otherwise nothing is written, and the call rejects with `FENCED`.
   */
  readonly guard: HoldReference;
}

/** What became of a `compareAndSet`. */
export interface RegisterWrite {
  /** False: the register has another version than was expected, and is as it was. */
  readonly written: boolean;
  /** The register's version now; 0: there is none. */
  readonly version: number;
}

/** What a register works with. */
export interface RegisterWorld {
  readonly engine: SessionEngine;
  readonly ask: (query: Query) => Promise<{ readonly value: unknown } & AsOf>;
}

/**
 * A small replicated value that is read by anybody and written only under a lock that is held: what a former holder
 * still wants to write is refused by the cluster itself. Registers have names of their own, which no lock is in the way
 * of. Making one costs nothing and asks nobody. Every write happens once or not at all; rejects with a `FencedError`,
 * with a `LimitExceededError` if there are too many registers or bytes, and with `TIMEOUT` of outcome `unknown` if
 * nobody confirmed it within a session TTL. Wrong arguments are a TypeError or RangeError.
 */
export class DistributedRegister {
  readonly name: string;
  readonly #world: RegisterWorld;

  /** Registers are made by `createRegister`, which checks the name. */
  constructor(name: string, world: RegisterWorld) {
    this.name = name;
    this.#world = world;
  }

  /** What stands there, `null` if nothing does: by default linearizable, so no write that was confirmed is missed. */
  async get(options: QueryOptions = {}): Promise<RegisterEntry | null> {
    const consistency = checkQueryOptions(options);
    const { value, appliedIndex } = await this.#world.ask({ kind: 'register', name: this.name, consistency });
    const entry = decodeRegister(value);
    return entry === null ? null : { ...entry, appliedIndex };
  }

  /** Writes whatever stood there before: text of at most 4 KiB of UTF-8. Gives the version, which rises by one. */
  async set(value: string, options: RegisterWriteOptions): Promise<{ readonly version: number }> {
    const answer = await this.#write(checkValue(value), undefined, options);
    return { version: answer.version };
  }

  /** Writes if the register has that version, 0 for none. What another one wrote first is no error: see `written`. */
  async compareAndSet(expectedVersion: number, value: string, options: RegisterWriteOptions): Promise<RegisterWrite> {
    const answer = await this.#write(checkValue(value), checkVersion(expectedVersion), options);
    return { written: answer.kind === 'written', version: answer.version };
  }

  /** Takes the register away, with the memory of its token; its versions are not used again. False: there was none. */
  async delete(options: RegisterWriteOptions): Promise<boolean> {
    const { kind } = await this.#write(null, undefined, options);
    return kind === 'written';
  }

  async #write(value: string | null, expected: number | undefined, options: RegisterWriteOptions): Promise<Written> {
    const guard = checkWriteOptions(options);
    const { name } = this;
    const shown = `register ${JSON.stringify(name)}`;
    const request = { kind: 'write', register: name, value, expected } as const;
    const wish = { asks: { kind: 'guarded', guard, request }, undone: `${shown} was not written` } as const;
    const outcome = await new Promise<ErrandOutcome>((resolve) => this.#world.engine.run(wish, resolve));
    if (!outcome.ok) throw outcome.error;
    const { answer } = outcome;
    if (answer.kind === 'written' || answer.kind === 'version-mismatch') return answer;
    throw refusalOf({ name, guard, shown }, answer);
  }
}

type Written = Answer & { readonly kind: 'written' | 'version-mismatch' };

const checkWriteOptions = (options: RegisterWriteOptions): ReturnType<typeof checkHold> => {
  if (typeof options !== 'object' || options === null) throw wrongType('a write of a register takes { guard }');
  for (const key of Object.keys(options)) {
    if (key !== 'guard') throw wrongType(`unknown option ${JSON.stringify(key)}; a write of a register takes guard`);
  }
  return checkHold(options.guard, 'guard');
};

const checkVersion = (version: number): number => {
  if (typeof version !== 'number') throw wrongType(`expectedVersion must be a number, not ${typeof version}`);
  if (Number.isSafeInteger(version) && version >= 0) return version;
  throw outOfRange(`expectedVersion must be a whole number from 0, not ${version}`);
};

const checkValue = (value: string): string => {
  if (typeof value !== 'string') throw wrongType(`the value of a register must be a string, not ${typeof value}`);
  const bytes = utf8Length(value);
  if (bytes === undefined)
    throw wrongType('the value of a register must be well-formed Unicode: it has a lone surrogate');
  if (bytes <= valueBytesMax) return value;
  throw new LimitExceededError(`the value of a register has at most ${valueBytesMax} bytes of UTF-8, not ${bytes}`);
};
