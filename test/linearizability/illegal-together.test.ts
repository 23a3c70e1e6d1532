import { describe, expect, it } from 'vitest';
import { checkHistory, describeVerdict, type MetaToWrite, type Rule } from './index.ts';
import {
  asked,
  askedAll,
  calm,
  circled,
  closed,
  denied,
  deniedAll,
  downgraded,
  type Event,
  gave,
  gaveAt,
  kept,
  notUpgraded,
  opened,
  read,
  rw,
  saw,
  took,
  tookAll,
  upgradeable,
  upgraded,
  written,
} from './scenes.ts';

type Unlawful = readonly [claim: string, rule: Rule, meta: Partial<MetaToWrite>, events: readonly Event[]];

const pair = [{ name: 'l' }, { name: 'm' }];
const one = { ...calm, tokens: 'global' } as const;
const ann = { owner: 'ann' };
const again = { owner: 'ann', reenters: true };
const atM = { name: 'm' };

const conversions: readonly Unlawful[] = [
  ['two upgradeable reads', 'two-holders', rw, [took('A', [0, 1], 1, upgradeable), took('B', [2, 3], 2, upgradeable)]],
  [
    'two upgrades of one hold',
    'two-holders',
    rw,
    [took('A', [0, 1], 1, upgradeable), upgraded('A', [2, 5], [1, 2]), upgraded('A', [3, 6], [1, 3])],
  ],
  [
    'an upgrade beside a reader',
    'two-holders',
    rw,
    [
      took('A', [0, 1], 1, upgradeable),
      took('B', [2, 3], 2, read),
      upgraded('A', [4, 5], [1, 3]),
      gave('B', [6, 7], 2),
    ],
  ],
  [
    'an upgrade under the token that it had',
    'token-reuse',
    rw,
    [took('A', [0, 1], 1, upgradeable), upgraded('A', [2, 3], [1, 1])],
  ],
  [
    'an upgrade under a lower token',
    'token-backwards',
    rw,
    [took('A', [0, 1], 5, upgradeable), upgraded('A', [2, 3], [5, 4])],
  ],
  ['an upgrade of a plain read', 'conversion', rw, [took('A', [0, 1], 1, read), upgraded('A', [2, 3], [1, 2])]],
  [
    'an upgrade of what was released',
    'conversion',
    rw,
    [took('A', [0, 1], 1, upgradeable), gave('A', [2, 3], 1), upgraded('A', [4, 5], [1, 2])],
  ],
  [
    'an upgrade refused although nobody else reads',
    'conversion',
    rw,
    [took('A', [0, 1], 1, upgradeable), notUpgraded('A', [2, 3], 1)],
  ],
  [
    'an upgrade that is told that there is no such hold',
    'conversion',
    rw,
    [took('A', [0, 1], 1, upgradeable), notUpgraded('A', [2, 3], 1, 'gone')],
  ],
  [
    'the token of before the upgrade is still held',
    'read',
    rw,
    [took('A', [0, 1], 1, upgradeable), upgraded('A', [2, 3], [1, 2]), saw([4, 5], ['A', 1])],
  ],
  [
    'a release under the token of before the upgrade',
    'release',
    rw,
    [took('A', [0, 1], 1, upgradeable), upgraded('A', [2, 3], [1, 2]), gave('A', [4, 5], 1)],
  ],
  [
    'a release refused under the token that the upgrade brought',
    'release',
    rw,
    [took('A', [0, 1], 1, upgradeable), upgraded('A', [2, 3], [1, 2]), kept('A', [4, 5], 2)],
  ],
  [
    'a reader beside a write that was upgraded',
    'two-holders',
    rw,
    [took('A', [0, 1], 1, upgradeable), upgraded('A', [2, 3], [1, 2]), took('B', [4, 5], 3, read)],
  ],
  [
    'a downgrade that changes nothing: a reader is refused',
    'refusal',
    rw,
    [took('A', [0, 1], 1), downgraded('A', [2, 3], 1, 'r'), denied('B', [4, 5], 'held', read)],
  ],
  [
    'a downgrade that frees all: a writer is let in',
    'two-holders',
    rw,
    [took('A', [0, 1], 1), downgraded('A', [2, 3], 1, 'r'), took('B', [4, 5], 2)],
  ],
  [
    'a downgrade to an upgradeable read lets in a second one',
    'two-holders',
    rw,
    [took('A', [0, 1], 1), downgraded('A', [2, 3], 1, 'u'), took('B', [4, 5], 2, upgradeable)],
  ],
  ['a downgrade of a read', 'conversion', rw, [took('A', [0, 1], 1, read), downgraded('A', [2, 3], 1, 'u')]],
];

const together: readonly Unlawful[] = [
  [
    'several granted although one of them is held',
    'two-holders',
    one,
    [took('A', [0, 1], 1, atM), tookAll('B', [2, 3], 2, pair)],
  ],
  [
    'one of several granted apart: the other was free between',
    'read',
    one,
    [
      took('A', [0, 1], 1, atM),
      tookAll('B', [2, 9], 2, pair),
      saw([3, 4], ['B', 2]),
      gaveAt([5, 6], { name: 'm', client: 'A', token: 1 }),
    ],
  ],
  [
    'half of several seen, the other half granted to somebody else and released besides',
    'release',
    one,
    [
      askedAll('A', 0, pair),
      saw([1, 2], ['A', 1]),
      took('B', [3, 4], 3, atM),
      saw([5, 6], ['A', 1]),
      gaveAt([7, 8], { name: 'm', client: 'A', token: 2 }),
    ],
  ],
  [
    'several refused although all of them were free',
    'refusal',
    one,
    [took('A', [0, 1], 1), gave('A', [2, 3], 1), deniedAll('B', [4, 5], pair)],
  ],
  [
    'several refused because of a lock that is not among them',
    'refusal',
    one,
    [took('A', [0, 1], 1, { name: 'n' }), deniedAll('B', [2, 3], pair)],
  ],
  [
    'the token of a second lock granted again elsewhere',
    'token-reuse',
    one,
    [tookAll('A', [0, 1], 1, pair), took('B', [2, 3], 2, { name: 'n' })],
  ],
  [
    'a second lock kept when its session has ended',
    'refusal',
    { tokens: 'global' },
    [opened('A', [0, 1]), tookAll('A', [2, 3], 1, pair), closed('A', [4, 5]), denied('B', [6, 7], 'held', atM)],
  ],
];

const owners: readonly Unlawful[] = [
  ['a re-entry under a new token', 'two-holders', calm, [took('A', [0, 1], 1, again), took('A', [2, 3], 2, again)]],
  [
    'a hold that is free although it was entered twice',
    'grant',
    calm,
    [took('A', [0, 1], 1, again), took('A', [2, 3], 1, again), gave('A', [4, 5], 1), took('B', [6, 7], 2)],
  ],
  [
    'a hold that stays although it was left as often as it was entered',
    'refusal',
    calm,
    [
      took('A', [0, 1], 1, again),
      took('A', [2, 3], 1, again),
      gave('A', [4, 5], 1),
      gave('A', [6, 7], 1),
      denied('B', [8, 9]),
    ],
  ],
  [
    'another owner enters it',
    'token-reuse',
    calm,
    [took('A', [0, 1], 1, again), took('A', [2, 3], 1, { owner: 'bob', reenters: true })],
  ],
  [
    'another session of the owner enters it',
    'two-holders',
    calm,
    [took('A', [0, 1], 1, again), took('B', [2, 3], 1, again)],
  ],
  [
    'an owner that did not ask to re-enter does',
    'token-reuse',
    calm,
    [took('A', [0, 1], 1, again), took('A', [2, 3], 1, ann)],
  ],
  [
    'a deadlock told to a request without an owner',
    'deadlock',
    calm,
    [took('A', [0, 1], 1), circled('B', [2, 3], [{ owner: null, lock: 'l' }], {})],
  ],
  [
    'a deadlock told to somebody who is not in the circle',
    'deadlock',
    calm,
    [took('A', [0, 1], 1, ann), circled('B', [2, 3], [{ owner: 'ann', lock: 'l' }], { owner: 'bob' })],
  ],
  [
    'a deadlock although the owner holds nothing',
    'deadlock',
    calm,
    [took('A', [0, 1], 1), circled('B', [2, 3], [{ owner: 'bob', lock: 'l' }], { owner: 'bob' })],
  ],
  [
    'a deadlock of two, the other of whom waits for nothing',
    'deadlock',
    one,
    [
      took('A', [0, 1], 1, ann),
      took('B', [2, 3], 2, { owner: 'bob', name: 'm' }),
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
    'a deadlock of two after one of them has let go',
    'deadlock',
    one,
    [
      took('A', [0, 1], 1, ann),
      took('B', [2, 3], 2, { owner: 'bob', name: 'm' }),
      asked('A', 4, { ...ann, name: 'm' }),
      gave('A', [5, 6], 1),
      circled(
        'B',
        [7, 8],
        [
          { owner: 'bob', lock: 'l' },
          { owner: 'ann', lock: 'm' },
        ],
        { owner: 'bob' },
      ),
    ],
  ],
];

describe('an unlawful history of conversions, several locks and owners is rejected for its reason', () => {
  it.each([...conversions, ...together, ...owners])('%s: %s', (_, rule, meta, events) => {
    const verdict = checkHistory(written(events, meta));

    expect(verdict.verdict, describeVerdict(verdict)).toBe('violation');
    expect(verdict.violations[0]?.rule, describeVerdict(verdict)).toBe(rule);
  });
});
