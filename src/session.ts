import { type Asker, type Ending, ignoreAnswer, type Over, type Parked, type Wish } from './asker.ts';
import type { Timer } from './clock/index.ts';
import type { LossReason } from './errors.ts';
import { errorOf } from './failure.ts';
import { Hold, type HoldOrigin, type ReleaseOutcome } from './hold.ts';
import { isBoundNow } from './hold-bound.ts';
import { Liveness } from './liveness.ts';
import type { QueryOutcome, SessionListener, Taken } from './node/index.ts';
import { Releases } from './releases.ts';
import { Sequences } from './sequences.ts';
import { endOf, expiredBy } from './session-end.ts';
import { requestOf } from './session-request.ts';
import type { SessionOwner, SessionWorld } from './session-world.ts';
import type { Answer, HoldName, Intervention, Sequence, SessionEnd, SessionId } from './table/index.ts';
import { Takings } from './takings.ts';
import { WatchedHolds } from './watched-holds.ts';

/**
 * One session of this process in the cluster: numbers its requests, keeps it alive, and knows by clocks alone until
 * when its holds may be claimed. Over once, over for good.
 */
export class Session implements SessionListener {
  /** For holds only. */
  readonly watched: WatchedHolds;
  readonly contended = (hold: HoldName): void => this.watched.tell(hold);
  readonly #world: SessionWorld;
  readonly #owner: SessionOwner;
  readonly #liveness: Liveness;
  readonly #sequences = new Sequences();
  readonly #releases: Releases;
  readonly #askers = new Map<Sequence, Asker>();
  readonly #holds = new Set<Hold>();
  readonly #parked = new Set<Parked>();
  readonly #takings: Takings;
  #id: SessionId | undefined;
  #state: 'opening' | 'open' | 'over' | 'gone' = 'opening';
  #inJeopardy = false;
  #isRetired = false;
  /** Of what was lost. */
  #leavesDelays = false;
  #beatTimer: Timer | undefined;
  #deadlineTimer: Timer | undefined;

  /** Made when the request to open it is sent: its first deadline counts from then. */
  constructor(world: SessionWorld, owner: SessionOwner) {
    this.#world = world;
    this.#owner = owner;
    this.#liveness = new Liveness(world.clock, world.ttlMs, world.clock.now());
    this.#releases = new Releases(world.clock, world.ttlMs);
    // To let go of what is gone: then the cluster need not remember to tell it.
    const acknowledge = ({ name, token }: Taken) => this.ask({ kind: 'release', name, token });
    this.watched = new WatchedHolds(world.gateway, () => this.#id);
    this.#takings = new Takings(this.#holds, this.#releases, acknowledge);
  }

  /** Requests without a final outcome. */
  get openRequests(): number {
    return this.#sequences.open;
  }

  /** How many answers the cluster has to remember for it. */
  get span(): number {
    return this.#sequences.span;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Milliseconds until its holds may no longer be claimed; negative after that. */
  get remainingMs(): number {
    return this.#liveness.remainingMs;
  }

  /** Nothing is held in it, and no request is open. */
  get isIdle(): boolean {
    return this.#holds.size === 0 && this.openRequests === 0;
  }

  /** Past its deadline with nothing to lose: probably forgotten by the cluster. */
  get isStale(): boolean {
    return this.isOpen && this.remainingMs <= 0 && this.isIdle;
  }

  /** The cluster has opened it under this id. */
  begin(id: SessionId): void {
    if (this.#state !== 'opening') return;
    this.#id = id;
    this.#state = 'open';
    const { intervalMs, marginMs } = this.#liveness;
    const ageMs = this.#world.ttlMs - marginMs - this.remainingMs;
    this.#scheduleBeat(Math.max(0, intervalMs - ageMs));
  }

  /** Nothing new is asked in it: it ends by itself once nothing is held or awaited in it any more. */
  retire(): void {
    this.#isRetired = true;
    this.#leave();
  }

  /** Something new is asked in it after all. */
  reinstate(): void {
    this.#isRetired = false;
  }

  /** It could not be opened: over and gone without ever having been. */
  abandon(): void {
    this.#state = 'gone';
  }

  /** Sends a request under the next sequence number, which it gives. Only while open. */
  ask(wish: Wish, asker: Asker = ignoreAnswer): Sequence {
    const session = this.#id;
    if (session === undefined || !this.isOpen) throw new Error('a session takes requests only while it is open');
    const sequence = this.#sequences.next();
    this.#askers.set(sequence, asker);
    this.#world.gateway.submit(requestOf(wish, session, { sequence, mark: this.#sequences.mark }));
    return sequence;
  }

  /** The final outcome of a request became known by another way; its asker hears no more. */
  settle(sequence: Sequence): void {
    this.#sequences.settle(sequence);
    if (this.#askers.delete(sequence) && this.#id !== undefined) this.#world.gateway.forget(this.#id, sequence);
    this.#leave();
  }

  /** Asks the cluster where a request of it stands in its queue. */
  askPosition(sequence: Sequence, done: (outcome: QueryOutcome) => void): void {
    const session = this.#id;
    if (session === undefined) return;
    this.#world.gateway.query({ kind: 'position', session, sequence, consistency: 'linearizable' }, done);
  }

  /** A granted lock that may be claimed now. Check that first. */
  keep(grant: HoldOrigin): Hold {
    const hold = new Hold(this, grant, this.#world.clock.wall());
    // The leader counts from when it hears this, so later than the hold does.
    if (isBoundNow(hold, this.#holds, this.#world)) this.ask({ kind: 'begun', name: hold.name, token: hold.token });
    this.#holds.add(hold);
    this.#leavesDelays ||= hold.options?.delayMs !== undefined;
    this.#takings.recheck(hold);
    this.#armDeadline();
    return hold;
  }

  /** For `Hold.giveBack` only. What leaves a delay must be ended by the leader. */
  giveBack(hold: Hold): void {
    this.#holds.delete(hold);
    hold.whenSettled(() => {
      if (this.isOpen && !this.#leavesDelays) this.ask({ kind: 'release', name: hold.name, token: hold.token });
    });
  }

  /** That hold has a token which it had not before: it may have been ended by force already. */
  recheck(hold: Hold): void {
    this.#takings.recheck(hold);
  }

  /** Whether that owner holds that lock in it. */
  holdsFor(owner: string, name: string): boolean {
    return [...this.#holds].some((hold) => hold.owner === owner && hold.name === name);
  }

  /** Waits until a hold may be claimed again, or the session is over. */
  park(parked: Parked): void {
    this.#parked.add(parked);
  }

  unpark(parked: Parked): void {
    this.#parked.delete(parked);
  }

  /** For `Hold.release` only. */
  releaseHold(hold: Hold, done: (outcome: ReleaseOutcome) => void): void {
    this.#holds.delete(hold);
    const release = this.#releases.expect(hold, done);
    hold.whenSettled(() => {
      if (this.isOpen) this.ask({ kind: 'release', name: hold.name, token: hold.token }, release);
      else release.lose({ reason: 'session', text: 'its session has ended' });
    });
  }

  /** By the monotonic clock of this process. */
  after(ms: number, fire: () => void): Timer {
    return this.#world.clock.after(ms, fire);
  }

  /** Looks at the clocks: whether a hold may be claimed at this moment. May find, and tell, that the session is lost. */
  check(): boolean {
    if (!this.isOpen) return false;
    if (this.#liveness.observe()) {
      this.#beat();
      this.#raiseJeopardy();
      // How much of its time has passed meanwhile nobody knows.
      for (const { bound } of [...this.#holds]) bound?.end('the clocks jumped while its time was bounded');
    }
    const isPast = this.isOpen && this.#liveness.remainingMs <= 0 && this.#holds.size > 0;
    if (isPast) this.finish('deadline', 'no heartbeat was acknowledged in time');
    return this.isOpen && this.#liveness.isSure;
  }

  /**
   * Everything in it ends now, synchronously: holds first, then whoever waits. The cluster is told in the background.
   * `refuse` makes the error for those who wait; without it they learn that their session expired.
   */
  finish(reason: LossReason, text: string, refuse?: Over['refuse']): void {
    if (this.#state === 'over' || this.#state === 'gone') return;
    this.#endHere({ reason, text }, refuse);
    // What is lost must not pass for let go of: then the session has to expire.
    if (reason === 'deadline' && this.#leavesDelays) return;
    if (this.#id !== undefined) this.#world.gateway.end(this.#id);
  }

  answered(sequence: Sequence, answer: Answer): void {
    const asker = this.#askers.get(sequence);
    if (asker === undefined) return;
    if (answer.kind !== 'queued') {
      this.#askers.delete(sequence);
      this.#sequences.settle(sequence);
    }
    asker.answered(answer);
    // Whatever is not known by now never will be: it was given back.
    if (this.#takings.areEarly && this.#isQuiet) this.#takings.forgetEarly();
    this.#leave();
  }

  taken(taken: Taken): void {
    if (this.isOpen) this.#takings.hear(taken, this.#isQuiet);
  }

  beatAcknowledged(counter: number): void {
    if (!this.isOpen) return;
    // A jump that happened while this was on its way must put it into the past.
    this.check();
    if (!this.isOpen) return;
    this.#liveness.acknowledge(counter);
    if (!this.#liveness.isSure) return;
    if (this.#inJeopardy) {
      this.#inJeopardy = false;
      for (const hold of [...this.#holds]) hold.tell('recovered');
    }
    const parked = [...this.#parked];
    this.#parked.clear();
    for (const each of parked) each.sure();
  }

  revokeRequested({ token, by: { actor, reason } }: Taken): void {
    for (const hold of [...this.#holds]) if (hold.token === token) hold.tellRevoke({ actor, reason });
  }

  ended(end: SessionEnd, by?: Intervention): void {
    if (this.#state === 'gone') return;
    const failure = end === 'unknown' ? this.#world.stoppedBy?.() : undefined;
    if (this.#state !== 'over') {
      if (failure === undefined) this.#endHere(endOf(end, by));
      else this.#endHere({ reason: 'failed', text: failure.text }, (outcome) => errorOf(failure, { outcome }));
    }
    this.#state = 'gone';
    this.#owner.gone(this);
  }

  /** No grant can be on its way. */
  get #isQuiet(): boolean {
    return this.openRequests === 0 && this.#parked.size === 0;
  }

  #endHere(ending: Ending, refuse?: Over['refuse']): void {
    this.#state = 'over';
    for (const timer of [this.#beatTimer, this.#deadlineTimer]) timer?.cancel();
    const holds = [...this.#holds];
    this.#holds.clear();
    for (const hold of holds) hold.markLost(ending, true);
    // A listener that acquires again must find this session gone already.
    this.#owner.over(this);
    for (const hold of holds) hold.tell('lost');
    const waiting = [...this.#askers.values(), ...this.#parked];
    this.#askers.clear();
    this.#parked.clear();
    const over: Over = { ...ending, refuse: refuse ?? expiredBy(ending) };
    for (const each of waiting) each.over(over);
  }

  #leave(): void {
    if (!this.#isRetired || !this.isOpen || !this.isIdle || this.#parked.size > 0) return;
    this.finish(this.#leavesDelays ? 'deadline' : 'closed', 'nothing was left in it');
  }

  #beat(): void {
    if (this.#id !== undefined) this.#world.gateway.beat(this.#id, this.#liveness.beat());
  }

  #scheduleBeat(ms: number): void {
    this.#beatTimer = this.#world.clock.after(ms, () => {
      this.check();
      if (!this.isOpen) return;
      if (!this.#liveness.isAnswered) this.#raiseJeopardy();
      this.#beat();
      // While the last ones are unanswered there is less time to get one through.
      this.#scheduleBeat(this.#inJeopardy ? this.#liveness.intervalMs / 2 : this.#liveness.intervalMs);
    });
  }

  #raiseJeopardy(): void {
    if (this.#inJeopardy) return;
    this.#inJeopardy = true;
    for (const hold of [...this.#holds]) hold.tell('jeopardy');
  }

  /** One timer for all acknowledgements: it looks again at the deadline of the moment when it fires. */
  #armDeadline(): void {
    if (this.#deadlineTimer !== undefined) return;
    this.#deadlineTimer = this.#world.clock.after(Math.max(0, this.remainingMs), () => {
      this.#deadlineTimer = undefined;
      this.check();
      if (this.isOpen && this.#holds.size > 0) this.#armDeadline();
    });
  }
}
