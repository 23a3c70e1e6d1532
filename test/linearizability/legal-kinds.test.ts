import { describe, expect, it } from 'vitest';
import { checkHistory, describeVerdict, type MetaToWrite } from './index.ts';
import {
  asked,
  calm,
  counting,
  denied,
  type Event,
  gave,
  idempotent,
  read,
  rw,
  saw,
  shared,
  three,
  took,
  written,
  wrote,
} from './scenes.ts';

type Scene = readonly [claim: string, meta: Partial<MetaToWrite>, events: readonly Event[]];

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
    'a reader who never heard of its grant has the token of another',
    shared,
    [
      took('A', [0, 1], 6, read),
      asked('B', 0, read),
      saw([2, 3], ['A', 6], ['B', 6]),
      wrote('B', [4, 5], 6),
      gave('B', [6, 7], 6),
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

describe('a lawful history of another kind of lock is accepted', () => {
  it.each([...reentries, ...readers, ...semaphores, ...global])('%s', (_, meta, events) => {
    const verdict = checkHistory(written(events, meta));

    expect(verdict.passed, describeVerdict(verdict)).toBe(true);
  });
});
