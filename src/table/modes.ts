import type { LockKind, Mode } from './command.ts';
import { type Field, FieldError, shown } from './fields.ts';

const kinds: Readonly<Record<Mode, LockKind>> = {
  X: 'exclusive',
  R: 'reader-writer',
  U: 'reader-writer',
  W: 'reader-writer',
  S: 'semaphore',
};

/** Which kind of lock a mode belongs to. */
export const kindOf = (mode: Mode): LockKind => kinds[mode];

const modes: ReadonlyMap<unknown, Mode> = new Map([
  ['X', 'X'],
  ['R', 'R'],
  ['U', 'U'],
  ['W', 'W'],
  ['S', 'S'],
]);

export const modeField: Field<Mode> = (value, what) => {
  const mode = modes.get(value);
  if (mode === undefined) throw new FieldError(`${what} is ${shown(value)}, expected "X", "R", "U", "W" or "S"`);
  return mode;
};

export const exclusiveField: Field<'X'> = (value, what) => {
  if (value !== 'X') throw new FieldError(`${what} is ${shown(value)}, expected "X"`);
  return value;
};

/** What a hold can be downgraded to. */
export const weakerField: Field<'U' | 'R'> = (value, what) => {
  if (value !== 'U' && value !== 'R') throw new FieldError(`${what} is ${shown(value)}, expected "U" or "R"`);
  return value;
};

export const kindField: Field<LockKind> = (value, what) => {
  if (value !== 'exclusive' && value !== 'reader-writer' && value !== 'semaphore') {
    throw new FieldError(`${what} is ${shown(value)}, expected a kind of lock`);
  }
  return value;
};
