/** What a run does, from the command line. Times are milliseconds. */
export interface BenchSettings {
  readonly rounds: number;
  /** The measured part of each load. */
  readonly windowMs: number;
  /** What comes before it and does not count. */
  readonly warmMs: number;
  /** Pairs under way at once, with distinct names. */
  readonly widths: readonly number[];
  /** Waiters for one lock. */
  readonly crowds: readonly number[];
  /** Leaders killed in all rounds together. */
  readonly kills: number;
  /** Locks held while memory, restart and catching up are measured. */
  readonly locks: number;
  /** How long the soak lasts. */
  readonly minutes: number;
}

export const defaultSettings: BenchSettings = {
  rounds: 3,
  windowMs: 3_000,
  warmMs: 1_000,
  widths: [1, 16, 64, 256, 1_024],
  crowds: [16, 64],
  kills: 20,
  locks: 100_000,
  minutes: 1,
};
