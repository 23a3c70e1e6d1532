import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Entry, InvariantViolation } from '../../raft/index.ts';
import { Log } from '../../raft/log.ts';
import { chainOf, genesis, logOf, payloadOf } from './entries.ts';

const logFrom = (entries: readonly Entry[]): Log => new Log(chainOf, genesis, entries);

test('random changes leave what a plain array leaves', () => {
  const change = fc.oneof(
    fc.record({ do: fc.constant('add' as const), n: fc.integer({ min: 0, max: 3 }) }),
    fc.record({ do: fc.constant('truncate' as const), n: fc.integer({ min: 1, max: 12 }) }),
    fc.record({ do: fc.constant('compact' as const), n: fc.integer({ min: 0, max: 12 }) }),
  );

  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
      const log = logFrom([]);
      let model: Entry[] = [];
      let base = 0;
      let term = 1;
      for (const { do: what, n } of changes) {
        if (what === 'add') {
          term += n;
          model.push(log.add(term, 'commands', payloadOf('x'.repeat(n))));
        } else if (what === 'truncate') {
          const from = base + n;
          if (from <= log.last.index) model = model.filter((entry) => entry.index < from);
          log.truncateFrom(from);
          term = Math.max(log.last.term, 1);
        } else {
          base = Math.min(base + n, log.last.index);
          log.compactTo(base);
          model = model.filter((entry) => entry.index > base);
        }

        expect(log.slice(base + 1, log.last.index)).toEqual(model);
        expect(log.last.index).toBe(model.at(-1)?.index ?? base);
        expect(log.bytes).toBe(model.reduce((sum, entry) => sum + entry.payload.length, 0));
        expect(log.base.index).toBe(base);
      }
    }),
    { numRuns: 100 },
  );
});

test('the byte limit may fall at every place, and batches still join without a gap (S29)', () => {
  const log = logFrom([]);
  for (let size = 0; size < 12; size++) log.add(1, 'commands', payloadOf('x'.repeat((size * 7) % 11)));

  for (let bytesMax = 1; bytesMax < 70; bytesMax++) {
    const gathered: number[] = [];
    while (gathered.length < 12) {
      const batch = log.batch(gathered.length + 1, { entriesMax: 5, bytesMax });
      const bytes = batch.reduce((sum, entry) => sum + entry.payload.length, 0);
      expect(batch.length === 1 || bytes <= bytesMax).toBe(true);
      expect(batch.length).toBeGreaterThan(0);
      expect(batch.length).toBeLessThanOrEqual(5);
      gathered.push(...batch.map((entry) => entry.index));
    }
    expect(gathered).toEqual(Array.from({ length: 12 }, (_, at) => at + 1));
  }
});

test('the last place of a term or before is found by halving what a walk finds step by step', () => {
  const terms = fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 30 });

  fc.assert(
    fc.property(terms, fc.nat(32), fc.nat(40), fc.nat(30), (steps, index, term, cut) => {
      let sum = 1;
      const log = logFrom(logOf(steps.map((step) => (sum += step))));
      log.compactTo(Math.min(cut, log.last.index));
      let walked = Math.min(index, log.last.index);
      while (walked >= log.base.index && (log.termAt(walked) ?? 0) > term) walked -= 1;

      expect(log.lastAtMost(index, term)).toBe(Math.max(walked, log.base.index - 1));
    }),
    { numRuns: 300 },
  );
});

test('an entry whose chain does not follow from this log is not taken over', () => {
  const [first, second] = logOf([1, 1], 'other');
  const log = logFrom(logOf([1]));

  if (first === undefined || second === undefined) throw new Error('two entries are needed');
  expect(() => log.extend(second)).toThrow(InvariantViolation);
});

test('an entry that leaves a gap or goes back in term is not taken over', () => {
  const log = logFrom(logOf([2]));
  const gap = { index: 3, term: 2, kind: 'noop' as const, payload: payloadOf('') };
  const old = { index: 2, term: 1, kind: 'noop' as const, payload: payloadOf('') };

  expect(() => log.extend({ ...gap, chain: chainOf(log.last.chain, gap) })).toThrow(/does not follow/);
  expect(() => log.extend({ ...old, chain: chainOf(log.last.chain, old) })).toThrow(/term/);
});

test('the base keeps index and term after a compaction, and nothing before it is known', () => {
  const log = logFrom(logOf([1, 1, 2, 3]));

  log.compactTo(3);

  expect(log.agreesAt(3, 2)).toBe(true);
  expect(log.termAt(2)).toBeUndefined();
  expect(log.at(3)).toBeUndefined();
  expect(log.slice(4, 4).map((entry) => entry.term)).toEqual([3]);
});
