import type { ProposalAnswer, ReadAnswer } from './effects.ts';
import type { Message } from './message.ts';
import type { MemberId, Term } from './types.ts';

interface Held {
  readonly after: number;
  readonly message: Message;
}

/** More than a stalled disk can gather in many election timeouts; the oldest go first, for the network may lose them too. */
const heldMax = 4096;

/** What leaves with the next `take`. */
export class Outbox {
  #send: Message[] = [];
  #thenSend: Message[] = [];
  /** True only once a write that was taken earlier is durable. */
  #held: Held[] = [];
  #proposals: ProposalAnswer[] = [];
  #reads: ReadAnswer[] = [];
  #snapshots: MemberId[] = [];

  /** `after` is the write that makes `message` true (0: it is), `next` the id of the write that was not taken yet. */
  post(message: Message, after: number, next: number): void {
    if (after === 0) this.#send.push(message);
    else if (after === next) this.#thenSend.push(message);
    else {
      if (this.#held.length >= heldMax) this.#held.shift();
      this.#held.push({ after, message });
    }
  }

  answerProposal(answer: ProposalAnswer): void {
    this.#proposals.push(answer);
  }

  answerRead(answer: ReadAnswer): void {
    this.#reads.push(answer);
  }

  wantSnapshot(to: MemberId): void {
    this.#snapshots.push(to);
  }

  /** Writes up to `id` are durable: what waited for them leaves, unless the term has passed and it would attest history. */
  release(id: number, term: Term): void {
    if (this.#held.length === 0) return;
    const waiting: Held[] = [];
    for (const held of this.#held) {
      if (held.after > id) waiting.push(held);
      else if (held.message.term >= term) this.#send.push(held.message);
    }
    this.#held = waiting;
  }

  get isEmpty(): boolean {
    return (
      this.#send.length === 0 &&
      this.#thenSend.length === 0 &&
      this.#proposals.length === 0 &&
      this.#reads.length === 0 &&
      this.#snapshots.length === 0
    );
  }

  /** Everything that may leave now. What is held stays. */
  take(): {
    readonly send: readonly Message[];
    readonly thenSend: readonly Message[];
    readonly proposals: readonly ProposalAnswer[];
    readonly reads: readonly ReadAnswer[];
    readonly snapshots: readonly MemberId[];
  } {
    const taken = {
      send: this.#send,
      thenSend: this.#thenSend,
      proposals: this.#proposals,
      reads: this.#reads,
      snapshots: this.#snapshots,
    };
    this.#send = [];
    this.#thenSend = [];
    this.#proposals = [];
    this.#reads = [];
    this.#snapshots = [];
    return taken;
  }
}
