import { wrongType } from './errors.ts';
import { checkToken } from './fencing/token.ts';
import { checkName } from './names.ts';
import type { HoldName } from './table/index.ts';

/**
 * Names one hold: its handle, or the name of its lock with its fencing token, as another process may have sent them. The
 * token of a handle is that of the moment of the call: an upgrade brings another one.
 */
export type HoldReference =
  | { readonly name: string; readonly fencingToken: number }
  | { readonly name: string; readonly token: number };

/** What it names. Throws a TypeError, a RangeError or an `InvalidNameError` for what names no hold. */
export const checkHold = (hold: HoldReference, what: string): HoldName => {
  const isReference = typeof hold === 'object' && hold !== null && ('fencingToken' in hold || 'token' in hold);
  if (!isReference) throw wrongType(`${what} must be a handle, or a lock's name with a fencing token: { name, token }`);
  return { name: checkName(hold.name), token: checkToken('fencingToken' in hold ? hold.fencingToken : hold.token) };
};
