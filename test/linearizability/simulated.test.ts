import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plots } from './commands.ts';
import { checkHistory, describeVerdict } from './index.ts';
import { lies } from './lies.ts';
import { runs } from './runs.ts';
import { SimulatedWorld } from './simulated-world.ts';

describe('whole nodes under random commands and faults', () => {
  it('leave only linearizable histories, and serve again once the faults are over', { timeout: 3_600_000 }, () => {
    const sums = { acquires: 0, contended: 0, handovers: 0, unknown: 0, faults: 0 };
    fc.assert(
      fc.property(plots, (plot) => {
        const verdict = checkHistory(new SimulatedWorld(plot).run(), { gates: { recovery: plot.nodes } });

        const { counts } = verdict;
        sums.acquires += counts.acquires;
        sums.contended += counts.contended;
        sums.handovers += counts.handovers;
        sums.unknown += counts.unknown;
        sums.faults += Object.values(counts.faults).reduce((sum, each) => sum + each, 0);
        expect(verdict.passed, describeVerdict(verdict)).toBe(true);
      }),
      { numRuns: runs(40) },
    );
    if (process.env['SHOW']) console.log(sums);
  });

  it.each(Object.entries(lies))('are found out when %s', { timeout: 120_000 }, (_, lie) => {
    const result = fc.check(
      fc.property(plots, (plot) => {
        const verdict = checkHistory(new SimulatedWorld(plot, lie()).run());

        return verdict.verdict === 'linearizable';
      }),
      { numRuns: 300, seed: 1, endOnFailure: true },
    );
    if (process.env['SHOW']) console.log(_, result.numRuns);

    expect(result.failed).toBe(true);
  });
});
