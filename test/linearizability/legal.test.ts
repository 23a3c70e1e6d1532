import { describe, expect, it } from 'vitest';
import { checkHistory, describeVerdict, type MetaToWrite } from './index.ts';
import {
  asked,
  beat,
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

const calm = { sessions: 'none' } as const;
const idempotent = { ...calm, default: { kind: 'mutex', reentrant: 'idempotent' } } as const;
const counting = { ...calm, default: { kind: 'mutex', reentrant: 'count', max_count: 3 } } as const;
const rw = { ...calm, default: { kind: 'rw' } } as const;
const shared = { ...calm, default: { kind: 'rw', read_tokens: 'shared' } } as const;
const three = { ...calm, default: { kind: 'semaphore', permits: 3 } } as const;
const read = { mode: 'r' } as const;

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

const reentries: readonly Scene[] = [
  [
    'the holder gets its token again, one release frees',
    idempotent,
    [took('A', [0, 1], 1), took('A', [2, 3], 1), gave('A', [4, 5], 1), took('B', [6, 7], 2)],
  ],
  [
    'as many releases as acquires',
    counting,
    [
      took('A', [0, 1], 1),
      took('A', [2, 3], 1),
      saw([4, 5], ['A', 1, 2]),
      gave('A', [6, 7], 1),
      denied('B', [8, 9]),
      gave('A', [10, 11], 1),
      took('B', [12, 13], 2),
    ],
  ],
  [
    'an unknown re-entry may need one release more',
    counting,
    [
      took('A', [0, 1], 1),
      asked('A', 2),
      gave('A', [3, 4], 1),
      denied('B', [5, 6]),
      gave('A', [7, 8], 1),
      took('B', [9, 10], 2),
    ],
  ],
  [
    'an unknown re-entry may be given back unheard',
    counting,
    [took('A', [0, 1], 1), asked('A', 2), gave('A', [3, 4], 1), denied('B', [5, 6]), took('B', [7, 8], 2)],
  ],
];

const readers: readonly Scene[] = [
  [
    'readers side by side, then a writer',
    rw,
    [
      took('A', [0, 1], 1, read),
      took('B', [2, 3], 2, read),
      saw([4, 5], ['A', 1], ['B', 2]),
      gave('A', [6, 7], 1),
      gave('B', [8, 9], 2),
      took('C', [10, 11], 3),
    ],
  ],
  ['a writer is refused while one reads', rw, [took('A', [0, 1], 1, read), denied('B', [2, 3], 'held', { mode: 'w' })]],
  [
    'a fair lock refuses a read while a writer waits',
    rw,
    [took('A', [0, 1], 1, read), took('W', [2, 20], 2), denied('B', [3, 4], 'held', read), gave('A', [5, 6], 1)],
  ],
  [
    'shared read tokens exceed those of writes',
    shared,
    [
      took('W', [0, 1], 5),
      gave('W', [2, 3], 5),
      took('A', [4, 5], 6, read),
      took('B', [6, 7], 6, read),
      gave('A', [8, 9], 6),
      gave('B', [8, 9], 6),
      took('W', [10, 11], 7),
    ],
  ],
  [
    'shared read tokens may fall below one another',
    shared,
    [took('W', [0, 1], 5), gave('W', [2, 3], 5), took('A', [4, 5], 9, read), took('B', [6, 7], 7, read)],
  ],
];

const semaphores: readonly Scene[] = [
  [
    'all permits out, one refused, one back',
    three,
    [
      took('A', [0, 1], 1, { permits: 2 }),
      took('B', [2, 3], 2),
      denied('C', [4, 5]),
      gave('A', [6, 7], 1, 1),
      took('C', [8, 9], 3),
    ],
  ],
  [
    'a read counts permits',
    three,
    [took('A', [0, 1], 1, { permits: 3 }), gave('A', [2, 3], 1, 2), saw([4, 5], ['A', 1, 1])],
  ],
  [
    'a fair semaphore refuses a small request behind a large one',
    three,
    [
      took('A', [0, 1], 1, { permits: 2 }),
      took('B', [2, 20], 2, { permits: 2 }),
      denied('C', [3, 4]),
      gave('A', [5, 6], 1),
    ],
  ],
  [
    'several unknown requests explain one refusal',
    three,
    [asked('A', 0), asked('B', 0), asked('C', 0), denied('D', [5, 6])],
  ],
  [
    'more permits than are held are not released',
    three,
    [
      took('A', [0, 1], 1),
      {
        kind: 'call',
        during: [2, 3],
        call: { f: 'release', name: 'l', client: 'A', token: 1, permits: 2 },
        result: { released: false },
      },
      saw([4, 5], ['A', 1, 1]),
    ],
  ],
];

const global: readonly Scene[] = [
  [
    'one token space for two locks',
    { ...calm, tokens: 'global' },
    [took('A', [0, 1], 1), took('B', [2, 3], 2, { name: 'm' }), gave('A', [4, 5], 1), took('A', [6, 7], 3)],
  ],
  [
    'grants at the same time, tokens either way',
    { ...calm, tokens: 'global' },
    [took('A', [0, 5], 2), took('B', [1, 6], 1, { name: 'm' })],
  ],
  ['each lock counts for itself', calm, [took('A', [0, 1], 5), took('B', [2, 3], 1, { name: 'm' })]],
];

describe('a lawful history is accepted', () => {
  it.each([...mutexes, ...sessions, ...reentries, ...readers, ...semaphores, ...global])('%s', (_, meta, events) => {
    const verdict = checkHistory(written(events, meta));

    expect(verdict.passed, describeVerdict(verdict)).toBe(true);
  });
});
