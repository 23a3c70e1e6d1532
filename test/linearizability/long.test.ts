import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkHistory, describeVerdict } from './index.ts';
import { saw, written } from './scenes.ts';
import { type Act, actsOf, type Story, tell } from './stories.ts';

/** Acts of which every fiftieth is not heard of. */
function longStory(kind: Story['kind'], length: number): Story {
  const [all = []] = fc.sample(actsOf({ minLength: length, maxLength: length }), { seed: 7, numRuns: 1 });
  const fated = all.map(
    (act, at): Act => ({ ...act, fate: at % 50 !== 7 ? 'heard' : at % 100 === 7 ? 'lost' : 'never' }),
  );
  return tell(kind, fated);
}

describe.each(['mutex', 'rw', 'semaphore'] as const)(
  'many acts on one %s, one in fifty unheard',
  { timeout: 60_000 },
  (kind) => {
    it('are accepted after a look at hardly more states than there are acts', () => {
      const { events, meta } = longStory(kind, 5_000);

      const verdict = checkHistory(written(events, meta));

      expect(verdict.verdict, describeVerdict(verdict)).toBe('linearizable');
      expect(verdict.counts.unknown).toBeGreaterThan(50);
      expect(verdict.perLock.get('l')?.states).toBeLessThan(20_000);
    });

    it('are rejected for one wrong read at the end, without trying all orders', () => {
      const { events, meta, end, told } = longStory(kind, 2_000);
      const gone = told.find(({ releasedAt, heardAt }) => releasedAt !== undefined && heardAt !== undefined);
      const lie = saw([end, end + 1], [gone?.client ?? '', gone?.token ?? 0]);

      const verdict = checkHistory(written([...events, lie], meta));

      expect(verdict.violations.map(({ rule }) => rule)).toEqual(['read']);
      expect(verdict.perLock.get('l')?.states).toBeLessThan(200_000);
    });
  },
);
