import * as answers from './answers.ts';
import type { Answer, WriteRegister } from './command.ts';
import { utf8Length } from './limits.ts';
import type { TableState } from './state.ts';

/** A small value under a name of its own, written only by whoever holds a lock. */
export class Register {
  readonly name: string;
  value: string;
  /** Rises by one with each write. */
  version: number;
  /** The fencing token of the hold under which it was written last: the highest that ever wrote it. */
  token: number;
  /** See `ChangedRows`. */
  isPersisted = false;

  constructor(name: string, { value, version, token }: Pick<Register, 'value' | 'version' | 'token'>) {
    this.name = name;
    this.value = value;
    this.version = version;
    this.token = token;
  }

  /** In UTF-8, with the name. */
  get bytes(): number {
    return bytesOf(this.name, this.value);
  }
}

/**
 * The highest version that a deleted register had. A new one begins above it, so that no name has a version twice, and
 * nothing per name must be remembered for that.
 */
export interface VersionFloor {
  version: number;
  isPersisted: boolean;
}

/** All registers, with what is counted of them. */
export interface RegisterRows {
  readonly byName: Map<string, Register>;
  readonly floor: VersionFloor;
  /** Of all names and values. */
  bytes: number;
}

/** A table without registers. */
export const noRegisters = (): RegisterRows => ({
  byName: new Map(),
  floor: { version: 0, isPersisted: false },
  bytes: 0,
});

/** Writes registers. That the hold behind a write is current was looked at before. */
export class Registers {
  readonly #state: TableState;

  constructor(state: TableState) {
    this.#state = state;
  }

  write({ register: name, value, expected }: WriteRegister, token: number): Answer {
    const register = this.#state.registers.byName.get(name);
    if (register !== undefined && token < register.token) return answers.fenced(register.token);
    const version = register?.version ?? 0;
    if (expected !== undefined && expected !== version) return answers.versionMismatch(version);
    if (value !== null) return this.#put(name, value, token);
    if (register === undefined) return answers.versionMismatch(0);
    this.#delete(register);
    return answers.written(0);
  }

  #put(name: string, value: string, token: number): Answer {
    const { registers, changes, limits } = this.#state;
    const known = registers.byName.get(name);
    const bytes = registers.bytes + bytesOf(name, value) - (known?.bytes ?? 0);
    if (known === undefined && registers.byName.size >= limits.registersMax) {
      return answers.exceeded('registers', limits.registersMax);
    }
    // What makes it smaller is never refused.
    if (bytes > limits.registerBytesMax && bytes > registers.bytes) {
      return answers.exceeded('bytes of registers', limits.registerBytesMax);
    }
    const register = known ?? new Register(name, { value, version: registers.floor.version, token });
    register.value = value;
    register.version += 1;
    register.token = token;
    registers.byName.set(name, register);
    registers.bytes = bytes;
    changes.registers.put(register);
    return answers.written(register.version);
  }

  #delete(register: Register): void {
    const { registers, changes } = this.#state;
    registers.byName.delete(register.name);
    registers.bytes -= register.bytes;
    changes.registers.remove(register);
    if (register.version <= registers.floor.version) return;
    registers.floor.version = register.version;
    changes.floors.put(registers.floor);
  }
}

const bytesOf = (name: string, value: string): number => (utf8Length(name) ?? 0) + (utf8Length(value) ?? 0);
