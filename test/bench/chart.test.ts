import { describe, expect, it } from 'vitest';
import { panelsOf } from '../../bench/chart/panels.ts';
import { chart } from '../../bench/chart/svg.ts';
import type { Figure } from '../../bench/figures.ts';

const figure = (part: Partial<Figure>): Figure => ({
  ...{ subject: 'ours', workload: 'pairs', point: 'leader x 256', figure: 'pairs/s', unit: '/s', better: 'higher' },
  ...{ values: [], median: 20, min: 10, max: 30, rounds: 3, spread: 1, isNoisy: true },
  ...part,
});

describe('a chart', () => {
  it('has a panel for each figure, with a bar for each point and subject', () => {
    const panels = panelsOf([figure({}), figure({ subject: 'theirs' }), figure({ figure: 'CPU/pair' })]);

    expect(panels.map(({ bars }) => bars.map(({ label }) => label))).toEqual([
      ['leader x 256, ours', 'leader x 256, theirs'],
    ]);
  });

  it('shows latency of one at a time only, since of many at once it is throughput again', () => {
    const [panel] = panelsOf([
      figure({ figure: 'pair p50', point: 'leader x 1' }),
      figure({ figure: 'pair p50', point: 'leader x 16' }),
    ]);

    expect(panel?.bars.map(({ label }) => label)).toEqual(['leader x 1']);
  });

  it('draws no shape that is not finite, and escapes what it is told', () => {
    const text = chart('a < b & c', [{ title: 'none', bars: [{ label: '>', median: 0, min: 0, max: 0, hue: 9 }] }]);

    expect(text).toContain('a &lt; b &amp; c');
    expect(text).not.toMatch(/NaN|Infinity/);
  });
});
