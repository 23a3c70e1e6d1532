import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plots } from './commands.ts';
import { type Counts, checkHistory, describeVerdict, type Verdict } from './index.ts';
import { type Lie, lies } from './lies.ts';
import { runs } from './runs.ts';
import { SimulatedWorld } from './simulated-world.ts';

const usualRuns = 200;

const faultsOf = ({ faults }: Counts): number => Object.values(faults).reduce((sum, each) => sum + each, 0);

/** How many runs it takes until one is not accepted; undefined if none is. */
function runsToFind(lie: () => Lie): { readonly runs: number; readonly verdict: Verdict } | undefined {
  let found: Verdict | undefined;
  const result = fc.check(
    fc.property(plots, (plot) => {
      const verdict = checkHistory(new SimulatedWorld(plot, lie()).play());
      if (verdict.verdict === 'violation') found = verdict;
      return verdict.verdict !== 'violation';
    }),
    // The same runs each time: how soon a lie is found must not be left to luck.
    { numRuns: 300, seed: 1, endOnFailure: true },
  );
  return found === undefined ? undefined : { runs: result.numRuns, verdict: found };
}

describe('whole nodes under random commands and faults', () => {
  it('leave only linearizable histories, and serve everybody once the faults are over', { timeout: 3_600_000 }, () => {
    let acquires = 0;
    let handovers = 0;
    let unknown = 0;
    let faults = 0;
    fc.assert(
      fc.property(plots, (plot) => {
        const verdict = checkHistory(new SimulatedWorld(plot).run(), { gates: { recovery: plot.nodes } });

        acquires += verdict.counts.acquires;
        handovers += verdict.counts.handovers;
        unknown += verdict.counts.unknown;
        faults += faultsOf(verdict.counts);
        expect(verdict.passed, describeVerdict(verdict)).toBe(true);
      }),
      { numRuns: runs(usualRuns) },
    );

    expect(acquires).toBeGreaterThan(3 * usualRuns);
    expect(handovers).toBeGreaterThan(usualRuns);
    expect(unknown).toBeGreaterThan(usualRuns / 2);
    expect(faults).toBeGreaterThan(usualRuns);
  });

  it.each(Object.entries(lies))('are not believed when %s', { timeout: 120_000 }, (_, lie) => {
    const found = runsToFind(lie);

    expect(found?.runs, 'runs until it is found').toBeLessThanOrEqual(150);
    expect(found?.verdict.violations[0]?.window.length).toBeGreaterThan(0);
  });
});
