import * as answers from './answers.ts';
import type { RowTuple } from './changed-rows.ts';
import type {
  Acquire,
  Answer,
  Cancel,
  Command,
  ExpireSession,
  OpenSession,
  Release,
  SessionEnd,
  SessionId,
  Started,
  TableEvent,
} from './command.ts';
import { Views } from './inspect.ts';
import { invariant } from './invariant.ts';
import type { TableLimits } from './limits.ts';
import type { Claim, Lock } from './lock-row.ts';
import { Locks } from './locks.ts';
import { Rebuilding } from './restore.ts';
import { canonicalRows, countersRow } from './rows.ts';
import type { Session } from './session.ts';
import { Sessions } from './sessions.ts';
import { newState, type TableState } from './state.ts';

type SessionRequest = Acquire | Cancel | Release;

/** Hears what a command changed, while it is applied. Must neither throw nor apply. */
export type Emit = (event: TableEvent) => void;

/** Takes rows one by one, for a caller that reads them in batches between other work. */
export interface Restoring {
  /** Rows come in key order. Throws a `MalformedRowError` for what no table wrote. */
  add(row: { readonly key: string; readonly value: unknown }): void;
  /** The table as of those rows; throws a `MalformedRowError` if they do not fit together. Call once. */
  finish(): Table;
}

/**
 * The replicated lock table. Tables that applied the same commands with the same stamps under the same limits are
 * equal and emitted the same events in the same order, whatever clocks, restarts and restores lay between.
 */
export class Table {
  /** Questions about the table as of the last `apply`. */
  readonly views: Views;
  readonly #state: TableState;
  readonly #locks: Locks;
  readonly #sessions: Sessions;
  #isApplying = false;

  /** Every node of a cluster needs the same `limits`. `state` is for `restore`. */
  constructor(limits: TableLimits, state: TableState = newState(limits)) {
    this.#state = state;
    this.views = new Views(state);
    this.#locks = new Locks(state);
    this.#sessions = new Sessions(state);
  }

  /** The table whose `canonicalRows`, or whose changes taken one over the other, these are; in key order. */
  static restore(limits: TableLimits, rows: Iterable<{ readonly key: string; readonly value: unknown }>): Table {
    const restoring = Table.restoring(limits);
    for (const row of rows) restoring.add(row);
    return restoring.finish();
  }

  /** As `restore`, in as many turns as the caller likes. */
  static restoring(limits: TableLimits): Restoring {
    const rebuilding = new Rebuilding(limits);
    return {
      add: (row) => rebuilding.add(row),
      finish: () => new Table(limits, rebuilding.finish()),
    };
  }

  /**
   * Applies a command that `parseCommand` let through, at its place in the log. Several commands may share an index;
   * none may come below the last. `stamp` is the leader's wall clock in ms: for people, it decides nothing.
   */
  apply(index: number, stamp: number, command: Command, emit: Emit): void {
    const { counters, changes } = this.#state;
    invariant(!this.#isApplying, 'a listener does not apply');
    invariant(Number.isSafeInteger(index) && index > 0 && index >= counters.index, 'the log is applied in order');
    invariant(Number.isSafeInteger(stamp) && stamp >= 0, 'a stamp is a time');
    this.#isApplying = true;
    counters.index = index;
    counters.time = Math.max(counters.time, stamp);
    changes.hasNewCounters = true;
    this.#apply(command, emit);
    this.#isApplying = false;
  }

  /** Index of the last command applied; 0 before the first. Entries without commands leave no trace here. */
  get appliedIndex(): number {
    return this.#state.counters.index;
  }

  /** Table time, ms: the highest stamp applied. */
  get time(): number {
    return this.#state.counters.time;
  }

  /** How many rows `takeChanges` would give. */
  get changedRows(): number {
    const { runs, sessions, holds, waiters, requests, hasNewCounters } = this.#state.changes;
    return runs.length + sessions.length + holds.length + waiters.length + requests.length + (hasNewCounters ? 1 : 0);
  }

  /**
   * The rows that changed since the last call (or since the restore), frozen as of now. The caller must make them
   * durable, in order, or give the table up.
   */
  takeChanges(): RowTuple[] {
    const { changes, counters } = this.#state;
    const rows: RowTuple[] = [];
    if (changes.hasNewCounters) rows.push(countersRow(counters));
    changes.hasNewCounters = false;
    changes.runs.takeInto(rows);
    changes.sessions.takeInto(rows);
    changes.holds.takeInto(rows);
    changes.waiters.takeInto(rows);
    changes.requests.takeInto(rows);
    return rows;
  }

  /** All rows, in key order: the same on equal tables. Costs the whole table; read it before the next `apply`. */
  canonicalRows(): Iterable<RowTuple> {
    return canonicalRows(this.#state);
  }

  #apply(command: Command, emit: Emit): void {
    switch (command.kind) {
      case 'started':
        this.#started(command, emit);
        break;
      case 'open':
        this.#open(command, emit);
        break;
      case 'close':
        this.#end(command.session, 'closed', emit);
        break;
      case 'expire':
        this.#expire(command, emit);
        break;
      case 'acquire':
      case 'cancel':
      case 'release':
        this.#request(command, emit);
        break;
      default:
        command satisfies never;
    }
  }

  #started(command: Started, emit: Emit): void {
    const { node, incarnation, run, boot } = command;
    const isCurrent = this.#sessions.start(command);
    emit({ kind: 'started', node, incarnation, run, boot, isCurrent });
    if (isCurrent) this.#endAll(this.#sessions.endedBy(command), 'superseded', emit);
  }

  #open(command: OpenSession, emit: Emit): void {
    const { nonce } = command;
    const opening = this.#sessions.open(command);
    if ('refused' in opening) emit({ kind: 'session-refused', nonce, reason: opening.refused });
    else emit({ kind: 'session-opened', session: opening.session.id, nonce, ttlMs: opening.session.ttlMs });
  }

  #expire({ session, version }: ExpireSession, emit: Emit): void {
    const known = this.#state.sessions.get(session);
    // A command of the session came first in the log: it lives, and the leader that doubted it was late.
    if (known !== undefined && known.version !== version) return;
    this.#end(session, 'expired', emit);
  }

  #end(id: SessionId, end: SessionEnd, emit: Emit): void {
    const session = this.#state.sessions.get(id);
    if (session === undefined) emit({ kind: 'session-ended', session: id, end: 'unknown' });
    else this.#endAll([session], end, emit);
  }

  /** All of them end before anybody is granted what they leave: no lock passes from the dead to the dead. */
  #endAll(sessions: readonly Session[], end: SessionEnd, emit: Emit): void {
    const left = new Set<Lock>();
    for (const session of sessions) {
      for (const hold of session.holds.values()) {
        this.#locks.endHold(hold);
        left.add(hold.lock);
        emit({ kind: 'lost', name: hold.lock.name, session: session.id, token: hold.token });
      }
      for (const waiter of session.waiters.values()) {
        this.#locks.endWait(waiter);
        left.add(waiter.lock);
      }
      this.#sessions.drop(session);
      emit({ kind: 'session-ended', session: session.id, end });
    }
    for (const lock of left) this.#passOn(lock, emit);
  }

  #request(command: SessionRequest, emit: Emit): void {
    const { session: id, sequence } = command;
    const session = this.#sessions.hear(id);
    const answer = session === undefined ? answers.sessionExpired : this.#answerTo(session, command, emit);
    emit({ kind: 'answered', session: id, sequence, answer });
  }

  /** The road of every request of a session: at most one execution for each sequence. */
  #answerTo(session: Session, command: SessionRequest, emit: Emit): Answer {
    this.#sessions.raiseMark(session, command.mark);
    const known = this.#knownAnswer(session, command);
    if (known !== undefined) return known;
    const answer = this.#execute(session, command, emit);
    this.#sessions.remember(session, command.sequence, { asked: command, answer });
    return answer;
  }

  /** The answer to what must not be executed; undefined for what is to be executed now, for the first time. */
  #knownAnswer(session: Session, command: SessionRequest): Answer | undefined {
    const { answersPerSessionMax } = this.#state.limits;
    const earlier = session.requests.get(command.sequence);
    if (earlier !== undefined) return earlier.isRepeatedBy(command) ? earlier.answer : answers.mismatch;
    if (command.sequence <= session.mark) return answers.stale;
    if (!this.#sessions.hasRoom(session, command)) {
      return answers.exceeded('answers per session', answersPerSessionMax);
    }
    return undefined;
  }

  #execute(session: Session, command: SessionRequest, emit: Emit): Answer {
    switch (command.kind) {
      case 'acquire':
        return this.#acquire(session, command, emit);
      case 'cancel':
        return this.#cancel(session, command, emit);
      case 'release':
        return this.#release(session, command, emit);
      default:
        return command satisfies never;
    }
  }

  #acquire(session: Session, command: Acquire, emit: Emit): Answer {
    const refusal = this.#refusal(session, command);
    if (refusal !== undefined) return refusal;
    if (!this.#locks.isFree(command.name, command.mode)) {
      this.#locks.wait(session, command);
      return answers.queued;
    }
    const hold = this.#locks.hold(session, command);
    emit({ kind: 'granted', name: command.name, session: session.id, token: hold.token });
    return grantOf(hold);
  }

  #refusal(session: Session, { name, mode, waits }: Acquire): Answer | undefined {
    const { limits, locks } = this.#state;
    const isFree = this.#locks.isFree(name, mode);
    if (!isFree && !waits) return answers.busy;
    if (session.holds.size >= limits.holdsPerSessionMax) {
      return answers.exceeded('holds per session', limits.holdsPerSessionMax);
    }
    if (!isFree && session.waiters.size >= limits.waitersPerSessionMax) {
      return answers.exceeded('waiters per session', limits.waitersPerSessionMax);
    }
    if (locks.size >= limits.locksMax && !locks.has(name)) return answers.exceeded('locks', limits.locksMax);
    return undefined;
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
    if (request.asked.kind === 'cancel' || request.asked.kind === 'release') return answers.mismatch;
    if (request.answer.kind === 'granted') return { kind: 'already-granted', token: request.answer.token };
    const waiter = session.waiters.get(target);
    if (waiter !== undefined) this.#withdraw(waiter, emit);
    return answers.cancelled;
  }

  #withdraw(waiter: Claim, emit: Emit): void {
    const { session, sequence, lock } = waiter;
    this.#locks.endWait(waiter);
    this.#sessions.settle(session, sequence, answers.cancelled);
    emit({ kind: 'answered', session: session.id, sequence, answer: answers.cancelled });
    this.#passOn(lock, emit);
  }

  #release(session: Session, { name, token }: Release, emit: Emit): Answer {
    const hold = session.holds.get(token);
    if (hold?.lock.name !== name) return answers.notHeld;
    this.#locks.endHold(hold);
    this.#sessions.forgetBelowMark(session, hold.sequence);
    emit({ kind: 'released', name, session: session.id, token });
    this.#passOn(hold.lock, emit);
    return answers.released;
  }

  /** Grants what the queue's head may have now, in order. */
  #passOn(lock: Lock, emit: Emit): void {
    for (let hold = this.#locks.grantNext(lock); hold !== undefined; hold = this.#locks.grantNext(lock)) {
      const { session, sequence, token } = hold;
      const grant = grantOf(hold);
      this.#sessions.settle(session, sequence, grant);
      emit({ kind: 'granted', name: lock.name, session: session.id, token });
      emit({ kind: 'answered', session: session.id, sequence, answer: grant });
    }
  }
}

const grantOf = (hold: Claim): Answer => ({ kind: 'granted', token: hold.token, grantedAt: hold.since });
