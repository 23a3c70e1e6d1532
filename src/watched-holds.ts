import type { Hold } from './hold.ts';
import type { Gateway } from './node/index.ts';
import type { HoldName, SessionId } from './table/index.ts';

/** The holds of one session whose holders want to hear that somebody waits. */
export class WatchedHolds {
  readonly #gateway: Gateway;
  readonly #session: () => SessionId | undefined;
  readonly #holds = new Set<Hold>();

  constructor(gateway: Gateway, session: () => SessionId | undefined) {
    this.#gateway = gateway;
    this.#session = session;
  }

  /** For `Hold.watch` only. */
  add(hold: Hold): void {
    const session = this.#session();
    this.#holds.add(hold);
    if (session !== undefined) this.#gateway.watchHold(session, nameOf(hold));
  }

  /** For `Hold.unwatch` only. */
  remove(hold: Hold): void {
    const session = this.#session();
    this.#holds.delete(hold);
    // What an owner has entered more than once is one hold to the cluster.
    if (session === undefined || this.#at(hold.token).length > 0) return;
    this.#gateway.unwatchHold(session, nameOf(hold));
  }

  tell({ token }: HoldName): void {
    for (const hold of this.#at(token)) hold.tellContended();
  }

  #at(token: number): readonly Hold[] {
    return [...this.#holds].filter((hold) => hold.token === token);
  }
}

const nameOf = ({ name, token }: Hold): HoldName => ({ name, token });
