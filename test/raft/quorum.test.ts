import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Configuration } from '../../raft/index.ts';
import { majority, reachedByQuorum, verdict } from '../../raft/quorum.ts';
import { member } from './entries.ts';

const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];

const configurations: fc.Arbitrary<Configuration> = fc.record({
  voters: fc.subarray(ids, { minLength: 1 }).map((some) => some.map(member)),
  outgoing: fc.subarray(ids).map((some) => some.map(member)),
  learners: fc.constant([]),
});

/** Is there, in each part, a majority for which `holds` is true? By counting. */
function quorumHolds({ voters, outgoing }: Configuration, holds: (id: string) => boolean): boolean {
  const parts = outgoing.length === 0 ? [voters] : [voters, outgoing];
  return parts.every((part) => part.filter(({ id }) => holds(id)).length * 2 > part.length);
}

test('what a quorum has reached is the largest value that majorities of all parts have, however acknowledgements come (S26)', () => {
  const acknowledgements = fc.array(fc.tuple(fc.constantFrom(...ids), fc.integer({ min: 0, max: 12 })), {
    maxLength: 60,
  });

  fc.assert(
    fc.property(configurations, acknowledgements, (configuration, acks) => {
      const match = new Map<string, number>();
      for (const [id, index] of acks) {
        match.set(id, Math.max(match.get(id) ?? 0, index));
        const reached = reachedByQuorum(configuration, (each) => match.get(each) ?? 0);

        expect(quorumHolds(configuration, (each) => (match.get(each) ?? 0) >= reached)).toBe(true);
        expect(quorumHolds(configuration, (each) => (match.get(each) ?? 0) > reached)).toBe(false);
      }
    }),
    { numRuns: 300 },
  );
});

test('an election is won exactly by majorities of all parts, and lost exactly when they cannot come any more', () => {
  const answers = fc.array(fc.tuple(fc.constantFrom(...ids, 'stranger'), fc.boolean()), { maxLength: 20 });

  fc.assert(
    fc.property(configurations, answers, (configuration, votes) => {
      const granted = new Set<string>();
      const refused = new Set<string>();
      for (const [id, grants] of votes) {
        if (granted.has(id) || refused.has(id)) continue;
        (grants ? granted : refused).add(id);
        const won = quorumHolds(configuration, (each) => granted.has(each));
        const possible = quorumHolds(configuration, (each) => !refused.has(each));

        expect(verdict(configuration, granted, refused)).toBe(won ? 'won' : possible ? 'open' : 'lost');
      }
    }),
    { numRuns: 300 },
  );
});

test('a majority is more than half, for even numbers too', () => {
  expect([1, 2, 3, 4, 5, 6, 7].map(majority)).toEqual([1, 2, 2, 3, 3, 4, 4]);
});

test('nobody decides in an empty configuration', () => {
  const empty: Configuration = { voters: [], outgoing: [], learners: [] };

  expect(verdict(empty, new Set(ids), new Set())).toBe('lost');
  expect(reachedByQuorum(empty, () => 9)).toBe(Number.NEGATIVE_INFINITY);
});
