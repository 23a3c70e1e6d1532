import { describe, expect, it } from 'vitest';
import { checkHistory, describeVerdict, type MetaToWrite, type Rule } from './index.ts';
import { calm, denied, type Event, gave, misled, relimited, took, written } from './scenes.ts';

type Unlawful = readonly [claim: string, rule: Rule, meta: Partial<MetaToWrite>, events: readonly Event[]];

const changing = { ...calm, default: { kind: 'semaphore', permits: 2 } } as const;
const two = { permits: 1, limit: 2 };
const three = { permits: 1, limit: 3 };

const limits: readonly Unlawful[] = [
  [
    'more permits than the changed limit',
    'grant',
    changing,
    [took('A', [0, 1], 1, two), relimited('C', [2, 3], 1), took('B', [4, 5], 2, { permits: 1, limit: 1 })],
  ],
  [
    'permits refused that a raised limit has',
    'refusal',
    changing,
    [
      took('A', [0, 1], 1, two),
      took('B', [2, 3], 2, two),
      relimited('C', [4, 5], 3),
      denied('D', [6, 7], 'held', three),
    ],
  ],
  [
    'granted to whom came after the change and believes in the former limit',
    'grant',
    changing,
    [relimited('C', [0, 1], 3), took('A', [2, 3], 1, two)],
  ],
  [
    'told a limit that it never had',
    'semaphore-limit',
    changing,
    [took('A', [0, 1], 1, two), misled('B', [2, 3], 4, three)],
  ],
  [
    'told the former limit after the change',
    'semaphore-limit',
    changing,
    [took('A', [0, 1], 1, two), relimited('C', [2, 3], 3), misled('B', [4, 5], 2, three)],
  ],
  [
    'a change that an idle semaphore forgot',
    'semaphore-limit',
    changing,
    [relimited('C', [0, 1], 3), took('A', [2, 3], 1, three), gave('A', [4, 5], 1), misled('B', [6, 7], 2, three)],
  ],
];

describe('an unlawful history of changed limits is rejected for its reason', () => {
  it.each([...limits])('%s: %s', (_, rule, meta, events) => {
    const verdict = checkHistory(written(events, meta));

    expect(verdict.verdict, describeVerdict(verdict)).toBe('violation');
    expect(verdict.violations[0]?.rule, describeVerdict(verdict)).toBe(rule);
  });
});
