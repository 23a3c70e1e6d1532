import type { Hold } from './hold.ts';
import type { Taken } from './node/index.ts';
import type { Releases } from './releases.ts';
import { takenAway } from './session-end.ts';

/** The holds of one session that were ended by force. The session goes on, with all others. */
export class Takings {
  readonly #holds: Set<Hold>;
  readonly #releases: Releases;
  readonly #acknowledge: (taken: Taken) => void;
  /** By token: holds that were ended before anybody here knew of them. */
  readonly #early = new Map<number, Taken>();

  /** `holds` are those of the session, and leave it here. */
  constructor(holds: Set<Hold>, releases: Releases, acknowledge: (taken: Taken) => void) {
    this.#holds = holds;
    this.#releases = releases;
    this.#acknowledge = acknowledge;
  }

  /** Whether some are known of which the holds are not. */
  get areEarly(): boolean {
    return this.#early.size > 0;
  }

  /** `isQuiet`: no grant can be on its way. */
  hear(taken: Taken, isQuiet: boolean): void {
    const holds = [...this.#holds].filter(({ token }) => token === taken.token);
    if (holds.length > 0) this.#lose(holds, taken);
    else if (this.#releases.lose(taken.token, takenAway(taken))) return;
    else if (isQuiet) this.#acknowledge(taken);
    else this.#early.set(taken.token, taken);
  }

  /** That hold has a token which it had not before. */
  recheck(hold: Hold): void {
    const taken = this.areEarly ? this.#early.get(hold.token) : undefined;
    if (taken !== undefined) this.#lose([hold], taken);
  }

  /** Their holds will never be known here: nobody waits for their grants any more. */
  forgetEarly(): void {
    for (const taken of this.#early.values()) this.#acknowledge(taken);
    this.#early.clear();
  }

  /** They are those of one grant. */
  #lose(holds: readonly Hold[], taken: Taken): void {
    for (const hold of holds) {
      this.#holds.delete(hold);
      hold.markLost(takenAway(taken));
    }
    this.#acknowledge(taken);
    for (const hold of holds) hold.tell('lost');
  }
}
