import type { Clock } from './clock/index.ts';

/** The part of a TTL that is kept back for clocks that run at different rates (SEMANTICS 6.3). */
export const marginOf = (ttlMs: number): number => Math.max(ttlMs / 10, 200);

/** Heartbeats per TTL. */
const beatsPerTtl = 5;

/**
 * Reading the uptime costs a call of the system, and every grant of a busy session asks. Within a millisecond of the last
 * look it is left out, as long as the wall clock has gone on like the monotonic one, to so many milliseconds: whoever sets
 * it back while the machine sleeps does not hit the moment to hide both.
 */
const uptimeEveryMs = 1;
const wallSlackMs = 20;

/** Some systems tell the uptime in whole seconds: a step of one is no jump. */
const uptimeStepMs = 1_000;

/**
 * What a process knows of its session's life, by its own clocks alone. Only an acknowledged heartbeat moves the
 * deadline, and it counts from when it was sent: the leader cannot have begun to count the TTL before that.
 */
export class Liveness {
  readonly intervalMs: number;
  readonly marginMs: number;
  readonly #clock: Clock;
  readonly #ttlMs: number;
  /** Send times of heartbeats that may still be acknowledged, oldest first. */
  readonly #sentAt = new Map<number, number>();
  #counter = 0;
  #deadline: number;
  #acknowledged = 0;
  /** Heartbeats up to this one were sent before the last jump of the clocks: they prove nothing after it. */
  #doubtedUpTo = 0;
  #inDoubt = false;
  #wallLead: number;
  #uptimeLead: number;
  #uptimeAt: number;

  /** `openedAt`: when the request to open the session was first sent; it counts as a heartbeat. */
  constructor(clock: Clock, ttlMs: number, openedAt: number) {
    this.#clock = clock;
    this.#ttlMs = ttlMs;
    this.intervalMs = ttlMs / beatsPerTtl;
    this.marginMs = marginOf(ttlMs);
    this.#deadline = openedAt + ttlMs - this.marginMs;
    const now = clock.now();
    this.#wallLead = clock.wall() - now;
    this.#uptimeLead = clock.uptime() * 1_000 - now;
    this.#uptimeAt = now;
  }

  /** Monotonic milliseconds; from then on another holder is possible. Never falls. */
  get deadline(): number {
    return this.#deadline;
  }

  /** Milliseconds until the deadline; negative after it. */
  get remainingMs(): number {
    return this.#deadline - this.#clock.now();
  }

  /** The clocks jumped, as after a suspend, and no heartbeat sent since has been acknowledged. */
  get isInDoubt(): boolean {
    return this.#inDoubt;
  }

  /** Whether a hold may be claimed at this moment. Call `observe` first. */
  get isSure(): boolean {
    return !this.#inDoubt && this.remainingMs > 0;
  }

  /** The newest heartbeat sent has been acknowledged. */
  get isAnswered(): boolean {
    return this.#acknowledged === this.#counter;
  }

  /** A heartbeat leaves now; its number. */
  beat(): number {
    this.#counter += 1;
    this.#sentAt.set(this.#counter, this.#clock.now());
    // An acknowledgement that comes later than a whole TTL moves the deadline nowhere useful.
    this.#sentAt.delete(this.#counter - 2 * beatsPerTtl);
    return this.#counter;
  }

  /** Only a heartbeat that was sent, and not acknowledged before, counts. */
  acknowledge(counter: number): void {
    const sentAt = this.#sentAt.get(counter);
    if (sentAt === undefined) return;
    this.#sentAt.delete(counter);
    this.#acknowledged = Math.max(this.#acknowledged, counter);
    this.#deadline = Math.max(this.#deadline, sentAt + this.#ttlMs - this.marginMs);
    if (counter > this.#doubtedUpTo) this.#inDoubt = false;
  }

  /**
   * Compares the clocks; true when one that runs on during a suspend has jumped ahead of the monotonic one. The leads
   * are taken anew each time, so that a slow correction of the wall clock never adds up to a jump.
   */
  observe(): boolean {
    const now = this.#clock.now();
    const wallLead = this.#clock.wall() - now;
    const wallMoved = wallLead - this.#wallLead;
    this.#wallLead = wallLead;
    const isRecent = now - this.#uptimeAt < uptimeEveryMs && Math.abs(wallMoved) <= wallSlackMs;
    const uptimeJumped = !isRecent && this.#uptimeJumped(now);
    if (!uptimeJumped && wallMoved <= this.marginMs) return false;
    this.#doubtedUpTo = this.#counter;
    this.#inDoubt = true;
    return true;
  }

  #uptimeJumped(now: number): boolean {
    const uptime = this.#clock.uptime();
    const lead = uptime * 1_000 - now;
    const slackMs = Number.isInteger(uptime) ? uptimeStepMs : 0;
    const hasJumped = lead - this.#uptimeLead > this.marginMs + slackMs;
    this.#uptimeLead = lead;
    this.#uptimeAt = now;
    return hasJumped;
  }
}
