import { queueFull } from './answers.ts';
import type { Acquire, AcquireAll, Answer, Mode, Part, Sequence } from './command.ts';
import type { HoldOptions } from './hold-options.ts';
import { invariant } from './invariant.ts';
import { Claim, Lock, type Terms } from './lock-row.ts';
import { kindOf } from './modes.ts';
import type { Session } from './session.ts';
import type { TableState } from './state.ts';

/** Puts claims on locks and takes them off. Says nothing to anybody: the callers announce what they did. */
export class Locks {
  readonly #state: TableState;

  constructor(state: TableState) {
    this.#state = state;
  }

  /** Whether a part would be granted at once: nobody waits, and the holders leave room. */
  isFree({ name, mode, permits }: Omit<Part, 'limit'>): boolean {
    const lock = this.#state.locks.get(name);
    return lock === undefined || (lock.queue.length === 0 && lock.admits(mode, permits));
  }

  /** What a request that has to wait is answered if it allows fewer waiters than one of its locks has. */
  fullFor({ parts, options }: AcquireAll): Answer | undefined {
    const max = options?.queueLengthMax;
    if (max === undefined) return undefined;
    const full = parts.find(({ name }) => (this.#state.locks.get(name)?.queue.length ?? 0) >= max);
    return full && queueFull(full.name, max);
  }

  /** Grants an exclusive lock at once; only where it is free. */
  hold(session: Session, { name, mode, sequence }: Pick<Acquire, 'name' | 'mode' | 'sequence'>): Claim {
    const lock = this.#at({ name, mode, limit: 0 });
    const since = this.#state.counters.time;
    const claim = new Claim({ lock, session, sequence, mode, arrival: 0, since, terms: undefined });
    this.#grant(claim);
    return claim;
  }

  /** Grants all parts at once; only where all are free. */
  holdAll(session: Session, { parts, sequence, owner, options }: AcquireAll): readonly Claim[] {
    const since = this.#state.counters.time;
    return parts.map((part) => {
      const lock = this.#at(part);
      const { mode } = part;
      const claim = new Claim({
        lock,
        session,
        sequence,
        mode,
        arrival: 0,
        since,
        terms: termsOf(part, owner, options),
      });
      this.#grant(claim);
      return claim;
    });
  }

  /** Grants a reader-writer lock as a write; only where nobody holds it, whoever waits. */
  holdWrite(session: Session, name: string, sequence: Sequence): Claim {
    const part: Part = { name, mode: 'W', permits: 1, limit: 0 };
    const since = this.#state.counters.time;
    const terms = termsOf(part, undefined, undefined);
    const claim = new Claim({ lock: this.#at(part), session, sequence, mode: 'W', arrival: 0, since, terms });
    this.#grant(claim);
    return claim;
  }

  /** Goes to the end of the queue of an exclusive lock. */
  wait(session: Session, { name, mode, sequence }: Acquire): void {
    const lock = this.#at({ name, mode, limit: 0 });
    const claim = this.#waiter({ lock, session, sequence, mode, terms: undefined });
    lock.queue.push(claim);
    session.waiters.set(sequence, claim);
  }

  /** Goes to the end of the queue of every part. */
  waitAll(session: Session, { parts, sequence, owner, options }: AcquireAll): readonly Claim[] {
    const claims = parts.map((part) => {
      const lock = this.#at(part);
      const claim = this.#waiter({ lock, session, sequence, mode: part.mode, terms: termsOf(part, owner, options) });
      lock.queue.push(claim);
      return claim;
    });
    const [first] = claims;
    invariant(first !== undefined, 'a request has a part');
    session.waiters.set(sequence, first);
    if (claims.length > 1) for (const { terms } of claims) if (terms !== undefined) terms.group = claims;
    return claims;
  }

  /** Goes to the front of the queue: an upgradeable read that is to become a write. */
  waitForUpgrade(hold: Claim, sequence: Sequence): Claim {
    const { lock, session } = hold;
    const { owner, options } = hold.terms ?? plain;
    const terms: Terms = {
      permits: 1,
      limit: 0,
      upgrades: hold,
      owner,
      entries: 0,
      options,
      hasBegun: false,
      group: undefined,
    };
    const claim = this.#waiter({ lock, session, sequence, mode: 'W', terms });
    lock.queue.unshift(claim);
    session.waiters.set(sequence, claim);
    return claim;
  }

  /** Takes a hold off its lock. The caller then passes the lock on. */
  endHold(claim: Claim): void {
    const { changes, totals } = this.#state;
    invariant(claim.token > 0 && claim.session.holds.delete(claim.token), 'only a hold can end as one');
    if (claim.terms?.owner !== undefined) this.#state.owners.remove(claim.terms.owner, claim);
    if (claim.terms?.hasBegun === true) this.#state.begun.delete(claim);
    claim.lock.leave(claim);
    totals.holds -= 1;
    if (claim.isSticky) totals.sticky -= 1;
    changes.holds.remove(claim);
  }

  /** A sticky hold outlives its session. */
  orphan(hold: Claim): void {
    const { nobody, changes } = this.#state;
    invariant(hold.isSticky && hold.session.holds.delete(hold.token), 'only a sticky hold outlives its session');
    hold.session = nobody;
    nobody.holds.set(hold.token, hold);
    changes.holds.put(hold);
  }

  /** Another session has the hold from now on, as the newest of its lock: nobody but the two notices. */
  move(hold: Claim, session: Session, sequence: Sequence): void {
    const { counters, changes, begun } = this.#state;
    const { lock, terms } = hold;
    invariant(hold.session.holds.delete(hold.token) && terms !== undefined, 'only a hold with a secret is taken over');
    invariant(Number.isSafeInteger(counters.tokens + 1), 'there is a next token');
    changes.holds.remove(hold);
    begun.delete(hold);
    lock.leave(hold);
    counters.tokens += 1;
    hold.token = counters.tokens;
    hold.session = session;
    hold.sequence = sequence;
    hold.since = counters.time;
    terms.entries = 1;
    terms.hasBegun = false;
    lock.enter(hold);
    session.holds.set(hold.token, hold);
    changes.holds.put(hold);
  }

  /** Takes a request out of the queues of all its parts. The caller then passes these locks on. */
  endWait(claim: Claim): void {
    invariant(claim.token === 0 && claim.session.waiters.delete(claim.sequence), 'only a waiter can stop waiting');
    const group = claim.terms?.group;
    if (group === undefined) this.#dequeue(claim);
    else for (const part of group) this.#dequeue(part);
  }

  /** Grants a waiter that is ready, with all parts of its request. */
  grantWaiter(waiter: Claim): void {
    this.endWait(waiter);
    const group = waiter.terms?.group;
    if (group === undefined) this.#begin(waiter);
    else for (const part of group) this.#begin(part);
  }

  /** Once nobody is left at a lock, and nothing of it must be remembered, its row is gone. */
  forgetIdle(lock: Lock): void {
    if (lock.isIdle) this.#state.locks.delete(lock.name);
  }

  /** Makes a write of the only hold there is. A new token: what was written under the old one must not pass. */
  upgrade(hold: Claim, sequence: Sequence): void {
    const { session, lock } = hold;
    this.endHold(hold);
    hold.mode = 'W';
    hold.sequence = sequence;
    hold.since = this.#state.counters.time;
    invariant(lock.holders.length === 0 && hold.session === session, 'whoever is upgraded is alone');
    this.#grant(hold);
    if (hold.terms?.hasBegun === true) this.#state.begun.add(hold);
  }

  /** The time of a bounded hold is counted from now on. */
  begin(hold: Claim): void {
    const { terms } = hold;
    invariant(terms?.options?.holdMsMax !== undefined, 'only a bounded hold has a time to count');
    terms.hasBegun = true;
    this.#state.begun.add(hold);
    this.#state.changes.holds.put(hold);
  }

  /** Its owner enters a hold once more, or leaves it but for the last time. */
  enter(hold: Claim, by: 1 | -1): void {
    const { terms } = hold;
    invariant(terms !== undefined && terms.entries + by > 0, 'a hold is entered at least once while it stands');
    terms.entries += by;
    this.#state.changes.holds.put(hold);
  }

  /** All other options of the hold stay as they are. */
  label(hold: Claim, metadata: string): void {
    hold.terms ??= termsOf({ permits: 1, limit: 0 }, undefined, undefined);
    // Parts of one request share their options.
    hold.terms.options = { ...hold.terms.options, metadata };
    this.#state.changes.holds.put(hold);
  }

  /** Makes a weaker lock of a hold. The caller then passes the lock on. */
  downgrade(hold: Claim, mode: Mode): void {
    hold.lock.weaken(hold, mode);
    this.#state.changes.holds.put(hold);
  }

  /** Sets the limit of a semaphore, for good. The caller then passes it on. */
  keepLimit(name: string, limit: number): Lock {
    const lock = this.#at({ name, mode: 'S', limit });
    lock.limit = limit;
    lock.isKept = true;
    this.#state.changes.limits.put(lock);
    if (lock.delay !== undefined) this.#state.changes.delays.put(lock.delay);
    return lock;
  }

  #waiter(origin: Omit<ConstructorParameters<typeof Claim>[0], 'arrival' | 'since'>): Claim {
    const { counters, changes, totals } = this.#state;
    counters.arrivals += 1;
    const { lock, session, sequence, mode, terms } = origin;
    const claim = new Claim({ lock, session, sequence, mode, terms, arrival: counters.arrivals, since: counters.time });
    if (terms?.owner !== undefined) this.#state.owners.add(terms.owner, claim);
    totals.waiters += 1;
    if (claim.isSticky) totals.sticky += 1;
    changes.waiters.put(claim);
    return claim;
  }

  #dequeue(claim: Claim): void {
    const { changes, totals, owners } = this.#state;
    if (claim.terms?.owner !== undefined) owners.remove(claim.terms.owner, claim);
    claim.lock.queue.remove(claim);
    totals.waiters -= 1;
    if (claim.isSticky) totals.sticky -= 1;
    changes.waiters.remove(claim);
  }

  /** A waiter becomes a hold. */
  #begin(claim: Claim): void {
    claim.since = this.#state.counters.time;
    this.#grant(claim);
  }

  #grant(claim: Claim): void {
    const { counters, changes, totals } = this.#state;
    const { lock, terms } = claim;
    invariant(lock.admits(claim.mode, terms?.permits ?? 1), 'a lock is granted only beside compatible holds');
    invariant(Number.isSafeInteger(counters.tokens + 1), 'there is a next token');
    counters.tokens += 1;
    claim.token = counters.tokens;
    if (terms?.owner !== undefined) this.#state.owners.add(terms.owner, claim);
    lock.enter(claim);
    claim.session.holds.set(claim.token, claim);
    totals.holds += 1;
    if (claim.isSticky) totals.sticky += 1;
    changes.holds.put(claim);
  }

  #at({ name, mode, limit }: { readonly name: string; readonly mode: Mode; readonly limit: number }): Lock {
    const known = this.#state.locks.get(name);
    if (known !== undefined) return known;
    const lock = new Lock(name, kindOf(mode), limit);
    this.#state.locks.set(name, lock);
    return lock;
  }
}

/** Of a claim without terms. */
const plain = { owner: undefined, options: undefined };

const termsOf = (
  { permits, limit }: Pick<Part, 'permits' | 'limit'>,
  owner: string | undefined,
  options: HoldOptions | undefined,
): Terms => ({
  permits,
  limit,
  upgrades: undefined,
  owner,
  entries: 1,
  options,
  hasBegun: false,
  group: undefined,
});
