import type { LockProvider } from '../../src/index.ts';

/** Two providers of one cluster: the one under test, and another process's. */
export interface Pair {
  readonly subject: LockProvider;
  readonly other: LockProvider;
}

let names = 0;

/** A name that no other test uses. */
export const freshName = (): string => {
  names += 1;
  return `conformance/${process.pid}/${names}`;
};

/** What a promise comes to, be it an error. */
export const outcomeOf = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    return await promise;
  } catch (error) {
    return error;
  }
};
