import type { Mode, Sequence } from './command.ts';
import { isCompatible } from './modes.ts';
import { Line } from './queue.ts';
import type { Session } from './session.ts';

/** One name while anybody holds it or waits for it. An idle lock has none, so that names cost nothing. */
export class Lock {
  readonly name: string;
  readonly holders: Line = new Line();
  readonly queue: Line = new Line();

  constructor(name: string) {
    this.name = name;
  }

  get isIdle(): boolean {
    return this.holders.length === 0 && this.queue.length === 0;
  }

  /** Whether the holders leave room for `mode`; says nothing of those who wait. */
  admits(mode: Mode): boolean {
    for (let holder = this.holders.head; holder !== undefined; holder = holder.behind) {
      if (!isCompatible(mode, holder.mode)) return false;
    }
    return true;
  }
}

/** What a claim is made of. */
export interface ClaimOrigin {
  readonly lock: Lock;
  readonly session: Session;
  /** Of the acquire that made it. */
  readonly sequence: Sequence;
  readonly mode: Mode;
  /** Place among all waiters of the table; rises. 0 for a claim that never waited. */
  readonly arrival: number;
  /** Table time of queueing or granting, ms. */
  readonly since: number;
}

/** One session's place at one lock: a waiter until it is granted, a hold from then on. */
export class Claim {
  readonly lock: Lock;
  readonly session: Session;
  readonly sequence: Sequence;
  readonly mode: Mode;
  readonly arrival: number;
  /** The fencing token; 0 while it waits. */
  token = 0;
  /** Table time since when it waits or, once granted, holds. */
  since: number;
  /** Neighbours in the line it stands in; written by the line alone. */
  ahead: Claim | undefined = undefined;
  behind: Claim | undefined = undefined;
  /** See `ChangedRows`. */
  isPersisted = false;

  constructor(origin: ClaimOrigin) {
    this.lock = origin.lock;
    this.session = origin.session;
    this.sequence = origin.sequence;
    this.mode = origin.mode;
    this.arrival = origin.arrival;
    this.since = origin.since;
  }
}
