import { describe, expect, it } from 'vitest';
import type { Deed } from './ghost.ts';
import { regressionSeeds } from './regression-seeds.ts';
import { narrow, replayCommand, report } from './report.ts';
import { type Conditions, type Outcome, simulate } from './simulate.ts';

const batches = 6;
const seedsPerBatch = 100;

function holds(seed: number, conditions: Conditions = {}): Outcome {
  const outcome = simulate(seed, conditions);
  const { failure } = outcome;
  if (failure === undefined) return outcome;
  const enough = replayCommand(seed, narrow(seed, failure.rule, conditions));
  throw new Error(`${report(outcome)}\nenough: ${enough}`, { cause: failure.error });
}

const deeds: readonly Deed[] = [
  ...(['elections', 'commits', 'acknowledged', 'reads', 'truncations', 'snapshots', 'checkpoints'] as const),
  ...(['crashes', 'pauses', 'partitions', 'replacements', 'transfers'] as const),
];

describe('a cluster keeps the law under faults, and comes to rest after them', () => {
  const counts = new Map<Deed, number>();

  for (let batch = 0; batch < batches; batch += 1) {
    const first = 1 + batch * seedsPerBatch;
    const last = first + seedsPerBatch - 1;

    it(`in seeds ${first} to ${last}`, () => {
      for (let seed = first; seed <= last; seed += 1) {
        for (const [deed, count] of holds(seed).counts) counts.set(deed, (counts.get(deed) ?? 0) + count);
      }
    });
  }

  it.each(deeds)('and these seeds saw enough %s', (deed) => {
    expect(counts.get(deed) ?? 0).toBeGreaterThan(50);
  });
});

describe('seeds that once broke a rule hold', () => {
  it('each under its own conditions', () => {
    for (const { seed, without } of regressionSeeds) holds(seed, without === undefined ? {} : { without });
  });
});

describe('a seed decides everything', () => {
  it.each([2, 3, 5, 8])('seed %i takes the same course twice', (seed) => {
    const once = simulate(seed);
    const again = simulate(seed);

    expect(again.hash).toBe(once.hash);
    expect(again.steps).toBe(once.steps);
  });

  it('and another seed takes another course', () => {
    expect(simulate(2).hash).not.toBe(simulate(3).hash);
  });
});
