import type { Socket } from 'node:net';

/** What happens to bytes on their way in one direction of a link; changes while they are under way. */
export interface Weather {
  isHeld: boolean;
  delayMs: number;
  jitterMs: number;
}

type Item = { readonly dueAt: number; readonly what: Buffer | 'end' | 'gone' };

/** Beyond it the sender is not read any more, and feels it as on any slow network. */
const queuedBytesMax = 1_048_576;

/** One direction of one connection. Nothing is lost and nothing overtakes: what is held arrives late. */
export class Flow {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #weather: Weather;
  readonly #harmed: (bytes: number) => void;
  #queue: Item[] = [];
  #queuedBytes = 0;
  #lastDueAt = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `harmed` hears of bytes that did not go through at once. */
  constructor(ends: { readonly from: Socket; readonly to: Socket }, weather: Weather, harmed: (bytes: number) => void) {
    this.#from = ends.from;
    this.#to = ends.to;
    this.#weather = weather;
    this.#harmed = harmed;
    this.#from.on('data', (bytes) => this.#take(bytes));
    this.#from.on('end', () => this.#take('end'));
    // The end of a connection travels like its bytes: a cut network does not tell of it either.
    this.#from.on('close', () => this.#take('gone'));
    this.#to.on('drain', () => this.pump());
  }

  /** Passes on what may go now. */
  pump(): void {
    clearTimeout(this.#timer);
    for (let item = this.#queue[0]; item !== undefined; item = this.#queue[0]) {
      if (this.#weather.isHeld || this.#to.writableNeedDrain) return;
      const waitMs = item.dueAt - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.pump(), waitMs);
        return;
      }
      this.#queue.shift();
      this.#pass(item.what);
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#queue = [];
  }

  #take(what: Item['what']): void {
    const { isHeld, delayMs, jitterMs } = this.#weather;
    const delay = delayMs + (Math.random() * 2 - 1) * jitterMs;
    this.#lastDueAt = Math.max(this.#lastDueAt, performance.now() + Math.max(0, delay));
    this.#queue.push({ dueAt: this.#lastDueAt, what });
    if (typeof what !== 'string') {
      this.#queuedBytes += what.length;
      if (isHeld || delayMs > 0) this.#harmed(what.length);
      if (this.#queuedBytes > queuedBytesMax) this.#from.pause();
    }
    this.pump();
  }

  #pass(what: Item['what']): void {
    if (what === 'end') {
      this.#to.end();
      return;
    }
    if (what === 'gone') {
      if (this.#from.errored) this.#to.resetAndDestroy();
      else this.#to.destroySoon();
      return;
    }
    this.#queuedBytes -= what.length;
    if (this.#queuedBytes <= queuedBytesMax && this.#from.isPaused()) this.#from.resume();
    if (!this.#to.destroyed) this.#to.write(what);
  }
}
