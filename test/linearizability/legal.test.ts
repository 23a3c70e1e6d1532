import { describe, expect, it } from 'vitest';
import { checkHistory, describeVerdict, type MetaToWrite } from './index.ts';
import {
  asked,
  beat,
  calm,
  closed,
  denied,
  type Event,
  expired,
  failed,
  forced,
  gave,
  kept,
  opened,
  saw,
  sawStale,
  took,
  validated,
  written,
  wrote,
} from './scenes.ts';

type Scene = readonly [claim: string, meta: Partial<MetaToWrite>, events: readonly Event[]];

const mutexes: readonly Scene[] = [
  ['nothing at all', calm, []],
  ['one hold after another', calm, [took('A', [0, 1], 1), gave('A', [2, 3], 1), took('B', [4, 5], 2)]],
  [
    'a grant that overlaps the release before it',
    calm,
    [took('A', [0, 1], 1), took('B', [2, 9], 2), gave('A', [3, 10], 1)],
  ],
  ['tokens with gaps', calm, [took('A', [0, 1], 7), gave('A', [2, 3], 7), took('B', [4, 5], 1_000)]],
  ['a refusal while somebody holds it', calm, [took('A', [0, 1], 1), denied('B', [2, 3])]],
  [
    'a refusal that only the middle of the call explains',
    calm,
    [denied('B', [0, 9]), took('A', [1, 2], 1), gave('A', [3, 4], 1)],
  ],
  [
    'a refusal between two holds that overlap nothing else',
    calm,
    [took('A', [0, 3], 1), gave('A', [4, 9], 1), denied('B', [5, 8])],
  ],
  [
    'a time-out says nothing of the lock',
    calm,
    [denied('A', [0, 9], 'timeout'), denied('B', [0, 9], 'cancelled'), denied('C', [0, 1], 'limit')],
  ],
  ['an unknown release that took effect', calm, [took('A', [0, 1], 1), gave('A', [2], 1), took('B', [4, 5], 2)]],
  [
    'an unknown release that takes effect late',
    calm,
    [took('A', [0, 1], 1), gave('A', [2], 1), saw([3, 4], ['A', 1]), took('B', [5, 6], 2)],
  ],
  ['an unknown release that never took effect', calm, [took('A', [0, 1], 1), gave('A', [2], 1), saw([3, 4], ['A', 1])]],
  ['an unknown acquire that explains a refusal', calm, [asked('A', 0), denied('B', [1, 2]), took('C', [3, 4], 1)]],
  ['an unknown acquire that is seen in a read', calm, [asked('A', 0), saw([1, 2], ['A', 4]), saw([3, 4])]],
  [
    'an unknown acquire whose token its client learned',
    calm,
    [asked('A', 0), gave('A', [5, 6], 4), took('B', [7, 8], 5)],
  ],
  ['an unknown acquire that never happened', calm, [asked('A', 0), saw([1, 2]), took('B', [3, 4], 1)]],
  [
    'a failed acquire leaves no trace',
    calm,
    [failed([0, 1], { f: 'acquire', name: 'l', client: 'A' }), took('B', [2, 3], 1)],
  ],
  [
    'reads of every state',
    calm,
    [saw([0, 1]), took('A', [2, 3], 1), saw([4, 5], ['A', 1]), gave('A', [6, 7], 1), saw([8, 9])],
  ],
  ['a read that overlaps the grant, either way', calm, [took('A', [0, 9], 1), saw([1, 2]), saw([3, 4], ['A', 1])]],
  [
    'a stale read of long ago',
    calm,
    [took('A', [0, 1], 1), gave('A', [2, 3], 1), took('B', [4, 5], 2), sawStale([6, 7], ['A', 1])],
  ],
  ['a second release is refused', calm, [took('A', [0, 1], 1), gave('A', [2, 3], 1), kept('A', [4, 5], 1)]],
  [
    'validation of a hold and of what is none',
    calm,
    [took('A', [0, 1], 1), validated('A', [2, 3], [1, true]), gave('A', [4, 5], 1), validated('A', [6, 7], [1, false])],
  ],
  [
    'a forced release frees the lock',
    calm,
    [took('A', [0, 1], 1), forced([2, 3]), took('B', [4, 5], 2), kept('A', [6, 7], 1)],
  ],
  ['an unknown forced release may free the lock', calm, [took('A', [0, 1], 1), forced([2]), took('B', [4, 5], 2)]],
  [
    'everybody at the very same moment',
    calm,
    [took('A', [5, 5], 1), gave('A', [5, 5], 1), took('B', [5, 5], 2), saw([5, 5])],
  ],
  [
    'guarded writes by rising tokens',
    calm,
    [
      took('A', [0, 1], 1),
      wrote('A', [2, 3], 1),
      gave('A', [4, 5], 1),
      took('B', [6, 7], 2),
      wrote('B', [8, 9], 2),
      wrote('A', [10, 11], 1, false),
    ],
  ],
  ['a guarded write of whoever never heard of its grant', calm, [asked('A', 0), wrote('A', [2, 3], 9)]],
];

const sessions: readonly Scene[] = [
  [
    'a hold ends with its session after the TTL',
    {},
    [opened('A', [0, 1]), took('A', [2, 3], 1), took('B', [1_000, 1_500], 2)],
  ],
  [
    'the slack for clocks is allowed',
    { ttl_slack_ms: 100 },
    [opened('A', [0, 1]), took('A', [2, 3], 1), expired('A', 910), took('B', [905, 950], 2)],
  ],
  [
    'a longer TTL of one session',
    {},
    [opened('A', [0, 1], 5_000), took('A', [2, 3], 1), saw([4_990, 4_999], ['A', 1]), took('B', [4_999, 5_001], 2)],
  ],
  [
    'a heartbeat that is not answered renews nothing',
    {},
    [
      opened('A', [0, 1]),
      took('A', [2, 3], 1),
      { kind: 'call', during: [900], call: { f: 'keepalive', client: 'A' }, result: {} },
      took('B', [1_100, 1_200], 2),
    ],
  ],
  [
    'a closed session frees its locks at once',
    {},
    [opened('A', [0, 1]), took('A', [2, 3], 1), closed('A', [4, 5]), took('B', [6, 7], 2)],
  ],
  [
    'a session perhaps closed may free its locks',
    {},
    [opened('A', [0, 1]), took('A', [2, 3], 1), closed('A', [4]), took('B', [6, 7], 2)],
  ],
  [
    'a dead session is refused everything',
    {},
    [
      opened('A', [0, 1]),
      took('A', [2, 3], 1),
      expired('A', 1_100),
      denied('A', [1_200, 1_201], 'session'),
      kept('A', [1_300, 1_301], 1, 'session'),
    ],
  ],
  [
    'a session that lives on is no reason to lose a lock',
    {},
    [opened('A', [0, 1]), took('A', [2, 3], 1), beat('A', [800, 801]), saw([1_700, 1_701], ['A', 1])],
  ],
  [
    'where sessions are not strict, a hold may end at any moment',
    { sessions: 'any' },
    [took('A', [0, 1], 1), took('B', [2, 3], 2)],
  ],
];

describe('a lawful history of a mutex is accepted', () => {
  it.each([...mutexes, ...sessions])('%s', (_, meta, events) => {
    const verdict = checkHistory(written(events, meta));

    expect(verdict.passed, describeVerdict(verdict)).toBe(true);
  });
});
