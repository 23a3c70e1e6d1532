import * as answers from './answers.ts';
import type { RowTuple } from './changed-rows.ts';
import type { Answer, Command, ExpireSession, OpenSession, SessionId, SessionRequest, Started } from './command.ts';
import type { SessionEnd } from './event.ts';
import { Views } from './inspect.ts';
import { invariant } from './invariant.ts';
import type { TableLimits } from './limits.ts';
import { Locks } from './locks.ts';
import { Requests } from './requests.ts';
import { Rebuilding } from './restore.ts';
import { canonicalRows, countersRow } from './rows.ts';
import type { Session } from './session.ts';
import { Sessions } from './sessions.ts';
import { newState, type TableState } from './state.ts';
import type { Emit } from './tools.ts';

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
  readonly #sessions: Sessions;
  readonly #requests: Requests;
  #isApplying = false;

  /** Every node of a cluster needs the same `limits`. `state` is for `restore`. */
  constructor(limits: TableLimits, state: TableState = newState(limits)) {
    this.#state = state;
    this.views = new Views(state);
    this.#sessions = new Sessions(state);
    this.#requests = new Requests(state, new Locks(state), this.#sessions);
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
    const { runs, limits, registers, floors, sessions, delays, hasNewCounters } = this.#state.changes;
    const { holds, losses, waiters, requests } = this.#state.changes;
    const claims = holds.length + losses.length + waiters.length + requests.length;
    const kept = limits.length + registers.length + floors.length + delays.length;
    return runs.length + kept + sessions.length + claims + (hasNewCounters ? 1 : 0);
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
    changes.limits.takeInto(rows);
    changes.floors.takeInto(rows);
    changes.registers.takeInto(rows);
    changes.sessions.takeInto(rows);
    changes.holds.takeInto(rows);
    changes.losses.takeInto(rows);
    changes.delays.takeInto(rows);
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
      case 'overdue':
        this.#requests.overdue(command, emit);
        break;
      case 'delay-over':
        this.#requests.endings.delayOver(command, emit);
        break;
      default:
        this.#request(command, emit);
    }
  }

  #started(command: Started, emit: Emit): void {
    const { node, incarnation, run, boot } = command;
    const isCurrent = this.#sessions.start(command);
    emit({ kind: 'started', node, incarnation, run, boot, isCurrent });
    if (isCurrent) this.#requests.endings.endAll(this.#sessions.endedBy(command), 'superseded', emit);
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
    else this.#requests.endings.endAll([session], end, emit);
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
    const answer = this.#requests.execute(session, command, emit);
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
}
