import type { Answer, HoldName, Sequence, SessionId } from './command.ts';
import { currentHold } from './current.ts';
import type { Claim, Lock } from './lock-row.ts';
import type { NodeRun } from './runs.ts';
import { rangeOf, smallest } from './select.ts';
import type { Session } from './session.ts';
import type { TableState } from './state.ts';
import type {
  Contention,
  Counts,
  Hold,
  ListQuery,
  LockSummary,
  LockView,
  RegisterView,
  SessionRecord,
  SessionView,
  Taken,
  Wait,
} from './view.ts';

/** Of holders, and of waiters, that one view shows. */
export const viewMax = 1_000;

export const listMax = 10_000;

/** Read-only questions about one table, answered as of now. */
export class Views {
  readonly #state: TableState;

  constructor(state: TableState) {
    this.#state = state;
  }

  /** The lock with its queue; undefined while nobody holds it, unless its limit was changed or it is in delay. */
  inspect(name: string): LockView | undefined {
    const lock = this.#state.locks.get(name);
    if (lock === undefined) return undefined;
    const queue = firstOf(lock.queue, (claim, at) => ({ position: at + 1, ...whoOf(claim), sequence: claim.sequence }));
    return { ...summaryOf(lock), queue };
  }

  /** Whether that hold stands, whoever has it. */
  isCurrent(hold: HoldName): boolean {
    return currentHold(this.#state, hold) !== undefined;
  }

  /**
   * Who waits for what that hold of that session has, its own upgrade apart: the arrivals of the first and of the last to
   * come. Undefined if nobody does, or if there is no such hold.
   */
  contention(session: SessionId, { name, token }: HoldName): Contention | undefined {
    const hold = this.#state.sessions.get(session)?.holds.get(token);
    if (hold === undefined || hold.lock.name !== name) return undefined;
    const { head, tail } = hold.lock.queue;
    const next = hold.pendingUpgrade === undefined ? head : head?.behind;
    if (next === undefined || tail === undefined) return undefined;
    // An upgrade stands before all others, and came after some of them.
    const first = Math.min(next.arrival, next.behind?.arrival ?? next.arrival);
    return { first, last: Math.max(next.arrival, tail.arrival) };
  }

  /** The register of that name; undefined if there is none. */
  register(name: string): RegisterView | undefined {
    const register = this.#state.registers.byName.get(name);
    if (register === undefined) return undefined;
    const { value, version, token } = register;
    return { value, version, token };
  }

  /**
   * Locks by name in code unit order; `after` the last name gives the next page. Walks all names once and sorts only
   * what it answers.
   */
  list({ prefix = '', limit = 1_000, after }: ListQuery = {}): readonly LockSummary[] {
    const { locks } = this.#state;
    return smallest(locks.keys(), rangeOf(prefix, after), pageSize(limit)).flatMap((name) => {
      const lock = locks.get(name);
      return lock === undefined ? [] : [summaryOf(lock)];
    });
  }

  /** All sessions, in the order of their ids; their number has a limit. */
  sessions(): readonly SessionView[] {
    return Array.from(this.#state.sessions.values(), sessionView);
  }

  /** Ids of all sessions, rising. Read it before the next `apply`. */
  sessionIds(): Iterable<SessionId> {
    return this.#state.sessions.keys();
  }

  session(id: SessionId): SessionRecord | undefined {
    const session = this.#state.sessions.get(id);
    return session === undefined ? undefined : recordOf(session);
  }

  /** The session that an open with this nonce made, if it lives. */
  sessionOf(nonce: string): SessionRecord | undefined {
    const session = this.#state.sessionsByNonce.get(nonce);
    return session === undefined ? undefined : recordOf(session);
  }

  /** How long the hold of that token may last; undefined unless it is bounded and has begun. */
  boundOf(name: string, token: number): number | undefined {
    for (const { token: held, terms } of this.#state.locks.get(name)?.holders ?? []) {
      if (held === token) return terms?.hasBegun === true ? terms.options?.holdMsMax : undefined;
    }
    return undefined;
  }

  /** All bounded holds that have begun. Read it before the next `apply`. */
  *bounds(): Generator<{ readonly name: string; readonly token: number; readonly holdMsMax: number }, void> {
    for (const { lock, token, terms } of this.#state.begun) {
      yield { name: lock.name, token, holdMsMax: terms?.options?.holdMsMax ?? 0 };
    }
  }

  /** Which hold has left the delay that the name is in; undefined if it is in none. */
  delayAt(name: string): number | undefined {
    return this.#state.locks.get(name)?.delay?.token;
  }

  /** All names in delay. Read it before the next `apply`. */
  *delays(): Generator<{ readonly name: string; readonly token: number; readonly delayMs: number }, void> {
    for (const { lock, token, ms } of this.#state.delayed) yield { name: lock.name, token, delayMs: ms };
  }

  /** The holds of a session, by rising token; none for an unknown one. Read it before the next `apply`. */
  *holdsOf(id: SessionId): Generator<Hold, void> {
    const session = this.#state.sessions.get(id);
    if (session === undefined) return;
    for (const { lock, token, sequence, since } of session.holds.values()) {
      yield { name: lock.name, token, sequence, grantedAt: since };
    }
  }

  /** What was taken from a session, by force or by hand-over, and it has not let go of, by rising token; nothing for an unknown one. */
  takenFrom(id: SessionId): readonly Taken[] {
    const losses = this.#state.sessions.get(id)?.losses;
    if (losses === undefined || losses.size === 0) return nothing;
    const taken = Array.from(losses.values(), ({ name, token, by, isHandedOver }) =>
      isHandedOver ? { name, token, by, isHandedOver: true as const } : { name, token, by },
    );
    return taken.sort((a, b) => a.token - b.token);
  }

  /** Where that request of that session waits; it stands in more than one queue if it is for several locks. */
  waitsAt(id: SessionId, sequence: Sequence): readonly Wait[] {
    const claim = this.#state.sessions.get(id)?.waiters.get(sequence);
    return claim === undefined ? nowhere : waitsOfRequest(claim);
  }

  /** How far that request of that session is from its turn, 1 being next, in the longest of its queues; null if it does not wait. */
  positionOf(id: SessionId, sequence: Sequence): number | null {
    const claim = this.#state.sessions.get(id)?.waiters.get(sequence);
    if (claim === undefined) return null;
    return Math.max(...(claim.terms?.group ?? [claim]).map(placeOf));
  }

  /** Who waits for that lock, in the order of the queue, each with all that his request waits for. */
  *waitersAt(name: string): Generator<{ readonly session: SessionId; readonly waits: readonly Wait[] }, void> {
    for (const claim of this.#state.locks.get(name)?.queue ?? []) {
      yield { session: claim.session.id, waits: waitsOfRequest(claim) };
    }
  }

  /** What a session waits for, in the order of arrival; nothing for an unknown one. Read it before the next `apply`. */
  *waitsOf(id: SessionId): Generator<Wait, void> {
    const session = this.#state.sessions.get(id);
    if (session === undefined) return;
    for (const claim of session.waiters.values()) yield* waitsOfRequest(claim);
  }

  /**
   * What a repetition of this sequence would be answered now, if it asked for the same; undefined if the table has
   * not seen the sequence. `session-expired` for an unknown session.
   */
  answerOf(id: SessionId, sequence: Sequence): Answer | undefined {
    const session = this.#state.sessions.get(id);
    if (session === undefined) return { kind: 'session-expired' };
    const request = session.requests.get(sequence);
    if (request !== undefined) return request.answer;
    return sequence <= session.mark ? { kind: 'stale' } : undefined;
  }

  /** The process of this node that counts; undefined if it never started. */
  runOf(node: string): Pick<NodeRun, 'incarnation' | 'run' | 'boot'> | undefined {
    const recorded = this.#state.runs.get(node);
    if (recorded === undefined) return undefined;
    return { incarnation: recorded.incarnation, run: recorded.run, boot: recorded.boot };
  }

  counts(): Counts {
    const { locks, sessions, totals, counters } = this.#state;
    const { holds, waiters } = totals;
    return { locks: locks.size, holds, waiters, sessions: sessions.size, tokens: counters.tokens };
  }
}

const pageSize = (limit: number): number => (limit >= 1 ? Math.min(Math.floor(limit), listMax) : 1);

function summaryOf(lock: Lock): LockSummary {
  const holders = firstOf(lock.holders, (claim) => ({
    ...whoOf(claim),
    entries: claim.terms?.entries ?? 1,
    token: claim.token,
  }));
  const { name, kind, queue, delay } = lock;
  const limit = kind === 'semaphore' ? lock.limit : null;
  return { name, kind, limit, holders, waiting: queue.length, lockDelay: delay?.ms ?? null };
}

const whoOf = ({ session, mode, permits, since, terms }: Claim) => ({
  session: session.id,
  label: session.label,
  node: session.home?.node ?? null,
  mode,
  permits,
  owner: terms?.owner ?? null,
  metadata: terms?.options?.metadata ?? null,
  sticky: terms?.options?.sticky === true,
  since,
});

function firstOf<T>(claims: Iterable<Claim>, view: (claim: Claim, at: number) => T): readonly T[] {
  const shown: T[] = [];
  for (const claim of claims) {
    if (shown.length === viewMax) break;
    shown.push(view(claim, shown.length));
  }
  return shown;
}

function placeOf(waiter: Claim): number {
  let place = 1;
  for (let { ahead } = waiter; ahead !== undefined; ahead = ahead.ahead) place += 1;
  return place;
}

const nowhere: readonly Wait[] = [];

const nothing: readonly Taken[] = [];

const waitsOfRequest = (claim: Claim): readonly Wait[] =>
  (claim.terms?.group ?? [claim]).map(({ lock, sequence }) => ({ name: lock.name, sequence }));

const sessionView = ({ id, label, home, ttlMs, openedAt, holds, waiters }: Session): SessionView => ({
  session: id,
  label,
  node: home?.node ?? null,
  ttlMs,
  openedAt,
  holds: holds.size,
  waiters: waiters.size,
});

const recordOf = ({ id, nonce, ttlMs, home, version, mark }: Session): SessionRecord => ({
  session: id,
  nonce,
  ttlMs,
  home,
  version,
  mark,
});
