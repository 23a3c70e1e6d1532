import type { NodeNarrowing } from './conditions.ts';

/** A seed that once broke a rule; it is run for ever. */
export interface NodeRegression extends NodeNarrowing {
  readonly seed: number;
  /** What it found. */
  readonly found: string;
}

export const nodeRegressions: readonly NodeRegression[] = [];
