import { describe, expect, it } from 'vitest';
import { growth, jainIndex, latencyOf, median, percentile, summaryOf } from '../../bench/statistics.ts';
import { share } from '../../bench/workloads/contended.ts';

describe('the median', () => {
  it('is the middle, whatever the order', () => {
    expect(median([9, 1, 5])).toBe(5);
  });

  it('is the mean of the two in the middle', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it('of nothing is no number', () => {
    expect(median([])).toBeNaN();
  });
});

describe('a percentile', () => {
  it('lies between its neighbours in proportion', () => {
    expect(percentile([10, 20, 30, 40, 50], 90)).toBeCloseTo(46);
  });

  it('of 100 is the largest and of 0 the least', () => {
    expect([percentile([1, 2, 7], 0), percentile([1, 2, 7], 100)]).toEqual([1, 7]);
  });
});

describe('a summary', () => {
  it('flags rounds that differ by more than 30 % of their median', () => {
    expect(summaryOf([100, 80, 115])).toMatchObject({ median: 100, min: 80, max: 115, rounds: 3, isNoisy: true });
    expect(summaryOf([100, 90, 115])).toMatchObject({ spread: 0.25, isNoisy: false });
  });

  it('of zeros is quiet, and of something around zero is not', () => {
    expect(summaryOf([0, 0]).isNoisy).toBe(false);
    expect(summaryOf([-1, 0, 1]).isNoisy).toBe(true);
  });
});

describe("Jain's index", () => {
  it('is 1 when all get the same', () => {
    expect(jainIndex([7, 7, 7, 7])).toBe(1);
  });

  it('is 1/n when one gets everything', () => {
    expect(jainIndex([12, 0, 0, 0])).toBe(0.25);
  });

  it('lies between, and nobody who got nothing is left out', () => {
    expect(jainIndex([1, 1, 0])).toBeCloseTo(2 / 3);
    expect(jainIndex([0, 0])).toBe(1);
    expect(jainIndex([])).toBeNaN();
  });
});

describe('latencies', () => {
  it('of a window without any are zeros, for a message carries no NaN', () => {
    expect(latencyOf([])).toEqual({ count: 0, p50: 0, p99: 0, max: 0 });
  });

  it('are sorted by number, not by text', () => {
    expect(latencyOf([100, 9, 20])).toMatchObject({ p50: 20, max: 100 });
  });
});

describe('growth', () => {
  it('holds the last third against the first', () => {
    expect(growth([10, 10, 50, 20, 20])).toBe(2);
    expect(growth([5, 5, 5, 5, 5, 5])).toBe(1);
  });
});

describe('a crowd', () => {
  it('is spread evenly, and nobody is lost', () => {
    expect([0, 1, 2].map((at) => share(16, 3, at))).toEqual([6, 5, 5]);
  });
});
