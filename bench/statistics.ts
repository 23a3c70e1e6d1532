/** What the rounds of one figure come to. */
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly rounds: number;
  /** `(max - min) / median`: 0 when all rounds agree. */
  readonly spread: number;
  /** The rounds differ so much that the median says little. */
  readonly isNoisy: boolean;
}

/** A spread above this is flagged. */
export const spreadMax = 0.3;

/** The middle of `values`, or the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  return percentile(
    values.toSorted((a, b) => a - b),
    50,
  );
}

/** The value below which `percent` of the rising `sorted` lie, between two neighbours by proportion; NaN of none. */
export function percentile(sorted: readonly number[], percent: number): number {
  if (sorted.length === 0) return Number.NaN;
  const at = ((sorted.length - 1) * percent) / 100;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

/** What the rounds of one figure come to; all NaN without rounds. */
export function summaryOf(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = percentile(sorted, 50);
  const [min = Number.NaN, max = Number.NaN] = [sorted[0], sorted.at(-1)];
  const spread = middle === 0 ? (max === min ? 0 : Number.POSITIVE_INFINITY) : (max - min) / Math.abs(middle);
  return { median: middle, min, max, rounds: sorted.length, spread, isNoisy: spread > spreadMax };
}

/**
 * Jain's fairness index of what each contender got: 1 when all got the same, `1 / n` when one got everything. NaN of
 * nobody; 1 when nobody got anything.
 */
export function jainIndex(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share * share, 0);
  if (shares.length === 0) return Number.NaN;
  return squares === 0 ? 1 : (sum * sum) / (shares.length * squares);
}

/** Latencies of one window, in milliseconds. */
export interface Latency {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** All zero without a latency: a message between processes carries no NaN. */
export function latencyOf(values: readonly number[]): Latency {
  if (values.length === 0) return { count: 0, p50: 0, p99: 0, max: 0 };
  const sorted = values.toSorted((a, b) => a - b);
  return {
    count: sorted.length,
    p50: percentile(sorted, 50),
    p99: percentile(sorted, 99),
    max: sorted.at(-1) ?? 0,
  };
}

/** How a value changed over time: the mean of the last third over that of the first; NaN with fewer than three. */
export function growth(values: readonly number[]): number {
  const third = Math.floor(values.length / 3);
  const mean = (part: readonly number[]): number => part.reduce((sum, value) => sum + value, 0) / part.length;
  return mean(values.slice(values.length - third)) / mean(values.slice(0, third));
}
