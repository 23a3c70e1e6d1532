import type { Mode } from './command.ts';
import { type Field, FieldError, shown } from './fields.ts';

/** Which kind of lock the modes belong to, as people see it. */
export type LockKind = 'exclusive';

/** For each wanted mode, the modes that others may hold beside it. */
const beside: Readonly<Record<Mode, readonly Mode[]>> = { X: [] };

const kinds: Readonly<Record<Mode, LockKind>> = { X: 'exclusive' };

/** Whether `wanted` may be granted while another hold in mode `held` stands. The only place where modes decide. */
export const isCompatible = (wanted: Mode, held: Mode): boolean => beside[wanted].includes(held);

export const kindOf = (mode: Mode): LockKind => kinds[mode];

export const modeField: Field<Mode> = (value, what) => {
  if (value !== 'X') throw new FieldError(`${what} is ${shown(value)}, expected "X"`);
  return value;
};
