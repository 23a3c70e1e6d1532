import { describe, expect, it } from 'vitest';
import { checkHistory, describeVerdict, type MetaToWrite, type Rule } from './index.ts';
import {
  asked,
  barging,
  calm,
  counting,
  denied,
  type Event,
  failed,
  forced,
  gave,
  global,
  idempotent,
  kept,
  read,
  rw,
  saw,
  sawStale,
  shared,
  three,
  took,
  validated,
  written,
} from './scenes.ts';

type Scene = readonly [claim: string, rule: Rule, meta: Partial<MetaToWrite>, events: readonly Event[]];

const tokens: readonly Scene[] = [
  ['a token granted twice', 'token-reuse', calm, [took('A', [0, 1], 1), gave('A', [2, 3], 1), took('B', [4, 5], 1)]],
  [
    'a token granted twice to one client that may not re-enter',
    'token-reuse',
    calm,
    [took('A', [0, 1], 1), gave('A', [2, 3], 1), took('A', [4, 5], 1)],
  ],
  [
    'a token below an earlier one',
    'token-backwards',
    calm,
    [took('A', [0, 1], 5), gave('A', [2, 3], 5), took('B', [4, 5], 4)],
  ],
  [
    'a token of one lock again at another',
    'token-reuse',
    global,
    [took('A', [0, 1], 1), took('B', [2, 3], 1, { name: 'm' })],
  ],
  [
    'a token of one lock below that of another',
    'token-backwards',
    global,
    [took('A', [0, 1], 5), took('B', [2, 3], 4, { name: 'm' })],
  ],
  [
    'a write token at that of shared readers',
    'token-backwards',
    shared,
    [took('A', [0, 1], 5, read), gave('A', [2, 3], 5), took('W', [4, 5], 4)],
  ],
  [
    'a shared read token below an earlier write',
    'token-backwards',
    shared,
    [took('W', [0, 1], 5), gave('W', [2, 3], 5), took('A', [4, 5], 4, read)],
  ],
  ['unique read tokens that fall', 'token-backwards', rw, [took('A', [0, 1], 5, read), took('B', [2, 3], 4, read)]],
  [
    'a token below that of a hold that only a read showed',
    'grant',
    calm,
    [asked('A', 0), saw([1, 2], ['A', 9]), took('B', [3, 4], 8)],
  ],
  [
    'a token below one that a read showed first, while both requests are open',
    'grant',
    calm,
    [took('B', [0, 10], 2), saw([2, 3], ['B', 2]), took('A', [4, 9], 1), gave('A', [9.5, 9.6], 1)],
  ],
];

const exclusion: readonly Scene[] = [
  ['two holders at a time', 'two-holders', calm, [took('A', [0, 1], 1), took('B', [2, 3], 2), gave('A', [4, 5], 1)]],
  ['two holders without any release', 'two-holders', calm, [took('A', [0, 1], 1), took('B', [2, 3], 2)]],
  [
    'a grant that no release can have come before',
    'two-holders',
    calm,
    [took('A', [0, 1], 1), took('B', [2, 3], 2), gave('A', [3.5, 4], 1)],
  ],
  [
    'a grant in time, but a read between says otherwise',
    'read',
    calm,
    [took('A', [0, 1], 1), gave('A', [2, 9], 1), took('B', [2, 3], 2), saw([4, 5], ['A', 1])],
  ],
  [
    'a hold that vanished under a failed release',
    'two-holders',
    calm,
    [took('A', [0, 1], 1), failed([2, 3], { f: 'release', name: 'l', client: 'A', token: 1 }), took('B', [4, 5], 2)],
  ],
  ['a writer beside a reader', 'two-holders', rw, [took('A', [0, 1], 1, read), took('W', [2, 3], 2)]],
  ['a reader beside a writer', 'two-holders', rw, [took('W', [0, 1], 1), took('A', [2, 3], 2, read)]],
  ['two writers', 'two-holders', rw, [took('V', [0, 1], 1), took('W', [2, 3], 2)]],
  [
    'more permits than there are',
    'too-many-permits',
    three,
    [took('A', [0, 1], 1, { permits: 2 }), took('B', [2, 3], 2, { permits: 2 })],
  ],
  ['more permits than there are at once', 'grant', three, [took('A', [0, 1], 1, { permits: 4 }), gave('A', [1, 2], 1)]],
  [
    'permits that a part release did not free',
    'grant',
    three,
    [took('A', [0, 1], 1, { permits: 3 }), gave('A', [2, 3], 1, 1), took('B', [4, 5], 2, { permits: 2 })],
  ],
  [
    'an unknown release can have freed it only once',
    'grant',
    counting,
    [took('A', [0, 1], 1), took('A', [2, 3], 1), gave('A', [4], 1), took('B', [5, 6], 2)],
  ],
  [
    'one unknown forced release frees it once',
    'grant',
    calm,
    [took('A', [0, 1], 1), forced([0]), took('B', [2, 3], 2), took('C', [4, 5], 3)],
  ],
  [
    'a forced release before the grant frees nothing after it',
    'two-holders',
    calm,
    [forced([0, 1]), took('A', [2, 3], 1), took('B', [4, 5], 2)],
  ],
  [
    'one release of a hold entered twice',
    'grant',
    counting,
    [took('A', [0, 1], 1), took('A', [2, 3], 1), gave('A', [4, 5], 1), took('B', [6, 7], 2)],
  ],
  [
    'more re-entries than allowed',
    'grant',
    counting,
    [took('A', [0, 1], 1), took('A', [2, 3], 1), took('A', [4, 5], 1)],
  ],
  ['a re-entry with a new token', 'two-holders', idempotent, [took('A', [0, 1], 1), took('A', [2, 3], 2)]],
];

const answers: readonly Scene[] = [
  ['a refusal although nobody ever held it', 'refusal', calm, [denied('A', [0, 1])]],
  ['a refusal after the release', 'refusal', calm, [took('A', [0, 1], 1), gave('A', [2, 3], 1), denied('B', [4, 5])]],
  [
    'a refusal in favour of a request that was told a time-out',
    'refusal',
    calm,
    [denied('A', [0, 1], 'timeout'), denied('B', [2, 3])],
  ],
  [
    'one unknown request explains no two refusals apart',
    'refusal',
    calm,
    [asked('A', 0), denied('B', [1, 2]), took('C', [3, 4], 1), gave('C', [5, 6], 1), denied('D', [7, 8])],
  ],
  ['the holder is refused what it may enter again', 'refusal', idempotent, [took('A', [0, 1], 1), denied('A', [2, 3])]],
  [
    'a read refused beside readers, nobody waiting',
    'refusal',
    rw,
    [took('A', [0, 1], 1, read), denied('B', [2, 3], 'held', read)],
  ],
  [
    'a barging lock refuses a read because a writer waits',
    'refusal',
    barging,
    [took('A', [0, 1], 1, read), took('W', [2, 20], 2), denied('B', [3, 4], 'held', read), gave('A', [5, 6], 1)],
  ],
  [
    'permits refused that were there',
    'refusal',
    three,
    [took('A', [0, 1], 1), denied('B', [2, 3], 'held', { permits: 2 })],
  ],
  ['released by somebody else', 'foreign-release', calm, [took('A', [0, 1], 1), gave('B', [2, 3], 1)]],
  [
    'released with a token that nobody was granted',
    'phantom-holder',
    calm,
    [took('A', [0, 1], 1), gave('A', [2, 3], 2)],
  ],
  ['released twice', 'release', calm, [took('A', [0, 1], 1), gave('A', [2, 3], 1), gave('A', [4, 5], 1)]],
  ['a release refused although it was held', 'release', calm, [took('A', [0, 1], 1), kept('A', [2, 3], 1)]],
  [
    'more permits released than held',
    'release',
    three,
    [took('A', [0, 1], 1, { permits: 2 }), gave('A', [2, 3], 1, 3)],
  ],
  [
    'held, says the cluster, after the release',
    'validate',
    calm,
    [took('A', [0, 1], 1), gave('A', [2, 3], 1), validated('A', [4, 5], [1, true])],
  ],
  [
    'not held, says the cluster, before any release',
    'validate',
    calm,
    [took('A', [0, 1], 1), validated('A', [2, 3], [1, false])],
  ],
  [
    'a stale answer to a linearizable read',
    'read',
    calm,
    [took('A', [0, 1], 1), gave('A', [2, 3], 1), saw([4, 5], ['A', 1])],
  ],
  ['a read that misses the holder', 'read', calm, [took('A', [0, 1], 1), saw([2, 3])]],
  ['reads that go back in time', 'read', calm, [took('A', [0, 9], 1), saw([1, 2], ['A', 1]), saw([3, 4])]],
  ['a read that shows whom nobody granted anything', 'phantom-holder', calm, [saw([0, 1], ['A', 1])]],
  [
    'a stale read that shows what never was',
    'phantom-holder',
    calm,
    [took('A', [0, 1], 1), sawStale([2, 3], ['B', 2])],
  ],
  ['a read that shows the wrong client', 'read', calm, [took('A', [0, 1], 1), saw([2, 3], ['B', 1])]],
  [
    'a read that shows a request that failed',
    'phantom-holder',
    calm,
    [failed([0, 1], { f: 'acquire', name: 'l', client: 'A' }), saw([2, 3], ['A', 1])],
  ],
  [
    'a read that shows a request that timed out',
    'phantom-holder',
    calm,
    [denied('A', [0, 1], 'timeout'), saw([2, 3], ['A', 1])],
  ],
  ['a read of a request that is made later', 'phantom-holder', calm, [saw([0, 1], ['A', 1]), asked('A', 2)]],
  [
    'a read with a count that leaks',
    'read',
    counting,
    [took('A', [0, 1], 1), took('A', [2, 3], 1), gave('A', [4, 5], 1), saw([6, 7], ['A', 1, 2])],
  ],
  [
    'a read with permits that came back',
    'read',
    three,
    [took('A', [0, 1], 1, { permits: 3 }), gave('A', [2, 3], 1, 2), saw([4, 5], ['A', 1, 3])],
  ],
  ['a forced release that did nothing', 'read', calm, [took('A', [0, 1], 1), forced([2, 3]), saw([4, 5], ['A', 1])]],
];

const all = [...tokens, ...exclusion, ...answers];

describe('an unlawful history is rejected for its reason', () => {
  it.each(all)('%s: %s', (_, rule, meta, events) => {
    const verdict = checkHistory(written(events, meta));

    expect(verdict.verdict, describeVerdict(verdict)).toBe('violation');
    expect(verdict.violations[0]?.rule, describeVerdict(verdict)).toBe(rule);
  });

  it('with the operations that show it', () => {
    const verdict = checkHistory(
      written([took('A', [0, 1], 1), saw([2, 3]), took('X', [4, 5], 1, { name: 'm' })], calm),
    );

    expect(verdict.violations[0]?.window).toEqual([
      'line 2: [0.000..1.000] process 0: acquire l by A -> granted, token 1',
      'line 4: [2.000..3.000] process 1: holder l -> nobody',
    ]);
    expect(verdict.perLock.get('m')?.verdict).toBe('linearizable');
  });
});
