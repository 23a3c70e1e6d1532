import type { Clock, Timer } from './clock/index.ts';
import type { Hold } from './hold.ts';
import { marginOf } from './liveness.ts';

/** Kept back of a bound, for clocks that run at different rates and for jumps that pass for none. */
export const boundMarginOf = (holdMsMax: number, ttlMs: number): number =>
  Math.max(marginOf(holdMsMax), marginOf(ttlMs));

/**
 * How long one bounded hold may be claimed, by the clock of this process: from when its grant became known here, which is
 * before the leader begins to count. All handles of a hold that its owner has entered more than once share it.
 */
export class HoldBound {
  readonly #clock: Clock;
  readonly #deadline: number;
  readonly #holds = new Set<Hold>();
  readonly #timer: Timer;

  constructor(clock: Clock, holdMs: number) {
    this.#clock = clock;
    this.#deadline = clock.now() + holdMs;
    this.#timer = clock.after(holdMs, () => this.check());
  }

  /** Milliseconds until it ends; never negative. */
  get remainingMs(): number {
    return Math.max(0, this.#deadline - this.#clock.now());
  }

  add(hold: Hold): void {
    this.#holds.add(hold);
  }

  /** That hold is over anyway. */
  remove(hold: Hold): void {
    this.#holds.delete(hold);
    if (this.#holds.size === 0) this.#timer.cancel();
  }

  /** Ends what is held if its time has passed. */
  check(): void {
    if (this.remainingMs <= 0) this.end('its maximum hold has passed');
  }

  end(text: string): void {
    const holds = [...this.#holds];
    this.#holds.clear();
    this.#timer.cancel();
    // First the state of all changes, then their listeners hear of it.
    for (const hold of holds) hold.markLost({ reason: 'overdue', text });
    for (const hold of holds) hold.giveBack();
  }
}

/**
 * Begins to count the time of a hold that was granted for a bounded one, and says whether the cluster must be told of it. Of a hold
 * that its owner has entered before, the time goes on as it is.
 */
export function isBoundNow(
  hold: Hold,
  others: Iterable<Hold>,
  { clock, ttlMs }: { readonly clock: Clock; readonly ttlMs: number },
): boolean {
  if (hold.owner === undefined && hold.options === undefined) return false;
  const same = hold.owner === undefined ? [] : [...others].filter(({ token }) => token === hold.token);
  const known = same.find(({ bound }) => bound !== undefined)?.bound;
  const holdMsMax = hold.options?.holdMsMax;
  if (known !== undefined) hold.bind(known);
  if (known !== undefined || holdMsMax === undefined) return false;
  const bound = new HoldBound(clock, holdMsMax - boundMarginOf(holdMsMax, ttlMs));
  for (const each of [hold, ...same]) each.bind(bound);
  return true;
}
