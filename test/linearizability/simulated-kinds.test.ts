import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { familyPlots } from './commands.ts';
import { checkHistory, describeVerdict } from './index.ts';
import { type Lie, truth } from './lies.ts';
import { runs } from './runs.ts';
import { SimulatedWorld } from './simulated-world.ts';

const usualRuns = 100;

/** What a cluster would tell that had forgotten a rule of these kinds. */
const lies: Readonly<Record<string, () => Lie>> = {
  'a reader is let in beside a writer': () => {
    let token = 1_000_000;
    return {
      ...truth,
      told: (request, answer) =>
        request.kind === 'acquire-all' && request.parts[0]?.mode === 'R' && answer.kind === 'queued'
          ? { kind: 'granted', token: ++token, grantedAt: 0 }
          : answer,
    };
  },
  'permits are given out that are not there': () => {
    let token = 1_000_000;
    return {
      ...truth,
      told: (request, answer) =>
        request.kind === 'acquire-all' && request.parts[0]?.mode === 'S' && answer.kind === 'queued'
          ? { kind: 'granted', token: ++token, grantedAt: 0 }
          : answer,
    };
  },
  'a release is confirmed and never carried out': () => ({
    ...truth,
    insteadOf: (request) => (request.kind === 'release' ? { kind: 'released' } : undefined),
  }),
};

describe('reader-writer locks and semaphores of whole nodes under random commands and faults', () => {
  it('leave only linearizable histories', { timeout: 3_600_000 }, () => {
    let acquires = 0;
    fc.assert(
      fc.property(familyPlots, (plot) => {
        const verdict = checkHistory(new SimulatedWorld(plot).run(), { gates: { recovery: plot.nodes } });

        acquires += verdict.counts.acquires;
        expect(verdict.passed, describeVerdict(verdict)).toBe(true);
      }),
      { numRuns: runs(usualRuns) },
    );

    expect(acquires).toBeGreaterThan(3 * usualRuns);
  });

  it.each(Object.entries(lies))('are not believed when %s', { timeout: 120_000 }, (_, lie) => {
    const result = fc.check(
      fc.property(familyPlots, (plot) => checkHistory(new SimulatedWorld(plot, lie()).play()).verdict !== 'violation'),
      { numRuns: 300, seed: 1, endOnFailure: true },
    );

    expect(result.failed).toBe(true);
  });
});
