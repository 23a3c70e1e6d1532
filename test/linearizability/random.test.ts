import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasLawfulOrder } from './brute-force.ts';
import { corruptions } from './corruptions.ts';
import { settingsOf } from './history.ts';
import { checkHistory, describeVerdict, parseHistory } from './index.ts';
import { lifetimesOf } from './lifetimes.ts';
import { runs } from './runs.ts';
import { type Event, written } from './scenes.ts';
import { acts, kinds, tell } from './stories.ts';

/** Long enough for as many runs as anybody asks for. */
const timeout = 3_600_000;

describe('random stories', { timeout }, () => {
  it('are accepted whenever a lock can have told them, whatever is stretched or lost', () => {
    fc.assert(
      fc.property(kinds, acts(60), (kind, all) => {
        const { events, meta } = tell(kind, all);

        const verdict = checkHistory(written(events, meta));

        expect(verdict.verdict, describeVerdict(verdict)).toBe('linearizable');
      }),
      { numRuns: runs(400) },
    );
  });

  it.each(Object.entries(corruptions))('are rejected when %s', (_, corrupt) => {
    fc.assert(
      fc.property(kinds, acts(40), (kind, all) => {
        const story = tell(kind, all);
        const corrupted = corrupt(story);
        fc.pre(corrupted !== undefined);

        const verdict = checkHistory(written(corrupted, story.meta));

        expect(verdict.verdict, describeVerdict(verdict)).toBe('violation');
      }),
      { numRuns: runs(100) },
    );
  });
});

/** Something about one event is changed at random, which may or may not make the story unlawful. */
interface Twist {
  readonly which: number;
  readonly token: number;
  readonly client: number;
}

const twists = fc.array(
  fc.record({ which: fc.nat({ max: 5 }), token: fc.nat({ max: 6 }), client: fc.nat({ max: 5 }) }),
  {
    minLength: 1,
    maxLength: 3,
  },
);

function twisted(event: Event, { token, client }: Twist): Event {
  if (event.kind !== 'call') return event;
  const name = ['A0', 'B0', 'C0'][client];
  const call = 'client' in event.call && name !== undefined ? { ...event.call, client: name } : event.call;
  const { result } = event;
  if ('granted' in result && result.granted) return { ...event, call, result: { granted: true, token } };
  if ('holders' in result)
    return { ...event, result: { holders: token === 0 ? [] : [{ client: name ?? 'A0', token }] } };
  if ('held' in result) return { ...event, call, result: { held: !result.held } };
  return { ...event, call };
}

describe('the search', { timeout }, () => {
  it('judges small histories as trying every order does', () => {
    const judged = { lawful: 0, unlawful: 0 };
    fc.assert(
      fc.property(kinds, acts(6), twists, (kind, all, changes) => {
        const { events, meta } = tell(kind, all);
        const changed = events.map((event, at) => {
          const twist = changes.find(({ which }) => which + 3 === at);
          return twist === undefined ? event : twisted(event, twist);
        });
        const history = parseHistory(written(changed, meta));
        const lifetimes = lifetimesOf(history);

        const expected =
          lifetimes.violations.length === 0 &&
          hasLawfulOrder(history.operations, { settings: settingsOf(history.meta, 'l'), lifetimes });
        const verdict = checkHistory(history);

        judged[expected ? 'lawful' : 'unlawful'] += 1;
        expect(verdict.verdict, describeVerdict(verdict)).toBe(expected ? 'linearizable' : 'violation');
      }),
      { numRuns: runs(2_000) },
    );
    expect(Math.min(judged.lawful, judged.unlawful)).toBeGreaterThan(200);
  });
});
