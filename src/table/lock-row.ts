import type { LockKind, Mode, Sequence } from './command.ts';
import type { Delay } from './delays.ts';
import type { HoldOptions } from './hold-options.ts';
import { Line } from './queue.ts';
import type { Session } from './session.ts';

/**
 * One name while anybody holds it or waits for it. An idle lock has none, so that names cost nothing; but a semaphore
 * whose limit was changed stays, or the change would be forgotten, and so does a name in delay.
 */
export class Lock {
  readonly name: string;
  readonly kind: LockKind;
  readonly holders: Line = new Line();
  readonly queue: Line = new Line();
  /** How many permits a semaphore has in all; 0 for any other lock. */
  limit: number;
  /** Its limit was changed, and stays as it is until it is changed again. */
  isKept = false;
  /** While it is there, nobody is granted the name. Written by `Delays` alone. */
  delay: Delay | undefined = undefined;
  /** See `ChangedRows`; of the row that keeps the limit. */
  isPersisted = false;
  #permitsOut = 0;
  #writers = 0;
  #upgradeables = 0;

  constructor(name: string, kind: LockKind, limit: number) {
    this.name = name;
    this.kind = kind;
    this.limit = limit;
  }

  get isIdle(): boolean {
    return this.holders.length === 0 && this.queue.length === 0 && !this.isKept && this.delay === undefined;
  }

  /**
   * Whether the holders leave room and the name is not in delay; says nothing of those who wait. The only place where
   * modes decide.
   */
  admits(mode: Mode, permits: number): boolean {
    if (this.delay !== undefined) return false;
    switch (mode) {
      case 'X':
      case 'W':
        return this.holders.length === 0;
      case 'U':
        return this.#writers === 0 && this.#upgradeables === 0;
      case 'R':
        return this.#writers === 0;
      case 'S':
        return this.hasPermits(permits);
      default:
        return mode satisfies never;
    }
  }

  /** Whether so many permits of a semaphore are not held, in delay or not. */
  hasPermits(permits: number): boolean {
    return this.#permitsOut + permits <= this.limit;
  }

  /** Whether an upgradeable read may become a write: it is the only hold left, and the name is not in delay. */
  get admitsUpgrade(): boolean {
    return this.holders.length === 1 && this.delay === undefined;
  }

  /** Behind the other holders, whose tokens are lower. */
  enter(claim: Claim): void {
    this.holders.push(claim);
    if (claim.terms !== undefined) this.#count(claim, 1);
  }

  leave(claim: Claim): void {
    this.holders.remove(claim);
    if (claim.terms !== undefined) this.#count(claim, -1);
  }

  /** Changes the mode of a hold, which stays where it stands. */
  weaken(claim: Claim, mode: Mode): void {
    this.#count(claim, -1);
    claim.mode = mode;
    this.#count(claim, 1);
  }

  #count({ mode, permits }: Claim, by: 1 | -1): void {
    if (mode === 'S') this.#permitsOut += by * permits;
    else if (mode === 'W') this.#writers += by;
    else if (mode === 'U') this.#upgradeables += by;
  }
}

/** What a claim of a plain exclusive acquire does without. */
export interface Terms {
  readonly permits: number;
  /** Of the semaphore, as its request had it; 0 for any other lock. */
  readonly limit: number;
  /** The upgradeable read that this waiter makes a write of. */
  readonly upgrades: Claim | undefined;
  /** Whom the cluster treats as one party; absent: this claim is its own. */
  readonly owner: string | undefined;
  /** How often its owner has entered this hold and not left it yet. */
  entries: number;
  options: HoldOptions | undefined;
  /** Its holder has said that its bounded time has begun. */
  hasBegun: boolean;
  /** All waiters of a request for several locks, in the order of its parts; a hold stands alone. */
  group: readonly Claim[] | undefined;
}

/** What a claim is made of. */
export interface ClaimOrigin {
  readonly lock: Lock;
  readonly session: Session;
  /** Of the request that made it. */
  readonly sequence: Sequence;
  readonly mode: Mode;
  /** Place among all waiters of the table; rises. 0 for a claim that never waited. */
  readonly arrival: number;
  /** Table time of queueing or granting, ms. */
  readonly since: number;
  /** Absent for a plain exclusive acquire. */
  readonly terms: Terms | undefined;
}

/** One session's place at one lock: a waiter until it is granted, a hold from then on. */
export class Claim {
  readonly lock: Lock;
  /** Another one once it was taken over, or has outlived it. */
  session: Session;
  /** Of the acquire that made it or, once upgraded, of the upgrade. */
  sequence: Sequence;
  mode: Mode;
  readonly arrival: number;
  /** A hold that had none gets some with its first metadata. */
  terms: Terms | undefined;
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
    this.terms = origin.terms;
  }

  get permits(): number {
    return this.terms?.permits ?? 1;
  }

  get isSticky(): boolean {
    return this.terms?.options?.sticky === true;
  }

  /** Whether this head of a queue may be granted: with all its parts at the head, and room for each. */
  get isReady(): boolean {
    const { lock, terms, mode } = this;
    if (terms === undefined) return lock.admits(mode, 1);
    // An upgrade waits until its own hold is the only one left.
    if (terms.upgrades !== undefined) return lock.admitsUpgrade;
    if (terms.group === undefined) return lock.admits(mode, terms.permits);
    return terms.group.every((part) => part.lock.queue.head === part && part.lock.admits(part.mode, part.permits));
  }

  /** The upgrade that this hold waits for. */
  get pendingUpgrade(): Claim | undefined {
    const { head } = this.lock.queue;
    return head?.terms?.upgrades === this ? head : undefined;
  }
}
