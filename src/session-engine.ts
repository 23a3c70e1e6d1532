import { type AcquireOutcome, type AcquireWish, Acquisition } from './acquisition.ts';
import type { Clock, Random } from './clock/index.ts';
import { Errand, type ErrandOutcome, type ErrandWish } from './errand.ts';
import { type LockError, type LockOutcome, OverloadedError, SessionExpiredError, ShuttingDownError } from './errors.ts';
import { errorOf } from './failure.ts';
import type { Failure, Gateway } from './node/index.ts';
import { Session } from './session.ts';
import type { SessionId } from './table/index.ts';

/** Everything the engine needs from outside. */
export interface SessionEngineOptions {
  readonly gateway: Gateway;
  readonly clock: Clock;
  readonly random: Random;
  readonly ttlMs: number;
  /** A name for people: node id or client label. */
  readonly label: string;
  /** Whether the session lives in a node's own process. */
  readonly isHome: boolean;
  /** See `SessionWorld`. */
  readonly stoppedBy?: (() => Failure | undefined) | undefined;
}

/** Whoever waits for a session to ask in: told once either way, unless it has left before. */
interface Applicant {
  begin(session: Session): void;
  refuse(error: LockError | RangeError): void;
}

/** Requests of one process that have no final outcome yet; more are refused as OVERLOADED. */
const openRequestsMax = 32_768;

/**
 * While one request stays open, a long wait for instance, the cluster has to remember the answers to all later ones of
 * its session. From so many on, later ones go to another session; far below the table's limit on answers. It is a
 * former one if it has room again, or a process with many long waits would have a session for each.
 */
const spanMax = 8_192;

/**
 * The one session of a process, opened by its first acquire and opened anew after a loss. Runs on callbacks and the
 * given clock alone, so that a simulator can drive it through virtual time.
 */
export class SessionEngine {
  readonly #options: SessionEngineOptions;
  readonly #asleep = new Set<Applicant>();
  /** Sessions that the cluster may still know. */
  readonly #known = new Set<Session>();
  #current: Session | undefined;
  /** Set once this process is closed or its node failed: how later calls are refused. */
  #refusal: ((outcome: LockOutcome) => LockError | RangeError) | undefined;
  #whenGone: (() => void) | undefined;
  /** Told when it is closed or has failed. */
  readonly #onStop = new Set<() => void>();

  constructor(options: SessionEngineOptions) {
    this.#options = options;
  }

  get ttlMs(): number {
    return this.#options.ttlMs;
  }

  /** 128 random bits in hex. */
  newSecret(): string {
    return this.#options.random.hex(16);
  }

  /** Nothing is held, and no request is open. */
  get isIdle(): boolean {
    return this.#asleep.size === 0 && [...this.#known].every((session) => !session.isOpen || session.isIdle);
  }

  /**
   * `done` is called once, never inside this call except to refuse it. The returned acquisition can be given up.
   */
  acquire(wish: AcquireWish, done: (outcome: AcquireOutcome) => void): Acquisition {
    const acquisition = new Acquisition(wish, this.#options.clock, {
      done,
      left: (left) => this.#asleep.delete(left),
    });
    this.#admit(acquisition, this.#enteredBy(wish));
    return acquisition;
  }

  /** Has something done that waits for nobody. `done` is called once, at the latest a TTL later. */
  run(wish: ErrandWish, done: (outcome: ErrandOutcome) => void): void {
    const { clock, ttlMs } = this.#options;
    this.#admit(new Errand(wish, { clock, ttlMs, left: (left) => this.#asleep.delete(left) }, done));
  }

  /** Calls back once it is closed or has failed, from when on everything is refused; gives a way to forget that. */
  whenStopped(tell: () => void): () => void {
    this.#onStop.add(tell);
    return () => this.#onStop.delete(tell);
  }

  /** A hold is entered once more in the session that has it, even if that has made way for another one. */
  #enteredBy({ owner, reenters, name }: AcquireWish): Session | undefined {
    if (owner === undefined || reenters !== true) return undefined;
    return [...this.#known].find((session) => session.isOpen && session.holdsFor(owner, name));
  }

  #admit(applicant: Applicant, entered?: Session | undefined): void {
    const session = entered ?? this.#usable();
    const reluctance = this.#options.gateway.reluctance();
    if (this.#refusal !== undefined) applicant.refuse(this.#refusal('not-applied'));
    else if (reluctance !== undefined) applicant.refuse(errorOf(reluctance, { outcome: 'not-applied' }));
    else if (this.#openRequests >= openRequestsMax) {
      applicant.refuse(new OverloadedError(`more than ${openRequestsMax} requests of this process are open`));
    } else if (session?.isOpen === true) applicant.begin(session);
    else {
      this.#asleep.add(applicant);
      if (session === undefined) this.#open();
    }
  }

  /** Ends every hold and wait synchronously. `done` when the cluster has ended the session; that may never be. */
  close(done: () => void): void {
    const refuse = (outcome: LockOutcome): LockError =>
      new ShuttingDownError('this node or client is closed', { outcome });
    this.#stop('closed', 'this node or client was closed', refuse);
    this.#whenGone = done;
    this.#tellWhenGone();
  }

  /** The node below has stopped: ends every hold and wait synchronously, refuses everything from now on. */
  fail(failure: Failure): void {
    const refuse = (outcome: LockOutcome): LockError | RangeError => errorOf(failure, { outcome });
    this.#stop('failed', failure.text, refuse);
    this.#known.clear();
    this.#tellWhenGone();
  }

  #stop(reason: 'closed' | 'failed', text: string, refuse: (outcome: LockOutcome) => LockError | RangeError): void {
    this.#refusal ??= refuse;
    for (const session of [...this.#known]) if (session.isOpen) session.finish(reason, text, refuse);
    for (const each of this.#takeAsleep()) each.refuse(refuse('not-applied'));
    for (const tell of [...this.#onStop]) tell();
  }

  /** Of all its sessions: those that made way for the current one may be full of waiters. */
  get #openRequests(): number {
    let open = this.#asleep.size;
    for (const session of this.#known) if (session.isOpen) open += session.openRequests;
    return open;
  }

  /** The session to ask in, open or opening. One that is past its deadline with nothing to lose, or full, makes way. */
  #usable(): Session | undefined {
    const current = this.#current;
    if (current?.isStale === true) current.finish('deadline', 'no heartbeat was acknowledged in time');
    if (current?.isOpen === true && current.span >= spanMax) {
      this.#current = undefined;
      current.retire();
    }
    this.#current ??= this.#former();
    return this.#current;
  }

  /** One that made way and goes on, because something is held or awaited in it, but with most of its room free again. */
  #former(): Session | undefined {
    for (const session of this.#known) {
      if (!session.isOpen || session.span > spanMax / 2) continue;
      session.reinstate();
      return session;
    }
    return undefined;
  }

  #open(): void {
    const { gateway, clock, random, ttlMs, label, isHome, stoppedBy } = this.#options;
    const session = new Session(
      { gateway, clock, ttlMs, stoppedBy },
      {
        over: (over) => {
          if (this.#current === over) this.#current = undefined;
        },
        gone: (gone) => {
          this.#known.delete(gone);
          this.#tellWhenGone();
        },
      },
    );
    this.#current = session;
    this.#known.add(session);
    gateway.open({ nonce: random.hex(16), ttlMs, label, isHome }, session, (outcome) => {
      if (outcome.ok) this.#opened(session, outcome.session);
      else this.#notOpened(session, outcome.failure);
    });
  }

  #opened(session: Session, id: SessionId): void {
    session.begin(id);
    if (this.#refusal !== undefined) return session.finish('closed', 'this node or client was closed');
    for (const each of this.#takeAsleep()) {
      if (session.isOpen) each.begin(session);
      else each.refuse(new SessionExpiredError('the session ended while it was opened'));
    }
  }

  #notOpened(session: Session, failure: Failure): void {
    session.abandon();
    this.#current = undefined;
    this.#known.delete(session);
    for (const each of this.#takeAsleep()) each.refuse(errorOf(failure));
    this.#tellWhenGone();
  }

  #takeAsleep(): readonly Applicant[] {
    const asleep = [...this.#asleep];
    this.#asleep.clear();
    return asleep;
  }

  #tellWhenGone(): void {
    if (this.#known.size > 0) return;
    const done = this.#whenGone;
    this.#whenGone = undefined;
    done?.();
  }
}
