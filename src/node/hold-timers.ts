import type { Begun, Overdue, Table, TableEvent } from '../table/index.ts';

/** Proposes that a hold is overdue; `refused` tells that the proposal surely did not enter the log. */
export type ProposeOverdue = (command: Overdue, refused: () => void) => void;

interface Bound {
  readonly name: string;
  readonly deadline: number;
  readonly isProposed: boolean;
}

/** Holds ended in one sweep: a pile of them, after an outage, is spread out. */
const overduePerSweepMax = 64;

/**
 * The leader's memory of when each bounded hold ends. It counts from when it executed that the hold has begun, which its
 * holder said after he had begun to count himself, and a new leader counts anew: so whoever is next is granted later than
 * the holder's own clock told him to stop. That this process stood still makes it later, never sooner.
 */
export class HoldTimers {
  readonly #table: () => Table;
  readonly #propose: ProposeOverdue;
  /** By token. */
  readonly #bounds = new Map<number, Bound>();
  #leads = false;

  constructor(table: () => Table, propose: ProposeOverdue) {
    this.#table = table;
    this.#propose = propose;
  }

  /** Whether this node leads, in the sense that it has applied an entry of its own term. */
  lead(leads: boolean, now: number): void {
    if (leads === this.#leads) return;
    this.#leads = leads;
    this.#bounds.clear();
    if (!leads) return;
    for (const { name, token, holdMsMax } of this.#table().views.bounds()) this.#count(token, name, now + holdMsMax);
  }

  /** A holder has said that he holds it; what he says again changes nothing. */
  begun({ name, token }: Begun, now: number): void {
    if (!this.#leads || this.#bounds.has(token)) return;
    const holdMsMax = this.#table().views.boundOf(name, token);
    if (holdMsMax !== undefined) this.#count(token, name, now + holdMsMax);
  }

  heard(event: TableEvent): void {
    if (this.#bounds.size === 0) return;
    if (event.kind === 'released' || event.kind === 'lost') this.#bounds.delete(event.token);
    else if (event.kind === 'converted' && event.had !== event.token) this.#renamed(event.had, event.token);
  }

  /** Once per heartbeat interval. */
  sweep(now: number): void {
    let room = overduePerSweepMax;
    for (const [token, bound] of this.#bounds) {
      if (room <= 0) return;
      if (bound.deadline > now || bound.isProposed) continue;
      room -= 1;
      this.#bounds.set(token, { ...bound, isProposed: true });
      this.#propose({ kind: 'overdue', name: bound.name, token }, () => {
        if (this.#bounds.has(token)) this.#count(token, bound.name, bound.deadline);
      });
    }
  }

  /** An upgrade is the same hold; what was proposed under its former token is void. */
  #renamed(had: number, token: number): void {
    const bound = this.#bounds.get(had);
    if (bound === undefined) return;
    this.#bounds.delete(had);
    this.#count(token, bound.name, bound.deadline);
  }

  #count(token: number, name: string, deadline: number): void {
    this.#bounds.set(token, { name, deadline, isProposed: false });
  }
}
