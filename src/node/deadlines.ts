import type { SessionId, Table } from '../table/index.ts';

export interface Beat {
  readonly session: SessionId;
  readonly counter: number;
}

/** Who sent a group of heartbeats and hears which of them count. */
export type BeatHandler = (acknowledged: readonly Beat[]) => void;

interface DeadlineHandlers {
  /** Propose that this session has expired; `refused` tells that the proposal surely did not enter the log. */
  expire(session: SessionId, version: number, refused: () => void): void;
  /** Ask a quorum whether this is still the leader; the answer comes to `confirmed` or `unconfirmed` with the id. */
  confirm(id: number, now: number): void;
}

/** Expiries proposed in one sweep: a pile of them, after an outage, is spread out (S86). */
const expiriesPerSweepMax = 64;

interface Group {
  readonly beats: Beat[];
  readonly handlers: { readonly handler: BeatHandler; readonly beats: readonly Beat[] }[];
}

/**
 * The leader's memory of when each session was last heard of. Nothing of it is in the log: a new leader gives every
 * session its full TTL again, so the TTL is a lower bound (SEMANTICS 6.1, 6.2).
 *
 * A heartbeat counts only once a quorum has answered a round that was sent after it arrived: a deposed leader, however
 * long it was stopped, acknowledges nothing.
 */
export class Deadlines {
  readonly #table: () => Table;
  readonly #handlers: DeadlineHandlers;
  readonly #stallMs: number;
  readonly #deadlines = new Map<SessionId, number>();
  /** Sessions whose expiry has been proposed and not yet been decided: no heartbeat of theirs is acknowledged. */
  readonly #expiring = new Set<SessionId>();
  readonly #groups = new Map<number, Group>();
  #gathering: Group = { beats: [], handlers: [] };
  #nextGroup = 1;
  #leads = false;
  #sweptAt = 0;

  constructor(table: () => Table, stallMs: number, handlers: DeadlineHandlers) {
    this.#table = table;
    this.#stallMs = stallMs;
    this.#handlers = handlers;
  }

  /** Whether this node leads, in the sense that it has applied an entry of its own term. */
  lead(leads: boolean, now: number): void {
    if (leads === this.#leads) return;
    this.#leads = leads;
    this.#deadlines.clear();
    this.#expiring.clear();
    this.#groups.clear();
    this.#gathering = { beats: [], handlers: [] };
    if (leads) this.#extendAll(now);
  }

  opened(session: SessionId, ttlMs: number, now: number): void {
    if (this.#leads) this.#deadlines.set(session, now + ttlMs);
  }

  ended(session: SessionId): void {
    this.#deadlines.delete(session);
    this.#expiring.delete(session);
  }

  /** An `expire` was executed: if the session lives, a command of its own came first and it starts anew. */
  expiryExecuted(session: SessionId, now: number): void {
    if (!this.#leads || !this.#expiring.delete(session)) return;
    this.#renew(session, now);
  }

  /** Heartbeats that arrived in this turn; they share one round. */
  beat(beats: readonly Beat[], handler: BeatHandler): void {
    if (!this.#leads) return;
    const mine = beats.filter((beat) => this.#deadlines.has(beat.session) && !this.#expiring.has(beat.session));
    if (mine.length === 0) return;
    for (const beat of mine) this.#gathering.beats.push(beat);
    this.#gathering.handlers.push({ handler, beats: mine });
  }

  /** Starts the round for what was gathered. Once per turn. */
  flush(now: number): void {
    if (this.#gathering.beats.length === 0) return;
    const id = this.#nextGroup;
    this.#nextGroup += 1;
    this.#groups.set(id, this.#gathering);
    this.#gathering = { beats: [], handlers: [] };
    this.#handlers.confirm(id, now);
  }

  confirmed(id: number, now: number): void {
    const group = this.#groups.get(id);
    if (group === undefined || !this.#groups.delete(id)) return;
    // An expiry proposed since the heartbeat arrived forbids the acknowledgement, whatever the round says.
    const counts = (beat: Beat): boolean => this.#deadlines.has(beat.session) && !this.#expiring.has(beat.session);
    for (const beat of group.beats) if (counts(beat)) this.#renew(beat.session, now);
    for (const { handler, beats } of group.handlers) handler(beats.filter(counts));
  }

  unconfirmed(id: number): void {
    this.#groups.delete(id);
  }

  /** Proposes the expiry of sessions that were silent for their TTL. Once per tick. */
  sweep(now: number): void {
    const stoodStill = now - this.#sweptAt;
    this.#sweptAt = now;
    if (!this.#leads) return;
    // This process was stopped: heartbeats of that time still wait to be read, and silence proves nothing (S110).
    if (stoodStill > this.#stallMs) return this.#extendAll(now);
    let room = expiriesPerSweepMax - this.#expiring.size;
    for (const [session, deadline] of this.#deadlines) {
      if (room <= 0) return;
      if (deadline > now || this.#expiring.has(session)) continue;
      room -= 1;
      this.#expire(session, now);
    }
  }

  #expire(session: SessionId, now: number): void {
    const known = this.#table().views.session(session);
    if (known === undefined) return;
    this.#expiring.add(session);
    this.#handlers.expire(session, known.version, () => {
      // Refused for want of a quorum: the silence may have been ours, not the session's.
      if (this.#expiring.delete(session)) this.#renew(session, now);
    });
  }

  #renew(session: SessionId, now: number): void {
    const known = this.#table().views.session(session);
    if (known !== undefined) this.#deadlines.set(session, now + known.ttlMs);
  }

  #extendAll(now: number): void {
    for (const { session, ttlMs } of this.#table().views.sessions()) this.#deadlines.set(session, now + ttlMs);
  }
}
