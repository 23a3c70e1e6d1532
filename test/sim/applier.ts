import type { Entry } from '../../raft/index.ts';
import type { Table } from './disk.ts';
import { Machine } from './machine.ts';
import type { Host } from './surroundings.ts';

/** Feeds committed entries to the state machine of one life, and saves it from time to time. */
export class Applier {
  readonly #host: Host;
  #machine: Machine;
  #waiting: Entry[] = [];
  #isPlanned = false;
  #isSaving = false;

  constructor(host: Host) {
    this.#host = host;
    this.#machine = new Machine(host.disk.table);
  }

  get machine(): Machine {
    return this.#machine;
  }

  apply(entries: readonly Entry[]): void {
    if (entries.length === 0) return;
    this.#waiting.push(...entries);
    const { applyDelay } = this.#host.world.swarm;
    if (applyDelay === 0) this.#execute();
    else this.#plan(applyDelay);
  }

  /** The table becomes `table`; what was to be executed before it is part of it. */
  install(table: Table): void {
    this.#waiting = [];
    this.#isSaving = false;
    this.#machine = new Machine(table);
    this.#host.world.ghost.count('snapshots');
    this.#host.world.ghost.stateAt(this.#host.id, this.#machine.index, this.#machine.state);
    this.#host.hear({ kind: 'snapshot-installed', index: this.#machine.index });
  }

  /** Saves the table if that is due and the log behind it is durable. */
  saveIfDue(): void {
    const { disk, world } = this.#host;
    const { checkpoint } = world.swarm;
    const table = this.#machine.table;
    const { position } = table.head;
    if (checkpoint === undefined || this.#isSaving) return;
    if (position.index < disk.table.head.position.index + checkpoint.every) return;
    if (disk.log.chainAt(position.index) !== position.chain) return;
    this.#isSaving = true;
    disk.checkpoint(table, () =>
      this.#host.later(0, () => {
        this.#isSaving = false;
        world.ghost.count('checkpoints');
        this.#host.hear({ kind: 'compact', index: Math.max(0, position.index - checkpoint.keep) });
      }),
    );
  }

  #plan(ms: number): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    this.#host.later(ms, () => {
      this.#isPlanned = false;
      this.#execute();
    });
  }

  #execute(): void {
    const { world, id } = this.#host;
    const entries = this.#waiting;
    this.#waiting = [];
    for (const entry of entries) {
      this.#machine.apply(entry);
      world.ghost.applied(id, entry, this.#machine.state);
      world.applied(id, entry);
      if (!this.#host.survives()) return;
    }
    if (entries.length === 0) return;
    this.#host.hear({ kind: 'applied', index: this.#machine.index });
    this.saveIfDue();
  }
}
