import { describe, expect, it } from 'vitest';
import { GroupTeller, pairMeta as meta } from './group-stories.ts';
import { checkHistory, describeVerdict } from './index.ts';
import { type Event, written } from './scenes.ts';

const noCall = { f: 'release', name: 'b', client: 'none', token: 1 } as const;

describe('thousands of calls on two locks that are wanted together and apart', { timeout: 60_000 }, () => {
  it('are judged after a look at hardly more states than there are calls', () => {
    const teller = new GroupTeller({ seed: 11, unheard: 20 });
    for (let acts = 0; acts < 4_000; acts += 1) teller.act();

    const verdict = checkHistory(written(teller.events, meta));

    expect(verdict.verdict, describeVerdict(verdict)).toBe('linearizable');
    expect(verdict.counts.unknown).toBeGreaterThan(30);
    expect(verdict.counts.outcomes['upgrade granted']).toBeGreaterThan(30);
    expect(verdict.perLock.get('a')?.states).toBeLessThan(20_000);
  });

  it('are rejected for one wrong downgrade at the end, without trying all orders', () => {
    const teller = new GroupTeller({ seed: 11, unheard: 20 });
    for (let acts = 0; acts < 1_500; acts += 1) teller.act();
    const early = teller.events.find((event) => event.kind === 'call' && event.call.f === 'downgrade');
    const call = early?.kind === 'call' ? early.call : undefined;
    // What was let go long before.
    const lie: Event = { kind: 'call', during: [1e6, 1e6 + 1], call: call ?? noCall, result: { done: true } };

    const verdict = checkHistory(written([...teller.events, lie], meta));

    expect(verdict.violations.map(({ rule }) => rule)).toEqual(['conversion']);
    expect(verdict.perLock.get('a')?.states).toBeLessThan(200_000);
  });
});
