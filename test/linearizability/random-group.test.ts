import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasLawfulOrderTogether } from './brute-force-group.ts';
import { GroupTeller, pairMeta } from './group-stories.ts';
import { only } from './history.ts';
import { checkHistory, describeVerdict, type Operation, parseHistory } from './index.ts';
import { grantsOf } from './requests.ts';
import { runs } from './runs.ts';
import { type Event, written } from './scenes.ts';

/** Something about one event is changed at random, which may or may not make the story unlawful. */
interface Twist {
  readonly which: number;
  readonly token: number;
  readonly how: number;
}

const twist = fc.record({ which: fc.nat({ max: 5 }), token: fc.integer({ min: 1, max: 6 }), how: fc.nat({ max: 3 }) });

function twisted(event: Event, { token, how }: Twist): Event {
  if (event.kind !== 'call') return event;
  const { result, call, during } = event;
  // Nobody heard of it.
  if (how === 0) return { ...event, during: [during[0]] };
  if (how === 1 && 'granted' in result) return { ...event, result: { granted: true, token } };
  if (how === 2 && 'granted' in result) return { ...event, result: { granted: false, reason: 'held' } };
  if (how === 3 && (call.f === 'release' || call.f === 'downgrade' || call.f === 'upgrade')) {
    return { ...event, call: { ...call, token } };
  }
  return 'holders' in result ? { ...event, result: { holders: result.holders.slice(1) } } : event;
}

/** Nobody can let go, without being heard himself, of what he never heard that he was granted. */
function knowsItsTokens(operations: readonly Operation[]): boolean {
  const told = new Set(grantsOf(operations).map(({ name, client, token }) => `${token} ${client} ${name}`));
  return only(operations, 'release', 'upgrade', 'downgrade').every(
    ({ outcome, call }) => outcome.kind === 'ok' || told.has(`${call.token} ${call.client} ${call.name}`),
  );
}

/** Locks that nobody wants together are searched apart, with tokens in real time alone between them; what follows is stricter. */
const wantsBoth = (operations: readonly Operation[]): boolean =>
  only(operations, 'tryAcquireAll').some(({ call }) => call.parts.length > 1);

describe('the search over two locks', { timeout: 3_600_000 }, () => {
  it('judges small histories as trying every order does', () => {
    const judged = { lawful: 0, unlawful: 0 };
    const twists = fc.array(twist, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 3, max: 6 }), twists, (seed, acts, changes) => {
        const teller = new GroupTeller({ seed, unheard: 5 });
        for (let at = 0; at < acts; at += 1) teller.act();
        const events = teller.events.map((event, at) => {
          const change = changes.find(({ which }) => which === at);
          return change === undefined ? event : twisted(event, change);
        });
        const history = parseHistory(written(events, pairMeta));

        fc.pre(knowsItsTokens(history.operations) && wantsBoth(history.operations));

        const expected = hasLawfulOrderTogether(history.operations, (name) => name === 'b');
        const verdict = checkHistory(history);

        judged[expected ? 'lawful' : 'unlawful'] += 1;
        expect(verdict.verdict, describeVerdict(verdict)).toBe(expected ? 'linearizable' : 'violation');
      }),
      { numRuns: runs(1_000) },
    );
    expect(Math.min(judged.lawful, judged.unlawful)).toBeGreaterThan(100);
  });
});
