import { describe, expect, it } from 'vitest';
import { checkHistory, describeVerdict } from './index.ts';
import { asked, calm, denied, type Event, gave, saw, took, written } from './scenes.ts';

const fault = (at: number, f: string, phase: string): Event => ({
  kind: 'line',
  at,
  line: { type: 'nemesis', f, phase, node: 'n1' },
});

const mark = (at: number): Event => ({ kind: 'line', at, line: { type: 'mark', mark: 'healed' } });

const run: readonly Event[] = [
  took('A', [0, 1], 1),
  fault(1, 'kill', 'start'),
  denied('B', [2, 3]),
  took('C', [2, 9], 2),
  fault(4, 'kill', 'stop'),
  gave('A', [5, 6], 1),
  mark(10),
  gave('C', [11, 12], 2),
  took('B', [13, 14], 3),
];

describe('a run that proves nothing does not pass', () => {
  it.each([
    ['acquires', 3, 'grants,'],
    ['contended', 2, 'contended requests,'],
    ['faults', 1, 'faults,'],
    ['recovery', 1, 'grants after the last healing,'],
  ] as const)('for want of %s', (gate, enough, words) => {
    const text = written(run, calm);

    const good = checkHistory(text, { gates: { [gate]: enough } });
    const poor = checkHistory(text, { gates: { [gate]: enough + 1 } });

    expect(good.passed, describeVerdict(good)).toBe(true);
    expect(poor).toMatchObject({ passed: false, verdict: 'unknown', violations: [] });
    expect(poor.shortfalls).toHaveLength(1);
    expect(poor.shortfalls[0]).toContain(words);
  });

  it('when it never healed', () => {
    const verdict = checkHistory(written([took('A', [0, 1], 1)], calm), { gates: { recovery: 1 } });

    expect(verdict.passed).toBe(false);
  });

  it('when the search had to be given up', () => {
    const verdict = checkHistory(written(run, calm), { budget: 2 });

    expect(verdict).toMatchObject({ passed: false, verdict: 'unknown', violations: [] });
    expect(describeVerdict(verdict)).toContain('the search came to no end for l');
  });

  it('although it misses a gate, a violation is told as one', () => {
    const verdict = checkHistory(written([took('A', [0, 1], 1), saw([2, 3])], calm), { gates: { acquires: 5 } });

    expect(verdict.verdict).toBe('violation');
  });
});

describe('a report', () => {
  it('counts what there was, and tells what is wrong with the operations that show it', () => {
    const verdict = checkHistory(written([...run, asked('D', 15), saw([16, 17])], calm));

    expect(describeVerdict(verdict).split('\n')).toEqual([
      'violation (not passed)',
      '8 operations: 7 ok, 0 failed, 1 unknown; 3 grants, 3 contended requests, 2 handovers, 1 grants after the last healing',
      'faults: kill 1',
      'lock l: violation (8 operations, 7 states)',
      '',
      expect.stringContaining('read, lock l: no order of events allows line 18'),
      expect.stringContaining('line 15: [13.000..14.000] process 8: acquire l by B -> granted, token 3'),
      expect.stringContaining('holder l -> nobody'),
    ]);
  });
});
