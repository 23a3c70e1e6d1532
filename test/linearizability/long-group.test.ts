import { describe, expect, it } from 'vitest';
import { Stream } from '../../src/testing/index.ts';
import { checkHistory, describeVerdict, type Mode, type PartToWrite } from './index.ts';
import { type Event, written } from './scenes.ts';

/** An exclusive lock, and one to read and write, that are asked for together and apart. */
const meta = {
  ...{ sessions: 'none', tokens: 'global', default: { kind: 'mutex', fair: false } },
  locks: { b: { kind: 'rw', fair: false } },
} as const;

interface Hold {
  readonly name: 'a' | 'b';
  readonly client: string;
  token: number;
  mode: Mode;
}

/** Tells what a cluster without faults does, one act after the other, every call stretched at random over others. */
class Teller {
  readonly events: Event[] = [];
  readonly #random = new Stream(11, 'long group');
  #holds: Hold[] = [];
  #token = 0;
  #at = 1_000;
  #acts = 0;

  act(): void {
    this.#at += 10;
    this.#acts += 1;
    const dice = this.#random.unit();
    const hold = this.#holds[this.#random.int(0, Math.max(0, this.#holds.length - 1))];
    if (hold === undefined || dice < 0.4) return this.#acquire();
    if (hold.name === 'b' && dice < 0.6) return this.#convert(hold);
    this.#holds = this.#holds.filter((each) => each !== hold);
    const { name, client, token } = hold;
    this.#tell({ f: 'release', name, client, token }, { released: true });
  }

  #acquire(): void {
    const client = `c${this.#random.int(0, 9)}`;
    const mode: Mode = this.#random.chance(0.5) ? 'r' : this.#random.chance(0.5) ? 'u' : 'w';
    const wished: readonly (PartToWrite & { readonly name: 'a' | 'b' })[] = [{ name: 'a' }, { name: 'b', mode }];
    const parts = this.#random.chance(0.4) ? wished : [wished[this.#random.int(0, 1)] ?? { name: 'a' }];
    const call = { f: 'tryAcquireAll', client, parts } as const;
    if (!parts.every((part) => this.#isFree(part.name, part.mode ?? 'w'))) {
      return this.#tell(call, { granted: false, reason: 'held' });
    }
    const token = this.#token + 1;
    this.#token += parts.length;
    for (const [at, part] of parts.entries()) {
      this.#holds.push({ name: part.name, client, token: token + at, mode: part.mode ?? 'w' });
    }
    this.#tell(call, { granted: true, token });
  }

  #convert(hold: Hold): void {
    const { name, client, token, mode } = hold;
    const isAlone = this.#holds.filter((each) => each.name === 'b').length === 1;
    if (mode === 'u' && isAlone) {
      this.#token += 1;
      hold.token = this.#token;
      hold.mode = 'w';
      return this.#tell({ f: 'upgrade', name, client, token }, { granted: true, token: hold.token });
    }
    if (mode === 'r') return;
    const to = mode === 'w' && this.#random.chance(0.5) ? 'u' : 'r';
    hold.mode = to;
    this.#tell({ f: 'downgrade', name, client, token, to }, { done: true });
  }

  #isFree(name: string, mode: Mode): boolean {
    return this.#holds.every(
      (hold) => hold.name !== name || (hold.mode !== 'w' && mode !== 'w' && (hold.mode === 'r' || mode === 'r')),
    );
  }

  #tell(call: Extract<Event, { kind: 'call' }>['call'], result: Extract<Event, { kind: 'call' }>['result']): void {
    const from = this.#at - this.#random.int(0, 40);
    const until = this.#at + this.#random.int(0, 40);
    // The outcome of one release in twenty is not heard of.
    const isHeard = call.f !== 'release' || this.#acts % 20 !== 7;
    this.events.push({ kind: 'call', during: isHeard ? [from, until] : [from], call, result });
  }
}

describe('thousands of calls on two locks that are wanted together and apart', { timeout: 60_000 }, () => {
  it('are judged after a look at hardly more states than there are calls', () => {
    const teller = new Teller();
    for (let acts = 0; acts < 4_000; acts += 1) teller.act();

    const verdict = checkHistory(written(teller.events, meta));

    expect(verdict.verdict, describeVerdict(verdict)).toBe('linearizable');
    expect(verdict.counts.unknown).toBeGreaterThan(30);
    expect(verdict.counts.outcomes['upgrade granted']).toBeGreaterThan(30);
    expect(verdict.perLock.get('a')?.states).toBeLessThan(20_000);
  });

  it('are rejected for one wrong downgrade at the end, without trying all orders', () => {
    const teller = new Teller();
    for (let acts = 0; acts < 1_500; acts += 1) teller.act();
    const during = [1e6, 1e6 + 1] as const;
    const lie: Event = {
      kind: 'call',
      during,
      call: { f: 'downgrade', name: 'b', client: 'c1', token: 1, to: 'r' },
      result: { done: true },
    };

    const verdict = checkHistory(written([...teller.events, lie], meta));

    expect(verdict.violations.map(({ rule }) => rule)).toEqual(['conversion']);
    expect(verdict.perLock.get('a')?.states).toBeLessThan(200_000);
  });
});
