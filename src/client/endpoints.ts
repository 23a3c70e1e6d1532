import type { Clock, Random } from '../clock/index.ts';
import type { ClusterView } from '../server/index.ts';
import { isAddress } from '../transport/index.ts';
import type { Trouble } from './link.ts';

/** Between two rounds over all endpoints: starts at the first, doubles up to the second. Milliseconds. */
const roundPauseMs = { min: 100, max: 2_000 };

/** How long an address that the cluster names, and we could not reach, is left alone. Milliseconds. */
const grudgeMs = 10_000;

/** Addresses remembered besides the ones that were given. */
const learnedMax = 64;

/** Where nodes may be found: the endpoints that were given, then what nodes told us of their cluster. */
export class Endpoints {
  readonly #given: readonly string[];
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #troubles = new Map<string, Trouble>();
  readonly #avoidUntil = new Map<string, number>();
  #learned: readonly string[] = [];
  #round: string[] = [];
  #rounds = 0;

  constructor(given: readonly string[], clock: Clock, random: Random) {
    this.#given = given;
    this.#clock = clock;
    this.#random = random;
  }

  /** The one to try next and how long to wait before; each round is in another order, so that clients spread. */
  next(): { readonly endpoint: string; readonly pauseMs: number } {
    const first = this.#round.shift();
    if (first !== undefined) return { endpoint: first, pauseMs: 0 };
    this.#round = this.#shuffled([...new Set([...this.#given, ...this.#learned])]);
    const pauseMs = this.#rounds === 0 ? 0 : this.#jittered(roundPauseMs.min * 2 ** Math.min(this.#rounds - 1, 8));
    this.#rounds += 1;
    return { endpoint: this.#round.shift() ?? this.#given[0] ?? '', pauseMs };
  }

  /** A node serves us: the next search begins without a pause. */
  succeeded(endpoint: string): void {
    this.#rounds = 0;
    this.#round = [];
    this.#troubles.delete(endpoint);
    this.#avoidUntil.delete(endpoint);
  }

  failed(endpoint: string, trouble: Trouble): void {
    this.#troubles.set(endpoint, trouble);
    this.#avoidUntil.set(endpoint, this.#clock.now() + grudgeMs);
  }

  learn(view: ClusterView): void {
    // What a node says is an address need not be one, and to dial what is none throws.
    const addresses = view.members.map((member) => member.address).filter(isAddress);
    this.#learned = addresses.slice(0, learnedMax);
    for (const endpoint of [...this.#troubles.keys()]) {
      if (!this.#given.includes(endpoint) && !this.#learned.includes(endpoint)) {
        this.#troubles.delete(endpoint);
        this.#avoidUntil.delete(endpoint);
      }
    }
  }

  /** The leader's address if `view` names one that is worth a dial. */
  leaderOf(view: ClusterView): string | undefined {
    const leader = view.members.find((member) => member.id === view.leader);
    if (leader === undefined || leader.id === view.nodeId || !isAddress(leader.address)) return undefined;
    return (this.#avoidUntil.get(leader.address) ?? 0) <= this.#clock.now() ? leader.address : undefined;
  }

  /** The last trouble with each endpoint, for a person. */
  get troubles(): ReadonlyMap<string, Trouble> {
    return this.#troubles;
  }

  #jittered(ms: number): number {
    const bounded = Math.min(ms, roundPauseMs.max);
    return bounded / 2 + (this.#random.u32() / 2 ** 32) * (bounded / 2);
  }

  #shuffled(endpoints: readonly string[]): string[] {
    const keyed = endpoints.map((endpoint) => ({ endpoint, key: this.#random.u32() }));
    return keyed.sort((a, b) => a.key - b.key).map(({ endpoint }) => endpoint);
  }
}
