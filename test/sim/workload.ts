import type { Entry, LogIndex, MemberId, ProposalAnswer, Term } from '../../raft/index.ts';
import { Stream } from '../../src/testing/random.ts';
import type { Process } from './process.ts';
import type { World } from './world.ts';

interface Awaited {
  readonly serial: number;
  readonly term: Term;
  readonly acknowledge: () => void;
}

/** Clients of the cluster, and the oracle that knows what each of them was told (I8, I20). */
export class Workload {
  readonly #world: World;
  readonly #stream: Stream;
  #serial = 0;
  /** Serials that were surely not appended. */
  readonly #refused = new Set<number>();
  /** Where a serial was executed: at one index only, whoever executes it. */
  readonly #places = new Map<number, LogIndex>();
  readonly #awaited = new Map<MemberId, Map<LogIndex, Awaited>>();

  constructor(world: World) {
    this.#world = world;
    this.#stream = new Stream(world.swarm.seed, 'workload');
    world.onApplied.push((member, entry) => this.#applied(member, entry));
    world.onDied.push((member) => this.#awaited.delete(member));
  }

  /** Asks something of somebody, now and then, while `goesOn`. */
  start(goesOn: () => boolean): void {
    const { every, reads, bursts } = this.#world.swarm.workload;
    const { electionTimeout } = this.#world.swarm;
    let isBusy = true;
    const next = (): void => {
      if (!goesOn()) return;
      if (bursts && this.#stream.chance(0.02)) isBusy = !isBusy;
      const process = this.#someone();
      if (process !== undefined && isBusy) {
        if (this.#stream.chance(reads)) this.read(process, () => {});
        for (let left = bursts ? this.#stream.int(1, 10) : 1; left > 0; left -= 1) this.write(process, () => {});
      }
      this.#world.agenda.after(isBusy ? this.#stream.exponential(every) : electionTimeout / 2, next);
    };
    next();
  }

  /** Proposes something new; `settle` tells whether the client was told that it is done. */
  write(process: Process, settle: (isDone: boolean) => void): void {
    this.#serial += 1;
    const serial = this.#serial;
    const payload = new Uint8Array(this.#stream.int(4, this.#world.swarm.workload.bytesMax));
    new DataView(payload.buffer).setUint32(0, serial);
    this.#world.requests.propose(process, payload, (answer) => {
      if (answer === 'lost') settle(false);
      else this.#answered({ serial, answer, settle, member: process.id });
    });
  }

  /** Asks for a linearizable read; `settle` tells whether it was confirmed. */
  read(process: Process, settle: (isDone: boolean) => void): void {
    const { ghost } = this.#world;
    const floor = ghost.committedIndex;
    this.#world.requests.read(process, (answer) => {
      const isDone = answer !== 'lost' && answer.kind === 'confirmed';
      if (isDone) {
        ghost.count('reads');
        const { index } = answer;
        ghost.demand(index >= floor, 'I20', () => `${process.id} reads at ${index}, ${floor} was committed before`);
        ghost.demand(index <= ghost.committedIndex, 'I20', () => `${process.id} reads at ${index}, not committed`);
      }
      settle(isDone);
    });
  }

  /** Whom a client asks: the leader, somebody who was it and does not know better, or anybody. */
  #someone(): Process | undefined {
    const { leader, up } = this.#world;
    const luck = this.#stream.unit();
    const former = luck < 0.4 ? up.filter((process) => process.status?.role === 'leader' && process !== leader) : [];
    if (former.length > 0) return this.#stream.pick(former);
    if (leader !== undefined && luck < 0.7) return leader;
    return up.length === 0 ? undefined : this.#stream.pick(up);
  }

  #answered({ serial, answer, settle, member }: Answered): void {
    if (answer.kind === 'refused') {
      this.#refused.add(serial);
      settle(false);
      return;
    }
    let places = this.#awaited.get(member);
    if (places === undefined) {
      places = new Map();
      this.#awaited.set(member, places);
    }
    places.set(answer.index, { serial, term: answer.term, acknowledge: () => settle(true) });
  }

  #applied(member: MemberId, entry: Entry): void {
    if (entry.kind === 'commands') this.#executed(member, entry);
    const awaited = this.#awaited.get(member)?.get(entry.index);
    if (awaited === undefined) return;
    this.#awaited.get(member)?.delete(entry.index);
    if (awaited.term !== entry.term) return;
    const { ghost } = this.#world;
    const isIt = this.#places.get(awaited.serial) === entry.index;
    ghost.demand(isIt, 'I8', () => `${member} was to append ${awaited.serial} at ${entry.index}, where another stands`);
    ghost.count('acknowledged');
    awaited.acknowledge();
  }

  #executed(member: MemberId, { index, payload }: Entry): void {
    const serial = new DataView(payload.buffer, payload.byteOffset).getUint32(0);
    const { ghost } = this.#world;
    const isKnown = serial > 0 && serial <= this.#serial && !this.#refused.has(serial);
    ghost.demand(isKnown, 'I8', () => `${member} executes ${serial} at ${index}, which was refused or never asked`);
    const place = this.#places.get(serial) ?? index;
    ghost.demand(place === index, 'I8', () => `${member} executes ${serial} at ${index}, before at ${place}`);
    this.#places.set(serial, place);
  }
}

interface Answered {
  readonly serial: number;
  readonly answer: ProposalAnswer;
  readonly settle: (isDone: boolean) => void;
  readonly member: MemberId;
}
