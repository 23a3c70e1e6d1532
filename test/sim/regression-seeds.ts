import type { FaultClass } from './swarm.ts';

/** A seed that once broke a rule; it is run for ever. */
export interface RegressionSeed {
  readonly seed: number;
  readonly without?: readonly FaultClass[];
  /** What it found. */
  readonly found: string;
}

export const regressionSeeds: readonly RegressionSeed[] = [
  { seed: 610, found: 'an installation that kept a suffix which no write had brought to the disk' },
  { seed: 1150, found: 'the same, in a turn after a pause' },
  {
    seed: 232,
    found: 'a replaced leader that alone held the entry of its removal, and could not be elected to share it',
  },
  { seed: 1390, found: 'the same, over several replacements' },
  {
    seed: 922,
    found: "an acknowledgement of entries that the same write overwrote, which the simulator's disk did not hold back",
  },
];
