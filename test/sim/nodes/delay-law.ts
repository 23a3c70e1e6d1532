import { askedFor, type Command, type TableEvent } from '../../../src/table/index.ts';
import type { Ghost } from '../ghost.ts';

/**
 * O12: from when the cluster has ended a hold with a lock-delay against its holder's will, nobody is granted the name until
 * the delay has passed in true time, whatever leaders came and went and however fast their clocks are; but for operators,
 * who may end it.
 */
export class DelayLaw {
  readonly #ghost: Ghost;
  readonly #now: () => number;
  /** The fastest clock of all runs so many times as fast as true time. */
  readonly #rateMax: number;
  /** By name: when somebody may be granted it at the earliest. */
  readonly #until = new Map<string, number>();

  constructor(ghost: Ghost, { now, rateMax }: { readonly now: () => number; readonly rateMax: number }) {
    this.#ghost = ghost;
    this.#now = now;
    this.#rateMax = rateMax;
  }

  /** Somebody is the first to execute that command, and this is what it must have said. */
  executed(command: Command, events: readonly TableEvent[]): void {
    const asked = 'session' in command && 'sequence' in command ? askedFor(command) : command;
    if (asked.kind === 'force-release' || asked.kind === 'steal') this.#until.delete(asked.name);
    // Whoever takes a hold over is granted nothing that was free.
    const had = events.findIndex((event) => event.kind === 'lost' && event.reason === 'handed-over');
    for (const [at, event] of events.entries()) {
      if (had >= 0 && at === had + 1) continue;
      if (event.kind === 'delayed') this.#begins(event.name, event.delayMs);
      else if (event.kind === 'granted' || (event.kind === 'converted' && event.had !== event.token)) {
        this.#judge(event.name, event.token);
      }
    }
  }

  #begins(name: string, delayMs: number): void {
    this.#ghost.count('delays');
    this.#until.set(name, this.#now() + delayMs / this.#rateMax);
  }

  #judge(name: string, token: number): void {
    const until = this.#until.get(name);
    if (until === undefined) return;
    const early = until - this.#now();
    this.#ghost.demand(
      early < 0.001,
      'O12',
      () => `${name} (token ${token}) is granted ${early} ms before its delay ends`,
    );
    this.#until.delete(name);
  }
}
