import { describe, expect, it } from 'vitest';
import { againstTable } from '../../bench/against.ts';
import { Figures, type Sample } from '../../bench/figures.ts';
import { figuresTable, ratiosTable } from '../../bench/report.ts';
import type { Subject } from '../../bench/subjects/subject.ts';
import { figureText, textTable } from '../../bench/text-table.ts';

const sample = (subject: string, round: number, value: number): Sample => ({
  ...{ workload: 'pairs', point: 'leader x 1', figure: 'pairs/s', unit: '/s', better: 'higher' },
  ...{ subject, round, value },
});

const figuresOf = (bySubject: Readonly<Record<string, readonly number[]>>): Figures => {
  const figures = new Figures();
  for (const [subject, values] of Object.entries(bySubject)) {
    values.forEach((value, round) => {
      figures.add(sample(subject, round, value));
    });
  }
  return figures;
};

describe('a text table', () => {
  it('is as wide as its widest cells, names left and numbers right', () => {
    expect(
      textTable(
        ['', 'n'],
        [
          ['a', '1'],
          ['bbb', '22'],
        ],
      ).split('\n'),
    ).toEqual(['      n', '---  --', 'a     1', 'bbb  22']);
  });

  it('shows three digits that count', () => {
    expect([12_345.6, 999.7, 123.4, 12.34, 1.234, 0.1234, undefined].map(figureText)).toEqual([
      ...['12,346', '1,000', '123', '12.3', '1.23', '0.123', '-'],
    ]);
  });
});

describe('the table of figures', () => {
  it('of one subject shows median, least and largest, and marks noise', () => {
    const text = figuresTable(figuresOf({ ours: [100, 300, 200] }), ['ours']);

    expect(text).toContain('leader x 1: pairs/s [/s]');
    expect(text).toMatch(/200 +100 +300 +3 +~ 100 %/);
  });

  it('of several has a column each, and a dash for what was not measured', () => {
    const figures = figuresOf({ ours: [100], theirs: [50] });
    figures.add({ ...sample('ours', 0, 1), figure: 'pair p50' });

    expect(figuresTable(figures, ['ours', 'theirs'])).toMatch(/pair p50.* -$/m);
  });

  it('leaves out what is no number', () => {
    expect(figuresOf({ ours: [Number.NaN] }).metrics).toEqual([]);
  });
});

describe('ratios', () => {
  it('are taken round by round, so that what drifts alike cancels out', () => {
    const figures = figuresOf({ head: [110, 220, 440], base: [100, 200, 400] });

    const [metric] = figures.metrics;

    expect(metric && figures.ratios('head', 'base', metric).map((ratio) => ratio.toFixed(2))).toEqual([
      ...['1.10', '1.10', '1.10'],
    ]);
  });

  it('call it a change only when all of at least five rounds agree', () => {
    const verdict = (head: readonly number[]): string =>
      ratiosTable(figuresOf({ head, base: [100, 100, 100, 100, 100] }), 'head', 'base');

    expect(verdict([110, 120, 101, 130, 150])).toContain('better');
    expect(verdict([90, 80, 99, 70, 60])).toContain('worse');
    expect(verdict([110, 120, 99, 130, 150])).toContain('no change');
    expect(verdict([110, 120, 130, 150])).toContain('too few rounds');
  });
});

describe('ours against others', () => {
  const other = (name: string, isReplicated: boolean): Subject => ({
    ...{ name, isReplicated, places: [] },
    start: () => Promise.reject(new Error('nothing to start')),
  });

  it('is held against the best that is replicated, whichever that is in this figure', () => {
    const figures = figuresOf({ ours: [300, 330], slow: [50, 50], fast: [100, 110], alone: [1_000, 1_100] });

    const text = againstTable(figures, 'ours', [other('slow', true), other('fast', true), other('alone', false)]);

    expect(text).toContain('3.00 (3.00..3.00) fast');
    expect(text).toContain('0.300 (0.300..0.300) alone');
  });

  it('holds a remote client against theirs that talks to a follower', () => {
    const figures = new Figures();
    figures.add({ ...sample('ours', 0, 20), point: 'remote x 1' });
    figures.add({ ...sample('theirs', 0, 10), point: 'follower x 1' });

    expect(againstTable(figures, 'ours', [other('theirs', true)])).toMatch(/remote x 1: pairs\/s +2.00 .* theirs/);
  });
});
