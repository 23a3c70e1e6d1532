/** A timer that has not fired yet; cancelling one that has is a no-op. */
export interface Timer {
  cancel(): void;
}

/** Time as a node sees it. The real one is in `system-clock.ts`; the simulator has its own. */
export interface Clock {
  /** Monotonic milliseconds, with fractions; starts anywhere, never falls. All deadlines use it. */
  now(): number;
  /** Milliseconds since 1970 of the wall clock: for people and for noticing jumps; decides nothing. */
  wall(): number;
  /** Seconds since boot, counting time spent suspended; for noticing suspends. */
  uptime(): number;
  /** Calls `fire` once after `ms` or later; any delay up to 2^53 works. A timer never keeps the process up by itself. */
  after(ms: number, fire: () => void): Timer;
  /** Calls `run` soon, after the events that are already waiting, before any later timer. */
  soon(run: () => void): void;
}

/** Random bits as a node sees them. */
export interface Random {
  /** A uniform 32-bit unsigned integer. */
  u32(): number;
  /** `bytes` random bytes in lower-case hex; unpredictable to others in the real one. */
  hex(bytes: number): string;
}
