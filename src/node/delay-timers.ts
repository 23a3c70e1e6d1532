import type { DelayOver, Table, TableEvent } from '../table/index.ts';

/** Proposes that a delay is over; `refused` tells that the proposal surely did not enter the log. */
export type ProposeDelayOver = (command: DelayOver, refused: () => void) => void;

interface Count {
  readonly token: number;
  readonly deadline: number;
}

/** Delays ended in one sweep: a pile of them, after an outage, is spread out. */
const overPerSweepMax = 64;

/**
 * The leader's memory of when each name in delay may be granted again. It counts from when it executed the end of the hold,
 * and a new leader counts anew, so a delay lasts as long as was asked for, or longer. That this process stood still makes
 * it later, never sooner.
 */
export class DelayTimers {
  readonly #table: () => Table;
  readonly #propose: ProposeDelayOver;
  /** By name. */
  readonly #counts = new Map<string, Count>();
  #leads = false;

  constructor(table: () => Table, propose: ProposeDelayOver) {
    this.#table = table;
    this.#propose = propose;
  }

  /** Whether this node leads, in the sense that it has applied an entry of its own term. */
  lead(leads: boolean, now: number): void {
    if (leads === this.#leads) return;
    this.#leads = leads;
    this.#counts.clear();
    if (!leads) return;
    for (const { name, token, delayMs } of this.#table().views.delays()) {
      this.#counts.set(name, { token, deadline: now + delayMs });
    }
  }

  /** A later delay of the same name takes the place of the one before, as it does in the table. */
  heard(event: TableEvent, now: number): void {
    if (event.kind !== 'delayed' || !this.#leads) return;
    this.#counts.set(event.name, { token: event.token, deadline: now + event.delayMs });
  }

  /** Once per heartbeat interval. */
  sweep(now: number): void {
    let room = overPerSweepMax;
    for (const [name, count] of this.#counts) {
      if (room <= 0) return;
      if (count.deadline > now) continue;
      this.#counts.delete(name);
      const { token } = count;
      // Somebody may have ended it meanwhile.
      if (this.#table().views.delayAt(name) !== token) continue;
      room -= 1;
      this.#propose({ kind: 'delay-over', name, token }, () => {
        if (this.#leads && !this.#counts.has(name)) this.#counts.set(name, count);
      });
    }
  }
}
