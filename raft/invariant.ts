/** A law of the algorithm is broken: the core stops for good, and what is on disk must be left as it is. */
export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation';
}

/** Throws an `InvariantViolation`. On hot roads use it behind an `if`, so that the message is built only when needed. */
export function violation(message: string): never {
  throw new InvariantViolation(message);
}

/** Stays on in production: going on with a broken law would spread the damage to other nodes. */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) violation(message);
}
