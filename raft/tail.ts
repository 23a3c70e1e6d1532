import type { Refusal } from './effects.ts';
import { invariant } from './invariant.ts';
import type { Server } from './server.ts';
import type { LogIndex } from './types.ts';

/** How much a leader has taken on that is not committed yet. Counts the payloads of `commands` entries only. */
export class Tail {
  readonly #server: Server;
  /** 0 whenever everything is committed (S35). */
  #bytes = 0;
  #proposals = 0;

  constructor(server: Server) {
    this.#server = server;
    this.#count(server.log.last.index, 1);
  }

  /** Why a proposal of `bytes` cannot be taken on; undefined if it can. One always can when no other waits. */
  refusal(bytes: number): Refusal | undefined {
    const { uncommittedBytesMax, uncommittedEntriesMax } = this.#server.options.limits;
    if (this.#proposals === 0) return undefined;
    const isFull = this.#bytes + bytes > uncommittedBytesMax || this.#proposals >= uncommittedEntriesMax;
    return isFull ? 'overloaded' : undefined;
  }

  /** A proposal of `bytes` was appended. */
  added(bytes: number): void {
    this.#bytes += bytes;
    this.#proposals += 1;
  }

  /** Everything up to `index` is about to be committed. */
  committed(index: LogIndex): void {
    this.#count(index, -1);
    const isEmpty = this.#bytes === 0 && this.#proposals === 0;
    const isSound = index < this.#server.log.last.index ? this.#bytes >= 0 && this.#proposals >= 0 : isEmpty;
    invariant(
      isSound,
      `${this.#proposals} proposals of ${this.#bytes} bytes are counted as uncommitted after ${index}`,
    );
  }

  #count(to: LogIndex, sign: 1 | -1): void {
    const { commit, log } = this.#server;
    for (let index = commit + 1; index <= to; index++) {
      const entry = log.at(index);
      if (entry?.kind !== 'commands') continue;
      this.#bytes += sign * entry.payload.length;
      this.#proposals += sign;
    }
  }
}
