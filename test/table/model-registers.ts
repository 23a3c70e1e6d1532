import type { Answer, TableLimits, WriteRegister } from '../../src/table/index.ts';

interface ModelRegister {
  readonly name: string;
  readonly value: string;
  readonly version: number;
  readonly token: number;
}

/** Registers as one would explain them: all that was ever written, one behind the other, the last of a name counts. */
export class ModelRegisters {
  readonly #limits: TableLimits;
  #written: (Omit<ModelRegister, 'value'> & { readonly value: string | null })[] = [];

  constructor(limits: TableLimits) {
    this.#limits = limits;
  }

  /** What stands there now. */
  at(name: string): Omit<ModelRegister, 'name'> | undefined {
    return this.all().find((register) => register.name === name);
  }

  all(): readonly ModelRegister[] {
    return this.#written.flatMap(({ value, ...one }, at) =>
      value !== null && this.#written.findLastIndex(({ name }) => name === one.name) === at ? [{ ...one, value }] : [],
    );
  }

  write({ register: name, value, expected }: WriteRegister, token: number): Answer {
    const now = this.at(name);
    if (now !== undefined && now.token > token) return { kind: 'fenced', highest: now.token };
    const version = now?.version ?? 0;
    if (expected !== undefined && expected !== version) return { kind: 'version-mismatch', version };
    if (value === null && now === undefined) return { kind: 'version-mismatch', version: 0 };
    const refusal = value === null ? undefined : this.#refusal(name, value);
    if (refusal !== undefined) return refusal;
    const next = value === null ? version : 1 + (now?.version ?? this.#highestDeleted());
    this.#written.push({ name, value, version: next, token });
    return { kind: 'written', version: value === null ? 0 : next };
  }

  #highestDeleted(): number {
    return Math.max(0, ...this.#written.flatMap(({ value, version }) => (value === null ? [version] : [])));
  }

  #refusal(name: string, value: string): Answer | undefined {
    const { registersMax, registerBytesMax } = this.#limits;
    const others = this.all().filter((register) => register.name !== name);
    if (others.length === this.all().length && others.length >= registersMax) {
      return { kind: 'limit-exceeded', limit: 'registers', max: registersMax };
    }
    const before = bytesOf(this.all());
    const after = bytesOf([...others, { name, value }]);
    if (after <= registerBytesMax || after <= before) return undefined;
    return { kind: 'limit-exceeded', limit: 'bytes of registers', max: registerBytesMax };
  }
}

const bytesOf = (registers: readonly { readonly name: string; readonly value: string }[]): number =>
  registers.reduce((sum, { name, value }) => sum + Buffer.byteLength(name) + Buffer.byteLength(value), 0);
