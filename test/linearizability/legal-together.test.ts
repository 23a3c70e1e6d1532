import { describe, expect, it } from 'vitest';
import { checkHistory, describeVerdict, type MetaToWrite } from './index.ts';
import {
  asked,
  askedAll,
  calm,
  circled,
  denied,
  downgraded,
  type Event,
  gave,
  gaveAt,
  misled,
  notUpgraded,
  read,
  relimited,
  rw,
  saw,
  took,
  tookAll,
  upgradeable,
  upgraded,
  upgrading,
  written,
  wrote,
} from './scenes.ts';

type Lawful = readonly [claim: string, meta: Partial<MetaToWrite>, events: readonly Event[]];

const pair = [{ name: 'l' }, { name: 'm' }];
const one = { ...calm, tokens: 'global' } as const;
const changing = { ...calm, default: { kind: 'semaphore', permits: 2 } } as const;
const two = { permits: 1, limit: 2 };
const three = { permits: 1, limit: 3 };
const ann = { owner: 'ann' };
const again = { owner: 'ann', reenters: true };
const atM = { name: 'm' };

const lawful: readonly Lawful[] = [
  [
    'an upgradeable read beside reads, a write under a new token once they have left',
    rw,
    [
      took('A', [0, 1], 1, upgradeable),
      took('B', [2, 3], 2, read),
      notUpgraded('A', [4, 5], 1),
      upgraded('A', [6, 9], [1, 3]),
      gave('B', [7, 8], 2),
      wrote('A', [10, 11], 3),
      gave('A', [12, 13], 3),
    ],
  ],
  [
    'a downgrade keeps the token and lets readers in',
    rw,
    [
      took('A', [0, 1], 1),
      downgraded('A', [2, 3], 1, 'u'),
      took('B', [4, 5], 2, read),
      denied('C', [6, 7], 'held', upgradeable),
      downgraded('A', [8, 9], 1, 'r'),
      took('C', [10, 11], 3, upgradeable),
      gave('A', [12, 13], 1),
    ],
  ],
  [
    'an upgrade that nobody heard of is carried out late',
    rw,
    [
      took('A', [0, 1], 1, upgradeable),
      upgrading('A', 2, 1),
      took('B', [3, 4], 2, read),
      gave('B', [5, 6], 2),
      denied('C', [7, 8], 'held', read),
    ],
  ],
  [
    'a read shows the token of an upgrade that nobody heard of',
    rw,
    [took('A', [0, 1], 1, upgradeable), upgrading('A', 2, 1), saw([3, 4], ['A', 2])],
  ],
  [
    'a read is refused while an upgrade waits',
    rw,
    [
      took('A', [0, 1], 1, upgradeable),
      took('B', [2, 3], 2, read),
      upgraded('A', [4, 9], [1, 3]),
      denied('C', [5, 6], 'held', read),
      gave('B', [7, 8], 2),
    ],
  ],
  [
    'several at once, their tokens one after the other',
    one,
    [tookAll('A', [0, 1], 1, pair), saw([2, 3], ['A', 1]), gaveAt([4, 5], { name: 'm', client: 'A', token: 2 })],
  ],
  [
    'a lock that nobody holds is refused to whom a request for several is ahead of',
    one,
    [
      took('A', [0, 1], 1, atM),
      tookAll('B', [2, 9], 2, pair),
      denied('C', [3, 4]),
      gaveAt([5, 6], { name: 'm', client: 'A', token: 1 }),
    ],
  ],
  [
    'a read shows one lock of a request that nobody heard of, another read the other',
    one,
    [askedAll('A', 0, pair), saw([1, 2], ['A', 1]), denied('B', [3, 4], 'held', atM)],
  ],
  [
    'an owner enters its hold once more, under the same token, and leaves it twice',
    calm,
    [
      took('A', [0, 1], 1, again),
      took('A', [2, 3], 1, again),
      gave('A', [4, 5], 1),
      denied('B', [6, 7]),
      gave('A', [8, 9], 1),
      took('B', [10, 11], 2),
    ],
  ],
  [
    'an owner is refused what it holds itself',
    calm,
    [took('A', [0, 1], 1, ann), circled('A', [2, 3], [{ owner: 'ann', lock: 'l' }], ann), gave('A', [4, 5], 1)],
  ],
  [
    'two owners, each waiting for what the other holds',
    one,
    [
      took('A', [0, 1], 1, ann),
      took('B', [2, 3], 2, { owner: 'bob', name: 'm' }),
      asked('A', 4, { ...ann, name: 'm' }),
      circled(
        'B',
        [5, 6],
        [
          { owner: 'bob', lock: 'l' },
          { owner: 'ann', lock: 'm' },
        ],
        { owner: 'bob' },
      ),
    ],
  ],
  [
    'another limit, and who believes in the former one is told',
    changing,
    [
      took('A', [0, 1], 1, two),
      took('B', [2, 3], 2, two),
      relimited('C', [4, 5], 3),
      misled('D', [6, 7], 3, two),
      took('D', [8, 9], 3, three),
      denied('E', [10, 11], 'held', three),
    ],
  ],
  [
    'holders keep what they have above a lower limit, and nobody else gets in',
    changing,
    [
      took('A', [0, 1], 1, two),
      took('B', [2, 3], 2, two),
      relimited('C', [4, 5], 1),
      gave('A', [6, 7], 1),
      denied('D', [8, 9], 'held', { permits: 1, limit: 1 }),
      gave('B', [10, 11], 2),
      took('D', [12, 13], 3, { permits: 1, limit: 1 }),
    ],
  ],
  [
    'whoever waited when the limit was changed is granted under the new one',
    changing,
    [
      took('A', [0, 1], 1, { permits: 2, limit: 2 }),
      took('B', [2, 9], 2, two),
      relimited('C', [4, 5], 3),
      gave('B', [10, 11], 2),
    ],
  ],
];

describe('a lawful history of conversions, several locks, owners and limits is accepted', () => {
  it.each(lawful)('%s', (_, meta, events) => {
    const verdict = checkHistory(written(events, meta));

    expect(verdict.passed, describeVerdict(verdict)).toBe(true);
  });
});
