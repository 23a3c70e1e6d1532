import type { RegisterView } from '../../../src/table/index.ts';
import type { Ghost } from '../ghost.ts';
import type { Claim } from './law.ts';

/** Names of registers, counted from 1. The first is never deleted, so that of it nothing may ever be missing. */
export const registerAt = (at: number): string => `register-${at}`;

/** What somebody wants of a register, and under which hold. */
export interface Writing {
  readonly register: string;
  /** Different for each write; null deletes. */
  readonly value: string | null;
  readonly expected: number | undefined;
  readonly claim: Claim;
  readonly token: number;
}

/** What somebody was told of his write: the version now, 0 if it is gone. */
export type WritingTold = { readonly version: number } | 'mismatch' | 'fenced';

/**
 * O9: a register is one place. Each version was written once, by one write, in the order of what its writers knew; what
 * was confirmed is missed by no later write and no later look; tokens never fall; and nobody writes under an exclusive
 * lock when a later holder was known before he asked.
 */
export class RegisterLaw {
  readonly #ghost: Ghost;
  /** The newest token that anybody was given of an exclusive lock. */
  readonly #newestOf: (lock: string) => number;
  readonly #known = new Map<string, Map<number, Omit<RegisterView, 'version'>>>();
  readonly #highest = new Map<string, number>();
  /** Registers that somebody has asked to delete. */
  readonly #mayBeGone = new Set<string>();

  constructor(ghost: Ghost, newestOf: (lock: string) => number) {
    this.#ghost = ghost;
    this.#newestOf = newestOf;
  }

  /** Somebody writes now; `told` judges what he hears. */
  write(writing: Writing): (told: WritingTold) => void {
    const { register, value, expected, claim, token } = writing;
    const before = this.#highest.get(register) ?? 0;
    const newest = claim.hold.mode === 'X' ? this.#newestOf(claim.hold.name) : 0;
    if (value === null) this.#mayBeGone.add(register);
    const who = `${claim.by.name} (token ${token})`;
    return (told) => {
      if (told === 'fenced') return this.#ghost.count('fenced writes');
      if (told === 'mismatch') return;
      this.#ghost.count('register writes');
      const isTimely = newest <= token;
      this.#ghost.demand(isTimely, 'O9', () => `${who} writes ${register} after ${newest} was given out`);
      if (value === null) return;
      const isNew = told.version > before;
      this.#ghost.demand(isNew, 'O9', () => `${who} writes version ${told.version} of ${register} after ${before}`);
      const isNext = expected === undefined || expected === 0 || told.version === expected + 1;
      this.#ghost.demand(isNext, 'O9', () => `${who} expects version ${expected} of ${register}: ${told.version}`);
      this.#learn(register, { value, token, version: told.version });
    };
  }

  /** Somebody looks now; the result judges what he sees. */
  look(register: string): (seen: RegisterView | undefined) => void {
    const before = this.#highest.get(register) ?? 0;
    return (seen) => {
      if (seen !== undefined) this.#learn(register, seen);
      const isMissed = (seen?.version ?? 0) < before && !this.#mayBeGone.has(register);
      const isOld = seen !== undefined && seen.version < before;
      this.#ghost.demand(!isMissed && !isOld, 'O9', () => `${register} shows ${seen?.version} after ${before}`);
    };
  }

  #learn(register: string, { version, value, token }: RegisterView): void {
    const known = this.#known.get(register) ?? new Map<number, Omit<RegisterView, 'version'>>();
    this.#known.set(register, known);
    const other = known.get(version);
    const isOne = other === undefined || (other.value === value && other.token === token);
    this.#ghost.demand(isOne, 'O9', () => `version ${version} of ${register} is ${value} and ${other?.value}`);
    known.set(version, { value, token });
    this.#highest.set(register, Math.max(version, this.#highest.get(register) ?? 0));
    if (this.#mayBeGone.has(register)) return;
    for (const [at, { token: written }] of known) {
      const isInOrder = at < version ? written <= token : written >= token;
      this.#ghost.demand(isInOrder, 'O9', () => `${register}: ${at} has token ${written}, ${version} has ${token}`);
    }
  }
}
