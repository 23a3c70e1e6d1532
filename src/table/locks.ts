import type { Acquire, Mode } from './command.ts';
import { invariant } from './invariant.ts';
import { Claim, Lock } from './lock-row.ts';
import type { Session } from './session.ts';
import type { TableState } from './state.ts';

/** Puts claims on locks and takes them off. Says nothing to anybody: the table announces what it did. */
export class Locks {
  readonly #state: TableState;

  constructor(state: TableState) {
    this.#state = state;
  }

  /** Whether `mode` would be granted at once: nobody waits, and the holders leave room. */
  isFree(name: string, mode: Mode): boolean {
    const lock = this.#state.locks.get(name);
    return lock === undefined || (lock.queue.length === 0 && lock.admits(mode));
  }

  /** Grants at once; only where `isFree`. */
  hold(session: Session, { name, mode, sequence }: Acquire): Claim {
    const since = this.#state.counters.time;
    const claim = new Claim({ lock: this.#at(name), session, sequence, mode, arrival: 0, since });
    this.#grant(claim);
    return claim;
  }

  /** Goes to the end of the queue. */
  wait(session: Session, { name, mode, sequence }: Acquire): Claim {
    const { counters, changes, totals } = this.#state;
    counters.arrivals += 1;
    const claim = new Claim({
      lock: this.#at(name),
      session,
      sequence,
      mode,
      arrival: counters.arrivals,
      since: counters.time,
    });
    claim.lock.queue.push(claim);
    session.waiters.set(sequence, claim);
    totals.waiters += 1;
    changes.waiters.put(claim);
    return claim;
  }

  /** Takes a hold off its lock. The caller then asks `grantNext` until it has nothing more. */
  endHold(claim: Claim): void {
    const { changes, totals } = this.#state;
    invariant(claim.token > 0 && claim.session.holds.delete(claim.token), 'only a hold can end as one');
    claim.lock.holders.remove(claim);
    totals.holds -= 1;
    changes.holds.remove(claim);
  }

  /** Takes a waiter out of its queue. The caller then asks `grantNext` until it has nothing more. */
  endWait(claim: Claim): void {
    const { changes, totals } = this.#state;
    invariant(claim.token === 0 && claim.session.waiters.delete(claim.sequence), 'only a waiter can stop waiting');
    claim.lock.queue.remove(claim);
    totals.waiters -= 1;
    changes.waiters.remove(claim);
  }

  /** Grants the head of the queue if the holders leave room for it. Once nobody is left, the lock's row is gone. */
  grantNext(lock: Lock): Claim | undefined {
    const { head } = lock.queue;
    if (head !== undefined && lock.admits(head.mode)) {
      this.endWait(head);
      head.since = this.#state.counters.time;
      this.#grant(head);
      return head;
    }
    if (lock.isIdle) this.#state.locks.delete(lock.name);
    return undefined;
  }

  #grant(claim: Claim): void {
    const { counters, changes, totals } = this.#state;
    invariant(claim.lock.admits(claim.mode), 'a lock is granted only beside compatible holds');
    invariant(Number.isSafeInteger(counters.tokens + 1), 'there is a next token');
    counters.tokens += 1;
    claim.token = counters.tokens;
    claim.lock.holders.push(claim);
    claim.session.holds.set(claim.token, claim);
    totals.holds += 1;
    changes.holds.put(claim);
  }

  #at(name: string): Lock {
    const known = this.#state.locks.get(name);
    if (known !== undefined) return known;
    const lock = new Lock(name);
    this.#state.locks.set(name, lock);
    return lock;
  }
}
