import type { MemberId, Message } from '../../raft/index.ts';
import { Stream } from '../../src/testing/random.ts';
import type { Process } from './process.ts';
import type { World } from './world.ts';

const flapsMax = 6;

/** How often the sender of such a message dies of it. */
const strikes: Partial<Record<Message['kind'], number>> = { vote: 0.05, 'vote-reply': 0.1, 'append-reply': 0.001 };

/** One direction between two members: from, to. */
type Link = readonly [MemberId, MemberId];

/** Breaks what a seed's swarm says may break, until it is told to stop. */
export class Nemesis {
  readonly #world: World;
  readonly #stream: Stream;
  /** Members that stay down: their disk is lost, or they were replaced. */
  readonly #gone = new Set<MemberId>();
  #isOver = false;

  constructor(world: World) {
    this.#world = world;
    this.#stream = new Stream(world.swarm.seed, 'nemesis');
    world.onDied.push((member) => this.#restartLater(member));
    if (world.swarm.every.crash !== undefined) world.onSent.push((message) => this.#strike(message));
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  start(): void {
    const { partition, crash, pause, stall, transfer, campaign } = this.#world.swarm.every;
    this.#recur(partition, () => this.#partition());
    this.#recur(crash, () => this.#crash());
    this.#recur(pause, () => this.#pause());
    this.#recur(stall, () => {
      const { lasts } = this.#world.swarm;
      this.#victim()?.disk.stall(this.#stream.exponential(lasts.stall));
    });
    this.#recur(transfer, () => {
      const leader = this.#world.leader;
      const voters = leader?.status?.configuration.voters ?? [];
      const to = this.#stream.chance(0.5) || voters.length === 0 ? undefined : this.#stream.pick(voters).id;
      if (leader?.hear({ kind: 'transfer', to }) === true) this.#world.ghost.count('transfers');
    });
    this.#recur(campaign, () => this.#victim()?.hear({ kind: 'campaign' }));
  }

  /** Ends every fault: all links whole, all disks quick, everybody up who is not gone. */
  stop(): void {
    this.#isOver = true;
    const { electionTimeout } = this.#world.swarm;
    this.#world.network.calm(electionTimeout / 50);
    for (const process of this.#world.processes.values()) {
      process.calm();
      process.disk.calm(electionTimeout / 200);
      process.resume();
      if (!this.#gone.has(process.id)) process.start();
    }
  }

  /** `member` is down from now on, for ever. */
  destroy(member: MemberId): void {
    this.#gone.add(member);
    this.#world.processes.get(member)?.crash();
  }

  isGone(member: MemberId): boolean {
    return this.#gone.has(member);
  }

  #recur(every: number | undefined, act: () => void): void {
    if (every === undefined || this.#isOver) return;
    this.#world.agenda.after(this.#stream.exponential(every), () => {
      if (this.#isOver) return;
      act();
      this.#recur(every, act);
    });
  }

  /** Somebody who is up: the leader in every other case, for there it hurts. */
  #victim(): Process | undefined {
    const { leader, up } = this.#world;
    if (leader !== undefined && this.#stream.chance(0.5)) return leader;
    return up.length === 0 ? undefined : this.#stream.pick(up);
  }

  #crash(): void {
    const { up } = this.#world;
    const kind = this.#stream.unit();
    const victim = this.#victim();
    // All at once, a majority, or one; at this instant, or between two of the next effects.
    const victims =
      kind < 0.08 ? up : kind < 0.2 ? up.slice(0, Math.ceil((up.length + 1) / 2)) : victim ? [victim] : [];
    const isSudden = this.#stream.chance(0.3);
    for (const one of victims) {
      if (isSudden) one.crash();
      else one.crashAfter(this.#stream.int(1, 15));
    }
  }

  /** Kills now and then who has just given its word: whether it is kept shows in the next life. */
  #strike({ kind, from }: Message): void {
    const probability = strikes[kind];
    if (probability === undefined || this.#isOver || !this.#stream.chance(probability)) return;
    this.#world.processes.get(from)?.crashAfter(1);
  }

  #restartLater(member: MemberId): void {
    if (this.#isOver) return;
    // Half of them come back at once, while those who knew them still wait for an answer.
    const haste = this.#stream.chance(0.5) ? 0.02 : 1;
    this.#world.agenda.after(this.#stream.exponential(this.#world.swarm.lasts.crash) * haste, () => {
      if (!this.#gone.has(member)) this.#world.processes.get(member)?.start();
    });
  }

  #pause(victim = this.#victim(), ms = this.#stream.exponential(this.#world.swarm.lasts.pause)): void {
    victim?.pause();
    this.#world.agenda.after(ms, () => victim?.resume());
  }

  #partition(): void {
    const { ghost, network, agenda, swarm, leader } = this.#world;
    const length = this.#stream.exponential(swarm.lasts.partition);
    ghost.count('partitions');
    if (leader !== undefined && swarm.every.pause !== undefined && this.#stream.chance(0.4)) {
      // A leader that sleeps while others elect, and wakes alone, is the one that is wrong about itself.
      const sleep = swarm.electionTimeout * this.#stream.between(2, 6);
      this.#cut(this.#linksOf(leader.id));
      this.#pause(leader, sleep);
      agenda.after(sleep + length, () => network.heal());
      return;
    }
    const links = this.#links();
    const flaps = this.#stream.chance(0.25) ? this.#stream.int(2, flapsMax) : 1;
    for (let flap = 0; flap < flaps; flap += 1) {
      agenda.after((length * flap) / flaps, () => {
        if (!this.#isOver) this.#cut(links);
      });
      agenda.after((length * (flap + 0.7)) / flaps, () => network.heal());
    }
  }

  #cut(links: readonly Link[]): void {
    const { network, processes } = this.#world;
    for (const [from, to] of links) {
      network.cut(from, to);
      const process = processes.get(from);
      if (process !== undefined) this.#world.notice(process, to, false);
    }
  }

  /** Every ordered pair of members. */
  get #pairs(): readonly Link[] {
    const ids = [...this.#world.processes.keys()];
    return ids.flatMap((from) => ids.filter((to) => to !== from).map((to) => [from, to] as const));
  }

  #linksOf(member: MemberId): readonly Link[] {
    return this.#pairs.filter(([from, to]) => from === member || to === member);
  }

  /** The links that a partition of a drawn shape cuts. */
  #links(): readonly Link[] {
    const ids = [...this.#world.processes.keys()];
    const one = this.#victim()?.id ?? this.#stream.pick(ids);
    const half = new Set(ids.filter(() => this.#stream.chance(0.5)));
    const shape = this.#stream.pick(['isolate', 'deaf', 'mute', 'split', 'one-way split', 'mesh'] as const);
    return this.#pairs.filter(([from, to]) => {
      switch (shape) {
        case 'isolate':
          return from === one || to === one;
        case 'deaf':
          return to === one;
        case 'mute':
          return from === one;
        case 'split':
          return half.has(from) !== half.has(to);
        case 'one-way split':
          return half.has(from) && !half.has(to);
        case 'mesh':
          return this.#stream.chance(0.3);
        default:
          return shape satisfies never;
      }
    });
  }
}
