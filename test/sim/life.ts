import { Core, type CoreStatus, type Effects, type Input, type MemberId, type Message } from '../../raft/index.ts';
import { Applier } from './applier.ts';
import { chainOf } from './digest.ts';
import type { Disk } from './disk.ts';
import { LogWriter } from './log-writer.ts';
import type { Machine } from './machine.ts';
import type { Host, Shipment, Surroundings } from './surroundings.ts';
import { Violation } from './violation.ts';
import { Watch } from './watch.ts';

const mailboxMax = 2_000;
const takesMax = 100;

export interface Birth {
  readonly id: MemberId;
  readonly disk: Disk;
  readonly world: Surroundings;
  readonly seed: number;
  /** Asks for a turn soon. */
  readonly wake: () => void;
  readonly survives: () => boolean;
}

/** One life of one process: a core and the driver around it, with all that is lost when it ends. */
export class Life implements Host {
  readonly id: MemberId;
  readonly disk: Disk;
  readonly world: Surroundings;
  readonly #wake: () => void;
  readonly #survives: () => boolean;
  readonly #core: Core;
  readonly #watch: Watch;
  readonly #applier: Applier;
  readonly #writer: LogWriter;
  #status: CoreStatus;
  #mailbox: Input[] = [];
  #chores: (() => void)[] = [];
  #tickIsDue = true;
  #isOver = false;

  constructor({ id, disk, world, seed, wake, survives }: Birth) {
    this.id = id;
    this.disk = disk;
    this.world = world;
    this.#wake = wake;
    this.#survives = survives;
    const { electionTimeout, heartbeatInterval, limits } = world.swarm;
    const found = disk.restored;
    const restored = world.mutant.restored?.(found) ?? found;
    this.#core = new Core({ self: id, chainOf, seed, electionTimeout, heartbeatInterval, limits }, restored);
    this.#status = this.#core.status;
    this.#watch = new Watch(world.ghost, { disk, status: this.#status, restored: found });
    this.#applier = new Applier(this);
    this.#writer = new LogWriter(this, (table) => {
      this.#watch.installed(table.head.position.index);
      this.#applier.install(table);
    });
  }

  /** As of the last turn. */
  get status(): CoreStatus {
    return this.#status;
  }

  get machine(): Machine {
    return this.#applier.machine;
  }

  /** Whether a turn would find anything to do. */
  get hasWork(): boolean {
    return this.#tickIsDue || this.#mailbox.length > 0 || this.#chores.length > 0;
  }

  end(): void {
    this.#isOver = true;
  }

  tick(): void {
    this.#tickIsDue = true;
    this.#wake();
  }

  hear(input: Input): boolean {
    if (this.#mailbox.length >= mailboxMax) return false;
    this.#mailbox.push(input);
    this.#wake();
    return true;
  }

  /** A snapshot arrives; false if it cannot be taken now. */
  receive({ from, term, table }: Shipment): boolean {
    return this.#writer.receive(table) && this.hear({ kind: 'snapshot-received', from, term, head: table.head });
  }

  later(ms: number, chore: () => void): void {
    this.world.agenda.after(ms, () => {
      if (this.#isOver) return;
      this.#chores.push(chore);
      this.#wake();
    });
  }

  send(message: Message): void {
    this.#watch.sends(message);
    this.world.send(message);
  }

  survives(): boolean {
    return !this.#isOver && this.#survives();
  }

  /** One turn of the event loop: all that was heard, then the tick, then whatever the core asks for. */
  turn(now: number): void {
    const chores = this.#chores;
    this.#chores = [];
    for (const chore of chores) {
      chore();
      if (this.#isOver) return;
    }
    this.#step(now);
    for (let takes = 0; ; takes += 1) {
      if (takes > takesMax) throw new Violation('L0', `${this.id} asks for effects without end`);
      const asked = this.#core.take();
      this.#status = this.#core.status;
      this.#watch.saw(this.#status, asked?.persist?.write);
      if (asked === undefined) break;
      this.#act(this.world.mutant.effects?.(asked, this.#core) ?? asked);
      if (this.#isOver) return;
    }
    this.#applier.saveIfDue();
    const { trace } = this.world;
    for (const part of [this.#status.term, this.#status.lastIndex, this.#status.commitIndex]) trace.fold(part);
  }

  #step(now: number): void {
    const heard = this.#mailbox;
    this.#mailbox = [];
    for (const input of heard) {
      const told = this.world.mutant.input?.(input, this.#core) ?? input;
      const detail = told.kind === 'message' ? told.message : told;
      this.world.trace.note({ time: this.world.agenda.now, who: this.id, what: detail.kind, detail });
      this.#core.step(told, now);
      this.#watch.stepped(this.#core.status);
    }
    if (this.#tickIsDue) this.#core.step({ kind: 'tick' }, now);
    this.#tickIsDue = false;
  }

  /** Does what the core asks for, in the order of the fields; may die between any two. */
  #act(effects: Effects): void {
    for (const message of effects.send) {
      this.send(message);
      if (!this.survives()) return;
    }
    if (effects.persist !== undefined) {
      this.#writer.write(effects.persist);
      if (!this.survives()) return;
    }
    this.#watch.handed(effects.apply);
    this.#applier.apply(effects.apply);
    if (!this.survives()) return;
    for (const answer of effects.proposals) this.world.answered(this.id, answer);
    for (const answer of effects.reads) this.world.read(this.id, answer);
    for (const to of effects.snapshots) {
      this.world.ship({ from: this.id, to, term: this.#status.term, table: this.disk.table });
    }
  }
}
