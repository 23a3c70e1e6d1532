import type { VirtualTime } from './virtual-time.ts';

/** How the time of a cluster passes for those who await it. */
export interface Pace {
  readonly time: VirtualTime;
  /** Resolves when `ms` have passed. */
  advance(ms: number): Promise<void>;
  /** Lets time pass until `holds`; false if it does not within `withinMs`. */
  until(holds: () => boolean, withinMs: number): Promise<boolean>;
  /** Nothing happens any more, and nothing keeps the process up. */
  close(): void;
}
