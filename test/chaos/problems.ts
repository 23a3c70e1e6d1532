/** What a run may find beside its history: none of it may ever happen. */
export type ProblemKind =
  | 'a session ended too early'
  | 'a node stopped by itself'
  | 'a process ended by itself'
  | 'a process did not close'
  | 'an operation never ended'
  | 'a lock cannot be acquired'
  | 'the history is not linearizable'
  | 'the journals of nodes disagree';

export interface Problem {
  readonly kind: ProblemKind;
  readonly text: string;
}

/** Collects what went wrong; who waits for the run hears of the first at once. */
export class Problems {
  readonly #list: Problem[] = [];
  readonly #first: AbortController = new AbortController();

  add(kind: ProblemKind, text: string): void {
    this.#list.push({ kind, text });
    this.#first.abort();
  }

  get list(): readonly Problem[] {
    return this.#list;
  }

  /** Aborts with the first problem. */
  get signal(): AbortSignal {
    return this.#first.signal;
  }
}
