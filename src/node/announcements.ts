import type { MemberId, Message } from '../../raft/index.ts';

type Heartbeat = Message & { readonly kind: 'heartbeat' };

interface Held {
  readonly message: Heartbeat;
  /** It was held in an earlier turn already. */
  isDue: boolean;
}

/**
 * Holds heartbeats that only tell the commit index back until the next turn, which comes at once, unless somebody at
 * another node waits for what was committed. What was committed for somebody here often makes him ask for more, and the
 * append that takes it along tells the index, too: one message to handle instead of two. A heartbeat may always be late.
 */
export class Announcements {
  readonly #held = new Map<MemberId, Held>();

  /** Whether another turn must come soon. */
  get hasAny(): boolean {
    return this.#held.size > 0;
  }

  /** From now on what is held already is due. */
  turnBegins(): void {
    for (const held of this.#held.values()) held.isDue = true;
  }

  /** False if `message` is to be sent now. Asked of every message. */
  holds(message: Message): boolean {
    if (message.kind === 'heartbeat' && message.round === 0) {
      this.#held.set(message.to, { message, isDue: this.#held.get(message.to)?.isDue ?? false });
      return true;
    }
    if (message.kind === 'append' && this.#held.size > 0) this.#told(message.to, message.term, message.commit);
    return false;
  }

  /** What is due, or all of it, and was not told by anything else. */
  take(all: boolean): readonly Heartbeat[] {
    const due = [...this.#held.values()].filter(({ isDue }) => all || isDue).map(({ message }) => message);
    for (const { to } of due) this.#held.delete(to);
    return due;
  }

  #told(to: MemberId, term: number, commit: number): void {
    const held = this.#held.get(to)?.message;
    if (held !== undefined && held.term === term && held.commit <= commit) this.#held.delete(to);
  }
}
