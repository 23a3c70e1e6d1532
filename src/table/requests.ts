import * as answers from './answers.ts';
import type {
  Acquire,
  AcquireAll,
  Answer,
  Begun,
  Downgrade,
  Guarded,
  Overdue,
  Proclaim,
  Release,
  Sequence,
  SessionRequest,
  Upgrade,
} from './command.ts';
import { currentHold } from './current.ts';
import { cycleThrough } from './deadlock.ts';
import { Delays } from './delays.ts';
import { Endings } from './endings.ts';
import type { TableEvent } from './event.ts';
import type { Claim, Lock } from './lock-row.ts';
import type { Locks } from './locks.ts';
import { kindOf } from './modes.ts';
import { Operators } from './operators.ts';
import { refusalOf } from './refusal.ts';
import { Registers } from './registers.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';
import type { TableState } from './state.ts';
import { TakeOvers } from './take-overs.ts';
import type { Emit, TableTools } from './tools.ts';
import { Waits } from './waits.ts';

/** Executes what sessions ask, each for the first time, and passes on what is left. */
export class Requests {
  readonly #state: TableState;
  readonly #locks: Locks;
  readonly #sessions: Sessions;
  /** Of sessions and delays. */
  readonly endings: Endings;
  readonly #waits: Waits;
  readonly #registers: Registers;
  readonly #operators: Operators;
  readonly #takeOvers: TakeOvers;
  readonly #delays: Delays;

  constructor(state: TableState, locks: Locks, sessions: Sessions) {
    this.#state = state;
    this.#locks = locks;
    this.#sessions = sessions;
    this.#delays = new Delays(state);
    const passOn: TableTools['passOn'] = (left, emit) => this.passOn(left, emit);
    const tools: TableTools = { locks, sessions, delays: this.#delays, passOn };
    this.endings = new Endings(state, tools);
    this.#waits = new Waits(state, tools);
    this.#registers = new Registers(state);
    this.#operators = new Operators(state, tools);
    this.#takeOvers = new TakeOvers(state, tools);
  }

  execute(session: Session, command: SessionRequest, emit: Emit): Answer {
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
        return this.#waits.changeLimit(command, emit);
      case 'begun':
        return this.#begin(session, command);
      case 'cancel':
        return this.#waits.cancel(session, command, emit);
      case 'release':
        return this.#release(session, command, emit);
      case 'proclaim':
        return this.#proclaim(session, command, emit);
      case 'guarded':
        return this.#guarded(session, command, emit);
      case 'take-over':
        return this.#takeOvers.execute(session, command, emit);
      case 'force-release':
      case 'request-revoke':
      case 'steal':
        return this.#operators.execute(session, command, emit);
      case 'end-session':
        return this.endings.endOther(command, emit);
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

  #guarded(session: Session, { guard, request }: Guarded, emit: Emit): Answer {
    if (currentHold(this.#state, guard) === undefined) return answers.fenced(0);
    return request.kind === 'write'
      ? this.#registers.write(request, guard.token)
      : this.execute(session, request, emit);
  }

  #acquire(session: Session, command: Acquire, emit: Emit): Answer {
    const { name, mode } = command;
    const lock = this.#state.locks.get(name);
    if (lock !== undefined && lock.kind !== 'exclusive') return answers.kindMismatch(name, lock.kind);
    const isFree = lock === undefined || (lock.queue.length === 0 && lock.admits(mode, 1));
    if (!isFree && !command.waits) return answers.busy;
    const newLocks = lock === undefined ? 1 : 0;
    const refusal = refusalOf(this.#state, session, { isFree, parts: 1, newLocks, isSticky: false });
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
    const full = isFree ? undefined : this.#locks.fullFor(command);
    if (full !== undefined) return full;
    const isSticky = command.options?.sticky === true;
    const refusal = refusalOf(this.#state, session, { isFree, parts: parts.length, newLocks, isSticky });
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

  #upgrade(session: Session, { name, token, sequence, waits }: Upgrade, emit: Emit): Answer {
    const hold = session.holds.get(token);
    if (hold?.lock.name !== name) return answers.notHeld;
    if (hold.mode !== 'U' || hold.pendingUpgrade !== undefined) return answers.wrongMode(hold.mode);
    if (hold.lock.admitsUpgrade) {
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
    this.#leave(hold, { kind: 'released', name, session: session.id, token }, emit);
    return answers.released;
  }

  /** Ends a hold, while its session lives on. */
  #leave(hold: Claim, event: TableEvent, emit: Emit): void {
    const upgrade = hold.pendingUpgrade;
    if (upgrade !== undefined) this.#waits.end(upgrade, answers.cancelled, emit);
    this.#locks.endHold(hold);
    this.#sessions.forgetBelowMark(hold.session, hold.sequence);
    emit(event);
    if (event.kind === 'lost') this.#delays.begin(hold, emit);
    const others = this.#passOnOne(hold.lock, emit);
    if (others.length > 0) this.passOn(others, emit);
  }

  #begin(session: Session, { name, token }: Begun): Answer {
    const hold = session.holds.get(token);
    if (hold?.lock.name !== name || hold.terms?.options?.holdMsMax === undefined) return answers.notHeld;
    if (!hold.terms.hasBegun) this.#locks.begin(hold);
    return answers.begun;
  }

  /** The time of a bounded hold is over. */
  overdue({ name, token }: Overdue, emit: Emit): void {
    for (const hold of this.#state.locks.get(name)?.holders ?? []) {
      if (hold.token !== token || hold.terms?.hasBegun !== true) continue;
      const session = hold.session.id;
      return this.#leave(hold, { kind: 'lost', name, session, token, reason: 'overdue' }, emit);
    }
  }

  #proclaim(session: Session, { name, token, metadata }: Proclaim, emit: Emit): Answer {
    const hold = session.holds.get(token);
    if (hold?.lock.name !== name) return answers.notHeld;
    this.#locks.label(hold, metadata);
    emit({ kind: 'proclaimed', name, session: session.id, token, metadata });
    return answers.proclaimed;
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
