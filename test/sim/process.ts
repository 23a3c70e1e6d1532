import type { CoreStatus, Input, Member, MemberId } from '../../raft/index.ts';
import { Stream } from '../../src/testing/random.ts';
import { Disk, type Table } from './disk.ts';
import { Life } from './life.ts';
import type { Machine } from './machine.ts';
import type { Shipment, Surroundings } from './surroundings.ts';

/** One member: its process, which may die, pause and start again, around its disk, which stays. */
export class Process {
  readonly member: Member;
  readonly disk: Disk;
  readonly #world: Surroundings;
  readonly #stream: Stream;
  readonly #clock: { readonly rate: number; readonly origin: number };
  #life: Life | undefined;
  #isPaused = false;
  #turnIsPlanned = false;
  /** Boundaries between effects that are left to a process that is to die at one; undefined: none is planned. */
  #stepsToDeath: number | undefined;

  constructor(member: Member, blank: Table, world: Surroundings) {
    this.member = member;
    this.#world = world;
    this.disk = new Disk(member.id, { agenda: world.agenda, swarm: world.swarm, table: blank });
    this.#stream = new Stream(world.swarm.seed, `process/${member.id}`);
    const spread = world.swarm.clockSpread;
    this.#clock = { rate: this.#stream.between(1 - spread * 0.8, 1 + spread), origin: this.#stream.between(0, 1e6) };
    world.ghost.meet(member.id, this.disk.log);
  }

  get id(): MemberId {
    return this.member.id;
  }

  get isUp(): boolean {
    return this.#life !== undefined;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** As of the last turn; undefined while the process is down. */
  get status(): CoreStatus | undefined {
    return this.#life?.status;
  }

  get machine(): Machine | undefined {
    return this.#life?.machine;
  }

  start(): void {
    if (this.#life !== undefined) return;
    const life: Life = new Life({
      id: this.id,
      disk: this.disk,
      world: this.#world,
      seed: this.#stream.u32(),
      wake: () => this.#wake(),
      survives: () => this.#survives(),
    });
    this.#life = life;
    this.#note('start', life.status);
    this.#tickLater(life, this.#stream.unit());
    this.#wake();
  }

  /** Ends the process between two effects; the disk loses what was not acknowledged, or keeps some of it. */
  crash(): void {
    if (this.#life === undefined) return;
    this.#note('crash', undefined);
    this.#world.ghost.count('crashes');
    this.#life.end();
    this.#life = undefined;
    this.#isPaused = false;
    this.#stepsToDeath = undefined;
    this.disk.losePower();
    this.#world.died(this.id);
  }

  /** Crashes after `steps` more effects: in the middle of a turn, more often than not. */
  crashAfter(steps: number): void {
    this.#stepsToDeath = steps;
  }

  /** Nothing runs until `resume`, but the world goes on, the disk included. */
  pause(): void {
    if (this.#life === undefined || this.#isPaused) return;
    this.#note('pause', undefined);
    this.#world.ghost.count('pauses');
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#note('resume', undefined);
    this.#isPaused = false;
    this.#wake();
  }

  /** Something happens to the process; false if it is down, or has no room to hear of more. */
  hear(input: Input): boolean {
    return this.#life?.hear(input) ?? false;
  }

  /** A snapshot arrives; false if it cannot be taken. */
  receive(shipment: Shipment): boolean {
    return this.#life?.receive(shipment) ?? false;
  }

  /** No death in the middle of a turn is planned any more. */
  calm(): void {
    this.#stepsToDeath = undefined;
  }

  #tickLater(life: Life, intervals = 1): void {
    this.#world.agenda.after((this.#world.swarm.tickInterval * intervals) / this.#clock.rate, () => {
      if (life !== this.#life) return;
      life.tick();
      this.#tickLater(life);
    });
  }

  #wake(): void {
    if (this.#isPaused || this.#turnIsPlanned) return;
    this.#turnIsPlanned = true;
    this.#world.agenda.after(this.#world.swarm.turnDelay, () => {
      // Still planned while it runs: what the turn hears of itself is part of it, or left over.
      if (!this.#isPaused) this.#life?.turn(this.#clock.origin + this.#world.agenda.now * this.#clock.rate);
      this.#turnIsPlanned = false;
      if (this.#life?.hasWork === true) this.#wake();
    });
  }

  #survives(): boolean {
    if (this.#stepsToDeath === undefined) return true;
    this.#stepsToDeath -= 1;
    if (this.#stepsToDeath > 0) return true;
    this.crash();
    return false;
  }

  #note(what: string, detail: CoreStatus | undefined): void {
    this.#world.trace.note({ time: this.#world.agenda.now, who: this.id, what, detail });
  }
}
