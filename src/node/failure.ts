import { InvariantViolation } from '../../raft/index.ts';
import type { Failure } from './gateway.ts';

/** An error that stopped the node, as its callers are told of it. */
export function failureOf(error: Error): Failure {
  const code = 'code' in error ? error.code : undefined;
  // Stores say by code what their callers must tell apart; whatever else they say is for people.
  if (code === 'DATA_DIR_IN_USE' || code === 'CORRUPT_STORAGE') return { code, text: error.message };
  if (error instanceof InvariantViolation) {
    return {
      code: 'BACKEND',
      text: `a broken invariant stopped this node, its data is left as it is: ${error.message}`,
    };
  }
  return { code: 'BACKEND', text: error.message };
}
