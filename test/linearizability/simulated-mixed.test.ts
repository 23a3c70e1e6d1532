import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mixedPlots } from './commands.ts';
import { checkHistory, describeVerdict } from './index.ts';
import { type Lie, truth } from './lies.ts';
import { runs } from './runs.ts';
import { SimulatedWorld } from './simulated-world.ts';

const usualRuns = 250;

/** The rarest outcomes come a few times in so many runs: then chance alone may leave one of them out. */
const roundsMax = 4;

/** What must have come of what was asked for, or the runs prove nothing of it. */
const classes: readonly string[] = [
  'acquire r granted',
  'acquire u granted',
  'acquire w granted',
  'acquire s granted',
  'acquire w of an owner granted',
  'acquire w of an owner deadlock',
  'acquire s wrong-limit',
  'acquireAll granted',
  'acquireAll cancelled',
  'acquireAll unknown',
  'acquireAll of an owner granted',
  'acquireAll of an owner deadlock',
  'tryAcquireAll granted',
  'tryAcquireAll held',
  'downgrade to u done',
  'downgrade to r done',
  'upgrade granted',
  'upgrade held',
  'upgrade cancelled',
  'upgrade unknown',
  're-entry granted',
  'setLimit done',
];

/** What a cluster would tell that had forgotten a rule of these kinds. */
const lies: Readonly<Record<string, () => Lie>> = {
  'an upgrade is granted beside readers': () => ({ ...truth, told: grantWaiting(({ kind }) => kind === 'upgrade') }),
  'an upgrade keeps its token': () => ({
    ...truth,
    told: (request, answer) =>
      request.kind === 'upgrade' && answer.kind === 'granted' ? { ...answer, token: request.token } : answer,
  }),
  'a downgrade is confirmed and never carried out': () => ({
    ...truth,
    insteadOf: (request) => (request.kind === 'downgrade' ? { kind: 'downgraded' } : undefined),
  }),
  'several are granted although one of them is held': () => ({
    ...truth,
    told: grantWaiting((request) => request.kind === 'acquire-all' && request.parts.length > 1),
  }),
  'whoever waits for an owner is told that he waits for himself': () => ({
    ...truth,
    told: (request, answer) =>
      request.kind === 'acquire-all' && request.owner !== undefined && answer.kind === 'queued'
        ? { kind: 'deadlock', cycle: [{ owner: request.owner, lock: request.parts[0]?.name ?? '' }] }
        : answer,
  }),
  'a changed limit is confirmed and never set': () => ({
    ...truth,
    insteadOf: (request) => (request.kind === 'limit' ? { kind: 'limit-changed' } : undefined),
  }),
};

/** Tells those who wait that they have been granted it. */
function grantWaiting(isMeant: (request: Parameters<Lie['told']>[0]) => boolean): Lie['told'] {
  let token = 1_000_000;
  return (request, answer) => {
    if (!isMeant(request) || answer.kind !== 'queued') return answer;
    token += 10;
    return { kind: 'granted', token, grantedAt: 0 };
  };
}

describe('conversions, several locks at once, owners and limits of whole nodes under random commands and faults', () => {
  it('leave only linearizable histories, and reach every class of outcomes', { timeout: 3_600_000 }, () => {
    const outcomes = new Map<string, number>();
    const plays = fc.property(mixedPlots, (plot) => {
      const verdict = checkHistory(new SimulatedWorld(plot).run(), { gates: { recovery: plot.nodes } });

      for (const [words, times] of Object.entries(verdict.counts.outcomes)) {
        outcomes.set(words, (outcomes.get(words) ?? 0) + times);
      }
      expect(verdict.passed, describeVerdict(verdict)).toBe(true);
    });
    const missing = (): readonly string[] => classes.filter((each) => !outcomes.has(each));
    for (let round = 1; round <= roundsMax && missing().length > 0; round += 1) {
      fc.assert(plays, { numRuns: runs(usualRuns) });
    }

    const table = [...outcomes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([words, times]) => `${times} ${words}`);
    if (process.env['HOLDFAST_TEST_COUNTS'] !== undefined) console.log(table.join('\n'));
    expect(missing(), table.join('\n')).toEqual([]);
  });

  it.each(Object.entries(lies))('are not believed when %s', { timeout: 120_000 }, (_, lie) => {
    const result = fc.check(
      fc.property(mixedPlots, (plot) => checkHistory(new SimulatedWorld(plot, lie()).play()).verdict !== 'violation'),
      { numRuns: 300, seed: 1, endOnFailure: true },
    );

    expect(result.failed).toBe(true);
  });
});
