import type { Answer, OpenSession, Sequence, SessionId, SessionRequest, Started } from './command.ts';
import { askedFor, type Unguarded } from './guarded.ts';
import { invariant } from './invariant.ts';
import { lossesKeptMax } from './limits.ts';
import type { Claim } from './lock-row.ts';
import type { Intervention } from './operator-command.ts';
import { isAtHome, judge, supersede } from './runs.ts';
import { type Asked, Request, Session } from './session.ts';
import type { TableState } from './state.ts';

/** How an open was answered. */
export type Opening =
  | { readonly session: Session }
  | { readonly refused: 'limit-exceeded' | 'superseded' | 'mismatch' };

/** Opens and forgets sessions, keeps what they asked, and knows which process of a node counts. */
export class Sessions {
  readonly #state: TableState;

  constructor(state: TableState) {
    this.#state = state;
  }

  /** The session, with this command of its counted; undefined if it never was or has ended. */
  hear(id: SessionId): Session | undefined {
    const session = this.#state.sessions.get(id);
    if (session === undefined) return undefined;
    session.version += 1;
    this.#state.changes.sessions.put(session);
    return session;
  }

  open(command: OpenSession): Opening {
    const { counters, limits, sessions, sessionsByNonce, runs, changes } = this.#state;
    const known = sessionsByNonce.get(command.nonce);
    if (known !== undefined) return this.#openAgain(known, command);
    if (command.home !== undefined && !isAtHome(command.home, runs.get(command.home.node))) {
      return { refused: 'superseded' };
    }
    if (sessions.size >= limits.sessionsMax) return { refused: 'limit-exceeded' };
    counters.sessions += 1;
    const { nonce, ttlMs, home, label } = command;
    const session = new Session({ id: counters.sessions, nonce, ttlMs, home, label, openedAt: counters.time });
    sessions.set(session.id, session);
    sessionsByNonce.set(nonce, session);
    changes.sessions.put(session);
    return { session };
  }

  /** Drops a session that has no holds and waiters any more, with all that is remembered of it. */
  drop(session: Session): void {
    const { sessions, sessionsByNonce, changes } = this.#state;
    invariant(session.holds.size === 0 && session.waiters.size === 0, 'a session leaves no claim behind');
    for (const request of session.requests.values()) changes.requests.remove(request);
    session.requests.clear();
    for (const loss of session.losses.values()) changes.losses.remove(loss);
    session.losses.clear();
    sessions.delete(session.id);
    sessionsByNonce.delete(session.nonce);
    changes.sessions.remove(session);
  }

  /** Records the run if it counts; then the sessions of the node's earlier runs are `endedBy` it. */
  start(command: Started): boolean {
    const { limits, runs, changes } = this.#state;
    const { node, incarnation, run, boot } = command;
    const recorded = runs.get(node);
    if (recorded === undefined) {
      if (runs.size >= limits.nodesMax) return false;
      const first = { node, incarnation, run, boot, retired: [], isPersisted: false };
      runs.set(node, first);
      changes.runs.put(first);
      return true;
    }
    const verdict = judge(recorded, command);
    if (verdict === 'new') {
      supersede(recorded, command);
      changes.runs.put(recorded);
    }
    return verdict !== 'refused';
  }

  /** The sessions that lived in another run of this node, in the order of their ids. */
  endedBy({ node }: Started): readonly Session[] {
    const { sessions, runs } = this.#state;
    return [...sessions.values()].filter(({ home }) => home?.node === node && !isAtHome(home, runs.get(node)));
  }

  /**
   * Forgets the answers that the client knows. An acquire that still waits is not forgotten: it has no outcome yet,
   * and the client could neither cancel it nor ask for it again.
   */
  raiseMark(session: Session, mark: Sequence): void {
    const { requests, mark: before } = session;
    if (mark <= before) return;
    session.mark = mark;
    // A client may jump far ahead; then what there is is walked, not the gap.
    if (mark - before <= requests.size) {
      for (let sequence = before + 1; sequence <= mark; sequence += 1) this.#forgetKnown(requests.get(sequence));
      return;
    }
    for (const request of requests.values()) {
      if (request.sequence > before && request.sequence <= mark) this.#forgetKnown(request);
    }
  }

  remember(session: Session, sequence: Sequence, first: { readonly asked: Asked; readonly answer: Answer }): void {
    const request = new Request(session, sequence, first);
    session.requests.set(sequence, request);
    this.#state.changes.requests.put(request);
  }

  /** Changes the answer of an acquire that waited. Below the mark only a grant is worth remembering. */
  settle(session: Session, sequence: Sequence, answer: Answer): void {
    const request = session.requests.get(sequence);
    invariant(request?.answer.kind === 'queued', 'a waiter has a queued request');
    request.answer = answer;
    if (sequence <= session.mark && answer.kind !== 'granted') this.#forget(request);
    else this.#state.changes.requests.put(request);
  }

  /** A hold of this acquire ended: below the mark, nothing is left to ask about it. */
  forgetBelowMark(session: Session, sequence: Sequence): void {
    const request = sequence <= session.mark ? session.requests.get(sequence) : undefined;
    if (request !== undefined) this.#forget(request);
  }

  /**
   * A hold is about to end by force, or to be taken over: remembered until the session lets go of it, so that it hears
   * wherever it turns up.
   */
  rememberLoss({ session, lock, token }: Claim, by: Intervention, isHandedOver = false): void {
    if (session === this.#state.nobody) return;
    const { losses } = session;
    const loss = { session, name: lock.name, token, by, isHandedOver, isPersisted: false };
    losses.set(token, loss);
    this.#state.changes.losses.put(loss);
    // Not by the order of the map: that is another one after a restart.
    if (losses.size > lossesKeptMax) this.forgetLoss(session, Math.min(...losses.keys()));
  }

  /** The session lets go of what it has not: if that was taken by force, it knows. */
  forgetLoss(session: Session, token: number): void {
    const loss = session.losses.get(token);
    if (loss === undefined) return;
    session.losses.delete(token);
    this.#state.changes.losses.remove(loss);
  }

  /** Whether one more request may be remembered. What ends claims gets more room than anything else. */
  hasRoom(session: Session, request: SessionRequest): boolean {
    const { answersPerSessionMax } = this.#state.limits;
    return (
      session.requests.size < (makesMore(askedFor(request).kind) ? answersPerSessionMax : 2 * answersPerSessionMax)
    );
  }

  #openAgain(known: Session, { ttlMs, home, label }: OpenSession): Opening {
    const isSameHome =
      known.home?.node === home?.node && known.home?.incarnation === home?.incarnation && known.home?.run === home?.run;
    if (!isSameHome || known.ttlMs !== ttlMs || known.label !== label) return { refused: 'mismatch' };
    this.hear(known.id);
    return { session: known };
  }

  #forgetKnown(request: Request | undefined): void {
    if (request !== undefined && request.answer.kind !== 'queued') this.#forget(request);
  }

  #forget(request: Request): void {
    request.session.requests.delete(request.sequence);
    this.#state.changes.requests.remove(request);
  }
}

const makesMore = (kind: Unguarded['kind']): boolean => {
  switch (kind) {
    case 'acquire':
    case 'acquire-all':
    case 'upgrade':
    case 'steal':
    case 'take-over':
    case 'limit':
    case 'write':
    case 'proclaim':
      return true;
    default:
      return false;
  }
};
