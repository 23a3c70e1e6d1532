/** The table has met a state that its own rules exclude: a bug or damaged memory. The node must stop, its data stays. */
export class TableInvariantError extends Error {
  override readonly name: string = 'TableInvariantError';
}

/** Stays on in production: a replica that goes on after a broken rule would answer otherwise than the others. */
export function invariant(holds: boolean, rule: string): asserts holds {
  if (!holds) throw new TableInvariantError(`The lock table broke a rule: ${rule}.`);
}
