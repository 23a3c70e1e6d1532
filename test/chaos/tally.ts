/** What a run has done, beside its faults. */
export class Tally {
  /** Completed with a known outcome, or not. */
  operations = 0;
  /** Acquires of all kinds that were granted. */
  acquires = 0;
  /** Grants of locks that others held or waited for when they were asked for. */
  contended = 0;
  /** Grants of a lock to another process than the one that had it before. */
  handOvers = 0;
  /** Acquires that were refused or timed out, for certain. */
  refused = 0;
  /** Calls that surely did nothing. */
  failed = 0;
  unknown = 0;
  /** Guarded writes that came with an old token. */
  staleWrites = 0;
  /** Holds that their holders believed lost. */
  losses = 0;
}
