import { describe, expect, it } from 'vitest';
import { Schedule } from '../../bench/schedule.ts';

describe('an open-loop schedule', () => {
  it('gives every request its own time, evenly from the beginning', () => {
    const schedule = new Schedule({ fromMs: 1_000, untilMs: 2_000 }, 4);

    expect(schedule.take(5_000)).toEqual([1_000, 1_250, 1_500, 1_750]);
    expect(schedule.isOver).toBe(true);
  });

  it('keeps the times of those that a stall held up', () => {
    const schedule = new Schedule({ fromMs: 0, untilMs: 1_000 }, 10);

    expect(schedule.take(100)).toEqual([0, 100]);
    expect(schedule.take(100)).toEqual([]);
    expect(schedule.take(450)).toEqual([200, 300, 400]);
  });

  it('makes exactly as many requests as the rate says, also when the gap is no whole number', () => {
    const schedule = new Schedule({ fromMs: 0, untilMs: 3_000 }, 7_001);
    let count = 0;
    for (let now = 0; !schedule.isOver; now += 1) count += schedule.take(now).length;

    expect(count).toBe(21_003);
  });

  it('refuses a rate that is none', () => {
    expect(() => new Schedule({ fromMs: 0, untilMs: 1 }, 0)).toThrow('above 0');
    expect(() => new Schedule({ fromMs: 0, untilMs: 1 }, Number.NaN)).toThrow(RangeError);
  });
});
