import type { MemberId } from '../../raft/index.ts';
import { Stream } from '../../src/testing/random.ts';
import type { Agenda } from './agenda.ts';
import type { Swarm } from './swarm.ts';

const tailChance = 0.01;
const tailStretch = 20;

/** Directed links between members: each message may be lost, delayed, repeated or overtaken, and a link may be cut. */
export class Network {
  readonly #agenda: Agenda;
  readonly #stream: Stream;
  readonly #cut = new Set<string>();
  /** Per link, when its newest message arrives: the next may not arrive earlier while links keep order. */
  readonly #arrivals = new Map<string, number>();
  #weather: Swarm['network'];
  /** Rises when all connections are made anew: what was under way is lost. */
  #era = 0;

  constructor(agenda: Agenda, swarm: Swarm) {
    this.#agenda = agenda;
    this.#stream = new Stream(swarm.seed, 'network');
    this.#weather = swarm.network;
  }

  /** Calls `deliver` never, once or twice, later. */
  carry(link: { readonly from: MemberId; readonly to: MemberId }, deliver: () => void): void {
    const name = linkName(link.from, link.to);
    const { loss, duplicate } = this.#weather;
    if (this.#cut.has(name) || this.#stream.chance(loss)) return;
    this.#plan(name, deliver);
    if (duplicate > 0 && this.#stream.chance(duplicate)) this.#plan(name, deliver);
  }

  cut(from: MemberId, to: MemberId): void {
    this.#cut.add(linkName(from, to));
  }

  isCut(from: MemberId, to: MemberId): boolean {
    return this.#cut.has(linkName(from, to));
  }

  heal(): void {
    this.#cut.clear();
  }

  /** Heals, and loses, repeats and delays nothing from now on: a local network with a round trip of `roundTrip`. */
  calm(roundTrip: number): void {
    this.heal();
    this.#era += 1;
    this.#arrivals.clear();
    this.#weather = { delay: roundTrip / 2, jitter: roundTrip / 20, loss: 0, duplicate: 0, fifo: true, notices: 1 };
  }

  /** How surely a broken link or a dead process is noticed. */
  get notices(): number {
    return this.#weather.notices;
  }

  #plan(name: string, deliver: () => void): void {
    const { delay, jitter, fifo } = this.#weather;
    const stretch = this.#stream.chance(tailChance) ? tailStretch : 1;
    let time = this.#agenda.now + delay + this.#stream.exponential(jitter) * stretch;
    if (fifo) {
      time = Math.max(time, this.#arrivals.get(name) ?? 0);
      this.#arrivals.set(name, time);
    }
    const era = this.#era;
    this.#agenda.after(time - this.#agenda.now, () => {
      // What is under way when a link breaks is lost with its connection.
      if (!this.#cut.has(name) && era === this.#era) deliver();
    });
  }
}

const linkName = (from: MemberId, to: MemberId): string => `${from}>${to}`;
