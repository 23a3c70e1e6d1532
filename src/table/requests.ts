import * as answers from './answers.ts';
import type {
  Acquire,
  AcquireAll,
  Answer,
  Cancel,
  ChangeLimit,
  Downgrade,
  Release,
  Sequence,
  SessionRequest,
  TableEvent,
  Upgrade,
} from './command.ts';
import { cycleThrough } from './deadlock.ts';
import type { Claim, Lock } from './lock-row.ts';
import type { Locks } from './locks.ts';
import { kindOf } from './modes.ts';
import type { EndSession } from './operator-command.ts';
import { Operators } from './operators.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';
import type { TableState } from './state.ts';

/** Hears what a command changed, while it is applied. Must neither throw nor apply. */
export type Emit = (event: TableEvent) => void;

/** Executes what sessions ask, each for the first time, and passes on what is left. */
export class Requests {
  readonly #state: TableState;
  readonly #locks: Locks;
  readonly #sessions: Sessions;
  readonly #operators: Operators;

  constructor(state: TableState, locks: Locks, sessions: Sessions) {
    this.#state = state;
    this.#locks = locks;
    this.#sessions = sessions;
    this.#operators = new Operators(state, { locks, sessions, passOn: (left, emit) => this.passOn(left, emit) });
  }

  execute(session: Session, command: Exclude<SessionRequest, EndSession>, emit: Emit): Answer {
    switch (command.kind) {
      case 'acquire':
        return this.#acquire(session, command, emit);
      case 'acquire-all':
        return this.#acquireAll(session, command, emit);
      case 'upgrade':
        return this.#upgrade(session, command, emit);
      case 'downgrade':
        return this.#downgrade(session, command, emit);
      case 'limit':
        return this.#changeLimit(command, emit);
      case 'cancel':
        return this.#cancel(session, command, emit);
      case 'release':
        return this.#release(session, command, emit);
      case 'force-release':
      case 'request-revoke':
      case 'steal':
        return this.#operators.execute(session, command, emit);
      default:
        return command satisfies never;
    }
  }

  /**
   * Grants what the heads of these locks' queues may have now, lock by lock. A grant of several locks frees the heads
   * behind it on all of them, so these are looked at in turn.
   */
  passOn(locks: readonly Lock[], emit: Emit): void {
    const left = [...locks];
    // The list grows while it is walked.
    for (const lock of left) left.push(...this.#passOnOne(lock, emit));
  }

  #acquire(session: Session, command: Acquire, emit: Emit): Answer {
    const { name, mode } = command;
    const lock = this.#state.locks.get(name);
    if (lock !== undefined && lock.kind !== 'exclusive') return answers.kindMismatch(name, lock.kind);
    const isFree = lock === undefined || (lock.queue.length === 0 && lock.admits(mode, 1));
    if (!isFree && !command.waits) return answers.busy;
    const refusal = this.#refusal(session, { isFree, parts: 1, newLocks: lock === undefined ? 1 : 0 });
    if (refusal !== undefined) return refusal;
    if (!isFree) {
      this.#locks.wait(session, command);
      return answers.queued;
    }
    const hold = this.#locks.hold(session, command);
    this.#sayGranted(hold, emit);
    return grantOf(hold);
  }

  #acquireAll(session: Session, command: AcquireAll, emit: Emit): Answer {
    const { parts, waits } = command;
    let newLocks = 0;
    let isFree = true;
    for (const part of parts) {
      const lock = this.#state.locks.get(part.name);
      if (lock === undefined) newLocks += 1;
      else if (lock.kind !== kindOf(part.mode)) return answers.kindMismatch(part.name, lock.kind);
      else if (lock.limit !== part.limit) return answers.semaphoreLimit(part.name, lock.limit);
      isFree = isFree && this.#locks.isFree(part);
    }
    const entered = command.reenters ? this.#reenter(session, command) : undefined;
    if (entered !== undefined) return entered;
    if (!isFree && !waits) return answers.busy;
    const refusal = this.#refusal(session, { isFree, parts: parts.length, newLocks });
    if (refusal !== undefined) return refusal;
    if (!isFree) return this.#unlessDeadlocked(this.#locks.waitAll(session, command));
    const holds = this.#locks.holdAll(session, command);
    for (const hold of holds) this.#sayGranted(hold, emit);
    return { kind: 'granted', token: holds[0]?.token ?? 0, grantedAt: this.#state.counters.time };
  }

  /** The owner of this session's hold enters it once more; nobody else does. */
  #reenter(session: Session, { parts: [part], owner }: AcquireAll): Answer | undefined {
    const hold = part && this.#state.locks.get(part.name)?.holders.head;
    if (hold === undefined || hold.session !== session || hold.terms?.owner !== owner) return undefined;
    this.#locks.enter(hold, 1);
    return grantOf(hold);
  }

  /** Takes a request that waits out of its queues again if it would wait for itself. */
  #unlessDeadlocked(request: readonly Claim[]): Answer {
    const [first] = request;
    const cycle = cycleThrough(request, this.#state.owners);
    if (first === undefined || cycle === undefined) return answers.queued;
    this.#locks.endWait(first);
    for (const { lock } of request) this.#locks.forgetIdle(lock);
    return answers.deadlock(cycle);
  }

  /** What the limits have against a request of so many parts. */
  #refusal(
    session: Session,
    wish: { readonly isFree: boolean; readonly parts: number; readonly newLocks: number },
  ): Answer | undefined {
    const { limits, locks } = this.#state;
    if (session.holds.size + wish.parts > limits.holdsPerSessionMax) {
      return answers.exceeded('holds per session', limits.holdsPerSessionMax);
    }
    if (!wish.isFree && session.waiters.size >= limits.waitersPerSessionMax) {
      return answers.exceeded('waiters per session', limits.waitersPerSessionMax);
    }
    if (wish.newLocks > 0 && locks.size + wish.newLocks > limits.locksMax) {
      return answers.exceeded('locks', limits.locksMax);
    }
    return undefined;
  }

  #upgrade(session: Session, { name, token, sequence, waits }: Upgrade, emit: Emit): Answer {
    const hold = session.holds.get(token);
    if (hold?.lock.name !== name) return answers.notHeld;
    if (hold.mode !== 'U' || hold.pendingUpgrade !== undefined) return answers.wrongMode(hold.mode);
    if (hold.lock.holders.length === 1) {
      this.#convert(hold, sequence, emit);
      return grantOf(hold);
    }
    if (!waits) return answers.busy;
    const { waitersPerSessionMax } = this.#state.limits;
    if (session.waiters.size >= waitersPerSessionMax) {
      return answers.exceeded('waiters per session', waitersPerSessionMax);
    }
    return this.#unlessDeadlocked([this.#locks.waitForUpgrade(hold, sequence)]);
  }

  #downgrade(session: Session, { name, token, to }: Downgrade, emit: Emit): Answer {
    const hold = session.holds.get(token);
    if (hold?.lock.name !== name) return answers.notHeld;
    const isWeaker = hold.mode === 'W' || (hold.mode === 'U' && to === 'R');
    if (!isWeaker || hold.pendingUpgrade !== undefined) return answers.wrongMode(hold.mode);
    this.#locks.downgrade(hold, to);
    this.#sayConverted(hold, token, emit);
    this.passOn([hold.lock], emit);
    return answers.downgraded;
  }

  #changeLimit({ name, limit }: ChangeLimit, emit: Emit): Answer {
    const { locks, limits } = this.#state;
    const known = locks.get(name);
    if (known !== undefined && known.kind !== 'semaphore') return answers.kindMismatch(name, known.kind);
    if (known === undefined && locks.size >= limits.locksMax) return answers.exceeded('locks', limits.locksMax);
    const lock = this.#locks.keepLimit(name, limit);
    const left = new Set([lock]);
    // Whoever wants more than there will ever be would hold up all behind it for good.
    for (const waiter of [...lock.queue].filter(({ permits }) => permits > limit)) {
      for (const each of waiter.terms?.group ?? []) left.add(each.lock);
      this.#endWait(waiter, answers.semaphoreLimit(name, limit), emit);
    }
    this.passOn([...left], emit);
    return answers.limitChanged;
  }

  #cancel(session: Session, { target }: Cancel, emit: Emit): Answer {
    const request = session.requests.get(target);
    if (request === undefined) {
      if (target <= session.mark) return answers.stale;
      // It may still be on its way: its sequence is taken, so that it is never executed.
      this.#sessions.remember(session, target, { asked: { kind: 'withdrawn' }, answer: answers.cancelled });
      emit({ kind: 'answered', session: session.id, sequence: target, answer: answers.cancelled });
      return answers.cancelled;
    }
    if (!request.mayWait) return answers.mismatch;
    if (request.answer.kind === 'granted') return { kind: 'already-granted', token: request.answer.token };
    const waiter = session.waiters.get(target);
    if (waiter !== undefined) this.#withdraw(waiter, emit);
    return answers.cancelled;
  }

  #withdraw(waiter: Claim, emit: Emit): void {
    const left = waiter.terms?.group?.map(({ lock }) => lock) ?? [waiter.lock];
    this.#endWait(waiter, answers.cancelled, emit);
    this.passOn(left, emit);
  }

  #endWait(waiter: Claim, answer: Answer, emit: Emit): void {
    const { session, sequence } = waiter;
    this.#locks.endWait(waiter);
    this.#sessions.settle(session, sequence, answer);
    emit({ kind: 'answered', session: session.id, sequence, answer });
  }

  #release(session: Session, { name, token }: Release, emit: Emit): Answer {
    const hold = session.holds.get(token);
    if (hold?.lock.name !== name) {
      this.#sessions.forgetLoss(session, token);
      return answers.notHeld;
    }
    if (hold.terms !== undefined && hold.terms.entries > 1) {
      this.#locks.enter(hold, -1);
      return answers.released;
    }
    const upgrade = hold.pendingUpgrade;
    if (upgrade !== undefined) this.#endWait(upgrade, answers.cancelled, emit);
    this.#locks.endHold(hold);
    this.#sessions.forgetBelowMark(session, hold.sequence);
    emit({ kind: 'released', name, session: session.id, token });
    const others = this.#passOnOne(hold.lock, emit);
    if (others.length > 0) this.passOn(others, emit);
    return answers.released;
  }

  /** Grants in order what the head may have; gives the other locks that have a new head by it. */
  #passOnOne(lock: Lock, emit: Emit): readonly Lock[] {
    let others: readonly Lock[] = none;
    for (let { head } = lock.queue; head?.isReady === true; head = lock.queue.head) {
      const { upgrades, group } = head.terms ?? plain;
      if (upgrades !== undefined) {
        this.#locks.endWait(head);
        this.#convert(upgrades, head.sequence, emit);
      } else {
        this.#locks.grantWaiter(head);
        for (const claim of group ?? [head]) this.#sayGranted(claim, emit);
      }
      this.#settleGrant(upgrades ?? group?.[0] ?? head, emit);
      if (group !== undefined) others = [...others, ...this.#partAll(group, lock)];
    }
    this.#locks.forgetIdle(lock);
    return others;
  }

  /** Of a request that was granted each part stands alone from now on. Gives the locks of all but `lock`. */
  #partAll(group: readonly Claim[], lock: Lock): readonly Lock[] {
    for (const { terms } of group) if (terms !== undefined) terms.group = undefined;
    return group.flatMap((part) => (part.lock === lock ? [] : [part.lock]));
  }

  #settleGrant(hold: Claim, emit: Emit): void {
    const { session, sequence } = hold;
    const answer = grantOf(hold);
    this.#sessions.settle(session, sequence, answer);
    emit({ kind: 'answered', session: session.id, sequence, answer });
  }

  /** Makes a write of an upgradeable read; the request that made that has nothing to do with it any more. */
  #convert(hold: Claim, sequence: Sequence, emit: Emit): void {
    const had = hold.token;
    const former = hold.sequence;
    this.#locks.upgrade(hold, sequence);
    this.#sessions.forgetBelowMark(hold.session, former);
    this.#sayConverted(hold, had, emit);
  }

  #sayGranted({ lock, session, token }: Claim, emit: Emit): void {
    emit({ kind: 'granted', name: lock.name, session: session.id, token });
  }

  #sayConverted(hold: Claim, had: number, emit: Emit): void {
    const { lock, session, token, mode } = hold;
    emit({ kind: 'converted', name: lock.name, session: session.id, had, token, mode });
  }
}

const none: readonly Lock[] = [];

/** Of a claim without terms. */
const plain = { upgrades: undefined, group: undefined };

const grantOf = (hold: Claim): Answer => ({ kind: 'granted', token: hold.token, grantedAt: hold.since });
