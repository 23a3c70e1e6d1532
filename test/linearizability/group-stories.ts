import { Stream } from '../../src/testing/index.ts';
import type { MetaToWrite, Mode, PartToWrite } from './index.ts';
import type { Event } from './scenes.ts';

/** An exclusive lock, and one to read and write, that are asked for together and apart. */
export const pairMeta: MetaToWrite = {
  ...{ sessions: 'none', ttl_ms: 1_000, tokens: 'global', default: { kind: 'mutex', fair: false } },
  locks: { b: { kind: 'rw', fair: false } },
};

interface Hold {
  readonly name: 'a' | 'b';
  readonly client: string;
  token: number;
  mode: Mode;
}

/** Tells what a cluster without faults does, one act after the other, every call stretched at random over others. */
export class GroupTeller {
  readonly events: Event[] = [];
  readonly #random: Stream;
  readonly #unheard: number;
  #holds: Hold[] = [];
  #token = 0;
  #at = 1_000;
  #acts = 0;

  /** The outcome of one call that ends or changes something in `unheard` is not heard of. */
  constructor({ seed, unheard }: { readonly seed: number; readonly unheard: number }) {
    this.#random = new Stream(seed, 'group');
    this.#unheard = unheard;
  }

  /** One thing more happens. */
  act(): void {
    this.#at += 10;
    this.#acts += 1;
    const dice = this.#random.unit();
    const hold = this.#holds[this.#random.int(0, Math.max(0, this.#holds.length - 1))];
    if (dice < 0.1) return this.#read();
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

  #read(): void {
    const name = this.#random.chance(0.5) ? 'a' : 'b';
    const holders = this.#holds.filter((hold) => hold.name === name);
    this.#tell({ f: 'holder', name }, { holders: holders.map(({ client, token, mode }) => ({ client, token, mode })) });
  }

  #isFree(name: string, mode: Mode): boolean {
    return this.#holds.every(
      (hold) => hold.name !== name || (hold.mode !== 'w' && mode !== 'w' && (hold.mode === 'r' || mode === 'r')),
    );
  }

  #tell(call: Extract<Event, { kind: 'call' }>['call'], result: Extract<Event, { kind: 'call' }>['result']): void {
    const from = this.#at - this.#random.int(0, 40);
    const until = this.#at + this.#random.int(0, 40);
    const isHeard = call.f === 'tryAcquireAll' || this.#acts % this.#unheard !== 3;
    this.events.push({ kind: 'call', during: isHeard ? [from, until] : [from], call, result });
  }
}
