import {
  delayMsMax,
  holdMsMin,
  labelBytesMax,
  permitsMax,
  ttlMsMax,
  ttlMsMin,
  validateActor,
  validateMetadata,
  validateName,
  validateOwner,
  validateReason,
  validateText,
  validateValue,
} from './limits.ts';

/** Reads one value of a tuple that somebody else wrote. Fails with a `FieldError`, never otherwise. */
export type Field<T> = (value: unknown, what: string) => T;

/** Says which value was expected and what came; becomes `Malformed` or a `MalformedRowError` at the edge. */
export class FieldError extends Error {
  override readonly name: string = 'FieldError';
}

export const nonNegative: Field<number> = (value, what) => integer(value, what, 0);

export const positive: Field<number> = (value, what) => integer(value, what, 1);

export const ttlMs: Field<number> = (value, what) => {
  const read = positive(value, what);
  if (read < ttlMsMin || read > ttlMsMax) {
    throw new FieldError(`${what} is ${read} ms, expected ${ttlMsMin} to ${ttlMsMax}`);
  }
  return read;
};

/** How long a hold may last. */
export const holdMs: Field<number> = (value, what) => {
  const read = positive(value, what);
  if (read < holdMsMin) throw new FieldError(`${what} is ${read} ms, expected at least ${holdMsMin}`);
  return read;
};

/** How long a name stays unavailable after a hold of it. */
export const delayMs: Field<number> = (value, what) => {
  const read = positive(value, what);
  if (read > delayMsMax) throw new FieldError(`${what} is ${read} ms, expected at most ${delayMsMax}`);
  return read;
};

/** A number of permits, or of all permits of a semaphore. */
export const permits: Field<number> = (value, what) => {
  const read = positive(value, what);
  if (read > permitsMax) throw new FieldError(`${what} is ${read}, expected at most ${permitsMax}`);
  return read;
};

export const flag: Field<boolean> = (value, what) => {
  if (typeof value !== 'boolean') throw new FieldError(`${what} is ${shown(value)}, expected a boolean`);
  return value;
};

export const lockName: Field<string> = (value, what) => {
  const reason = validateName(value);
  if (typeof value !== 'string' || reason !== undefined) throw new FieldError(`${what} is ${reason}`);
  return value;
};

export const owner: Field<string> = (value, what) => {
  const reason = validateOwner(value);
  if (typeof value !== 'string' || reason !== undefined) throw new FieldError(`${what} is ${reason}`);
  return value;
};

export const metadata: Field<string> = (value, what) => {
  const reason = validateMetadata(value);
  if (typeof value !== 'string' || reason !== undefined) throw new FieldError(`${what} is ${reason}`);
  return value;
};

export const registerValue: Field<string> = (value, what) => {
  const reason = validateValue(value);
  if (typeof value !== 'string' || reason !== undefined) throw new FieldError(`${what} is ${reason}`);
  return value;
};

export const actor: Field<string> = (value, what) => {
  const fault = validateActor(value);
  if (typeof value !== 'string' || fault !== undefined) throw new FieldError(`${what} is ${fault}`);
  return value;
};

export const reason: Field<string> = (value, what) => {
  const fault = validateReason(value);
  if (typeof value !== 'string' || fault !== undefined) throw new FieldError(`${what} is ${fault}`);
  return value;
};

export const label: Field<string> = (value, what) => {
  if (typeof value !== 'string') throw new FieldError(`${what} is ${shown(value)}, expected a string`);
  const reason = validateText(value, labelBytesMax);
  if (reason !== undefined) throw new FieldError(`${what} is ${reason}`);
  return value;
};

/** 128 bits. */
export const nonce: Field<string> = (value, what) => matching(value, what, /^[0-9a-f]{32}$/, '32 hex digits');

export const boot: Field<string> = (value, what) => matching(value, what, /^[0-9a-f]{1,64}$/, '1 to 64 hex digits');

export const nodeId: Field<string> = (value, what) =>
  matching(value, what, /^[A-Za-z0-9._-]{1,64}$/, '1 to 64 of A-Z a-z 0-9 . _ -');

/** A tuple of exactly `length` values. */
export const tupleOf = (value: unknown, what: string, length: number): readonly unknown[] => {
  const read = tuple(value, what);
  if (read.length !== length) throw new FieldError(`${what} has ${read.length} values, expected ${length}`);
  return read;
};

export const tuple: Field<readonly unknown[]> = (value, what) => {
  if (!Array.isArray(value)) throw new FieldError(`${what} is ${shown(value)}, expected a tuple`);
  return value;
};

/** A value for an error message: bounded, and never run. */
export function shown(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value.length > 40 ? `a string of ${value.length} characters` : JSON.stringify(value);
    case 'number':
    case 'boolean':
    case 'undefined':
    case 'bigint':
      return String(value);
    default:
      return value === null ? 'null' : `a value of type ${Array.isArray(value) ? 'array' : typeof value}`;
  }
}

function integer(value: unknown, what: string, min: number): number {
  // -0 would be told apart from 0 by an encoder, and two tables with it.
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || Object.is(value, -0)) {
    throw new FieldError(`${what} is ${shown(value)}, expected a safe integer from ${min}`);
  }
  return value;
}

function matching(value: unknown, what: string, pattern: RegExp, expected: string): string {
  if (typeof value !== 'string' || !pattern.test(value)) {
    throw new FieldError(`${what} is ${shown(value)}, expected ${expected}`);
  }
  return value;
}
