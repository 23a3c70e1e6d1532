import type { NodeNarrowing } from './conditions.ts';

/** A seed that once broke a rule; it is run for ever. */
export interface NodeRegression extends NodeNarrowing {
  readonly seed: number;
  /** What it found. */
  readonly found: string;
}

export const nodeRegressions: readonly NodeRegression[] = [
  {
    seed: 20235,
    isPlain: true,
    found: 'a restored copy that voted a second time in the first term: no leader had recorded its run',
  },
  {
    seed: 80474,
    isPlain: true,
    found: 'a session taken over by a stream that was read late: its client was never answered again',
  },
  { seed: 81754, isPlain: true, found: 'an opening that a stream which was read late took along when it ended' },
  { seed: 101144, isPlain: true, found: 'an acknowledgement of entries that a later term overwrote in the same write' },
  {
    seed: 65,
    isPlain: true,
    found: 'a grant that its client could not hear of, at a node filled by those who waited for it',
  },
  {
    seed: 711,
    registers: 0,
    isDeaf: true,
    keeps: true,
    found: 'a law by which a holder whose machine had slept knew at once whether its lock is lost',
  },
  {
    seed: 10179,
    registers: 0,
    isDeaf: true,
    keeps: true,
    found: 'a law that took an upgrade of which its holder had not heard yet for a hold that was lost',
  },
];
