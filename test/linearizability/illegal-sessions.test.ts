import { describe, expect, it } from 'vitest';
import { checkHistory, describeVerdict, type MetaToWrite, type Rule } from './index.ts';
import {
  beat,
  beatRefused,
  calm,
  closed,
  denied,
  type Event,
  expired,
  gave,
  opened,
  rw,
  saw,
  took,
  written,
  wrote,
} from './scenes.ts';

type Scene = readonly [claim: string, rule: Rule, meta: Partial<MetaToWrite>, events: readonly Event[]];

const sessions: readonly Scene[] = [
  [
    'a hold lost before the TTL is over',
    'grant',
    {},
    [opened('A', [0, 1]), took('A', [2, 3], 1), took('B', [500, 501], 2)],
  ],
  [
    'a hold lost although a heartbeat was acknowledged',
    'grant',
    {},
    [opened('A', [0, 1]), took('A', [2, 3], 1), beat('A', [800, 801]), took('B', [1_500, 1_501], 2)],
  ],
  ['a session said to be dead before the TTL is over', 'early-expiry', {}, [opened('A', [0, 1]), expired('A', 999)]],
  [
    'a session refused before the TTL is over',
    'early-expiry',
    {},
    [opened('A', [0, 1]), denied('A', [2, 3], 'session')],
  ],
  [
    'a heartbeat refused before the TTL is over',
    'early-expiry',
    {},
    [opened('A', [0, 1]), beatRefused('A', [500, 501])],
  ],
  ['more than the slack is missing', 'early-expiry', { ttl_slack_ms: 100 }, [opened('A', [0, 1]), expired('A', 899)]],
  [
    'a heartbeat acknowledged after the notice',
    'zombie-session',
    {},
    [opened('A', [0, 1]), expired('A', 1_001), beat('A', [1_002, 1_003])],
  ],
  [
    'a grant to a dead session',
    'zombie-session',
    {},
    [opened('A', [0, 1]), expired('A', 1_001), took('A', [1_002, 1_003], 1)],
  ],
  [
    'a grant after the session was closed',
    'zombie-session',
    {},
    [opened('A', [0, 1]), closed('A', [2, 3]), took('A', [4, 5], 1)],
  ],
  [
    'a release after the session was refused',
    'zombie-session',
    {},
    [opened('A', [0, 1]), took('A', [2, 3], 1), denied('A', [1_100, 1_101], 'session'), gave('A', [1_102, 1_103], 1)],
  ],
  [
    'a lock that outlives its session',
    'read',
    {},
    [opened('A', [0, 1]), took('A', [2, 3], 1), expired('A', 1_100), saw([1_200, 1_201], ['A', 1])],
  ],
  [
    'a refusal in favour of a dead session',
    'refusal',
    {},
    [opened('A', [0, 1]), took('A', [2, 3], 1), expired('A', 1_100), denied('B', [1_200, 1_201])],
  ],
  [
    'a lock that survives the close of its session',
    'refusal',
    {},
    [opened('A', [0, 1]), took('A', [2, 3], 1), closed('A', [4, 5]), denied('B', [6, 7])],
  ],
  [
    'one of two holds of a dead session',
    'read',
    { default: { kind: 'semaphore', permits: 2 } },
    [
      opened('A', [0, 1]),
      took('A', [2, 3], 1),
      took('A', [4, 5], 2),
      saw([1_100, 1_101], ['A', 2]),
      gave('A', [1_200, 1_201], 2),
    ],
  ],
  ['a hold that vanishes where there are no sessions', 'read', calm, [took('A', [0, 1], 1), saw([90_000, 90_001])]],
];

const resource: readonly Scene[] = [
  [
    'a write with an old token is accepted',
    'stale-write',
    calm,
    [took('A', [0, 1], 1), gave('A', [2, 3], 1), took('B', [4, 5], 2), wrote('B', [6, 7], 2), wrote('A', [8, 9], 1)],
  ],
  [
    "a writer's old token is accepted",
    'stale-write',
    rw,
    [took('A', [0, 1], 1), gave('A', [2, 3], 1), took('B', [4, 5], 2), wrote('B', [6, 7], 2), wrote('A', [8, 9], 1)],
  ],
  ["a write with somebody else's token", 'stolen-token', calm, [took('A', [0, 1], 1), wrote('B', [2, 3], 1)]],
  ['a write with a token that was never granted', 'stolen-token', calm, [took('A', [0, 1], 1), wrote('A', [2, 3], 2)]],
  ['a write with a token before it is asked for', 'stolen-token', calm, [wrote('A', [0, 1], 1), took('A', [2, 3], 1)]],
];

describe('what a session or a guarded resource may not do is told for its reason', () => {
  it.each([...sessions, ...resource])('%s: %s', (_, rule, meta, events) => {
    const verdict = checkHistory(written(events, meta));

    expect(verdict.verdict, describeVerdict(verdict)).toBe('violation');
    expect(verdict.violations[0]?.rule, describeVerdict(verdict)).toBe(rule);
  });
});
