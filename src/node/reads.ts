import type { Core, ReadAnswer } from '../../raft/index.ts';

/** `confirmed` with the index that must have been applied before the read is served, or not. */
export type ReadOutcome = { readonly ok: true; readonly index: number } | { readonly ok: false };

/** Questions "is the world I see still the cluster's?", each answered once. */
export class Reads {
  readonly #core: Core;
  readonly #asked = new Map<number, (outcome: ReadOutcome) => void>();
  /** Confirmed, but this node has not applied that far yet. */
  #waiting: { readonly index: number; readonly run: () => void }[] = [];
  #nextId = 1;
  #applied: number;

  constructor(core: Core, applied: number) {
    this.#core = core;
    this.#applied = applied;
  }

  /** Within a turn, before the core's effects are taken; reads of one turn share a round. */
  ask(now: number, done: (outcome: ReadOutcome) => void): void {
    const id = this.#nextId;
    this.#nextId += 1;
    this.#asked.set(id, done);
    this.#core.step({ kind: 'read', id }, now);
  }

  answered(answer: ReadAnswer): void {
    const done = this.#asked.get(answer.id);
    this.#asked.delete(answer.id);
    done?.(answer.kind === 'confirmed' ? { ok: true, index: answer.index } : { ok: false });
  }

  /** Runs once this node's table has caught up to `index`. */
  whenApplied(index: number, run: () => void): void {
    if (index <= this.#applied) return run();
    this.#waiting.push({ index, run });
  }

  /** This node's table is at `index` now. */
  applied(index: number): void {
    this.#applied = index;
    if (this.#waiting.length === 0) return;
    const due = this.#waiting.filter((read) => read.index <= index);
    this.#waiting = this.#waiting.filter((read) => read.index > index);
    for (const read of due) read.run();
  }
}
