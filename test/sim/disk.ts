import type { HardState, LogWrite, MemberId, Persist, Restored, SnapshotHead } from '../../raft/index.ts';
import { Stream } from '../../src/testing/random.ts';
import type { Agenda } from './agenda.ts';
import { LogImage } from './log-image.ts';
import type { Swarm } from './swarm.ts';
import { require } from './violation.ts';

/** A table as of one applied entry. */
export interface Table {
  readonly head: SnapshotHead;
  /** The state of the toy state machine there. */
  readonly state: number;
}

/** One synced batch: all of it survives a power loss, or nothing. */
interface Batch {
  readonly writes: readonly LogWrite[];
  /** The table that an installation among `writes` makes the current one. */
  readonly installs: Table | undefined;
  readonly done: () => void;
}

/** The disk of one member. Outlives the process; a power loss keeps a prefix of what was not acknowledged. */
export class Disk {
  readonly #agenda: Agenda;
  readonly #stream: Stream;
  #speed: Swarm['disk'];
  #hardState: HardState = { term: 0, votedFor: undefined };
  readonly #log: LogImage;
  #table: Table;
  #batches: Batch[] = [];
  #isWriting = false;
  #checkpoint: Table | undefined;
  #stalledUntil = 0;
  /** Rises at a power loss: what was planned before does not happen. */
  #life = 0;
  /** Rises when the write under way is planned anew. */
  #attempt = 0;

  constructor(member: MemberId, { agenda, swarm, table }: { agenda: Agenda; swarm: Swarm; table: Table }) {
    this.#agenda = agenda;
    this.#stream = new Stream(swarm.seed, `disk/${member}`);
    this.#speed = swarm.disk;
    this.#table = table;
    this.#log = new LogImage({ base: table.head.position, entries: [], checkpoint: table.head });
  }

  get hardState(): HardState {
    return this.#hardState;
  }

  /** What a power loss now would leave at least. */
  get log(): LogImage {
    return this.#log;
  }

  get table(): Table {
    return this.#table;
  }

  get restored(): Restored {
    return {
      hardState: this.#hardState,
      checkpoint: this.#table.head,
      base: this.#log.base,
      entries: [...this.#log.entries],
    };
  }

  /** `done` is called when `persists` are durable, in the order of the calls. */
  write(persists: readonly Persist[], installs: Table | undefined, done: () => void): void {
    this.#batches.push({ writes: persists.map(({ write }) => write), installs, done });
    this.#next();
  }

  /** `done` is called when the table is durable, unless a snapshot was installed meanwhile. */
  checkpoint(table: Table, done: () => void): void {
    const life = this.#life;
    const { position } = table.head;
    require(this.#log.chainAt(position.index) === position.chain, 'I16', () =>
      `checkpoint ${position.index} above the durable log`);
    this.#checkpoint = table;
    this.#agenda.after(this.#latency() * 2, () => {
      if (life !== this.#life || this.#checkpoint !== table) return;
      this.#checkpoint = undefined;
      this.#table = table;
      done();
    });
  }

  /** Nothing becomes durable for `ms`. */
  stall(ms: number): void {
    this.#stalledUntil = this.#agenda.now + ms;
  }

  /** No stalls from now on, the one under way included. */
  calm(delay: number): void {
    this.#speed = { ...this.#speed, delay, jitter: delay / 10 };
    this.#stalledUntil = 0;
    this.#attempt += 1;
    this.#isWriting = false;
    this.#next();
  }

  /** An arbitrary prefix of the batches under way survives; so does a checkpoint under way, or it does not. */
  losePower(): void {
    this.#life += 1;
    this.#attempt += 1;
    this.#isWriting = false;
    const kept = this.#stream.int(0, this.#batches.length);
    for (const batch of this.#batches.slice(0, kept)) this.#keep(batch);
    this.#batches = [];
    if (this.#checkpoint !== undefined && this.#stream.chance(0.5)) this.#table = this.#checkpoint;
    this.#checkpoint = undefined;
  }

  #next(): void {
    if (this.#isWriting || this.#batches.length === 0) return;
    this.#isWriting = true;
    this.#attempt += 1;
    const attempt = this.#attempt;
    this.#agenda.after(Math.max(this.#latency(), this.#stalledUntil - this.#agenda.now), () => {
      if (attempt !== this.#attempt) return;
      this.#isWriting = false;
      const batch = this.#batches.shift();
      if (batch === undefined) return;
      this.#keep(batch);
      batch.done();
      this.#next();
    });
  }

  #keep(batch: Batch): void {
    for (const write of batch.writes) {
      if (write.hardState !== undefined) this.#hardState = write.hardState;
      if (write.install !== undefined && batch.installs !== undefined) {
        this.#table = batch.installs;
        // It was written beside the former table, which is gone.
        this.#checkpoint = undefined;
      }
      this.#log.write(write, false);
    }
  }

  #latency(): number {
    return this.#speed.delay + this.#stream.exponential(this.#speed.jitter);
  }
}
