import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Act, Mishap, Plot } from '../chaos/plotted.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Each is a new cluster of five processes; HOLDFAST_TEST_CLUSTERS asks for more. */
const clusters = Number(process.env['HOLDFAST_TEST_CLUSTERS'] ?? 3);

const lanes = 13;
const lock = fc.integer({ min: 0, max: 1 });
const stay = fc.integer({ min: 0, max: 60 });

const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      lock,
      timeout: fc.option(fc.integer({ min: 1, max: 1_500 }), { nil: undefined }),
      stay,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('try' as const), lock, stay }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('inspect' as const), lock }) },
);

const mishap: fc.Arbitrary<Mishap> = fc.record({
  kind: fc.constantFrom('kill', 'freeze', 'isolate'),
  node: fc.integer({ min: 0, max: 2 }),
  after: fc.integer({ min: 0, max: 400 }),
  ms: fc.integer({ min: 50, max: 2_500 }),
});

const plots: fc.Arbitrary<Plot> = fc.record({
  acts: fc.array(fc.array(act, { minLength: 5, maxLength: 25 }), { minLength: lanes, maxLength: lanes }),
  mishaps: fc.array(mishap, { minLength: 1, maxLength: 4 }),
});

describe('real processes with random commands, schedules and mishaps', () => {
  it(`show linearizable histories (${clusters} clusters)`, { timeout: 60_000 * clusters + 120_000 }, async () => {
    const { play }: typeof import('../chaos/plotted.ts') = await import(`${root}.chaos/test/chaos/plotted.js`);
    let acquires = 0;

    await fc.assert(
      fc.asyncProperty(plots, async (plot) => {
        const played = await play(plot);

        acquires += played.acquires;
        expect(played.account).toBe('');
      }),
      // A real cluster does not repeat itself, so that there is nothing to shrink.
      { numRuns: clusters, endOnFailure: true },
    );

    expect(acquires).toBeGreaterThan(clusters * 10);
  });
});
