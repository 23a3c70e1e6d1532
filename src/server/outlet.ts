import type { Clock } from '../clock/index.ts';
import type { ClientChannel, Value } from '../transport/index.ts';

/** Messages in one frame: keeps a frame of ordinary messages far below the transport's limits. */
const frameMessagesMax = 256;

/**
 * One side's way onto a client stream: what is said in one turn of the event loop leaves in one frame, because a
 * frame costs far more than a message.
 */
export class Outlet {
  readonly #channel: ClientChannel;
  readonly #clock: Clock;
  #frame: Value[] = [];
  #isScheduled = false;
  #isSlow = false;

  constructor(channel: ClientChannel, clock: Clock) {
    this.#channel = channel;
    this.#clock = clock;
  }

  /** The other side reads too slowly: large or optional things should wait until it has drained. */
  get isSlow(): boolean {
    return this.#isSlow;
  }

  /** `isLarge`: travels in a frame of its own. Messages keep their order. */
  send(message: Value, isLarge = false): void {
    if (isLarge) this.flush();
    this.#frame.push(message);
    if (isLarge || this.#frame.length >= frameMessagesMax) return this.flush();
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#clock.soon(() => {
      this.#isScheduled = false;
      this.flush();
    });
  }

  /** What was said leaves now. Before the channel is closed it must, or it never does. */
  flush(): void {
    if (this.#frame.length === 0) return;
    const frame = this.#frame;
    this.#frame = [];
    if (!this.#channel.send(frame)) this.#isSlow = true;
  }

  drained(): void {
    this.#isSlow = false;
  }
}

/** The messages of a frame; undefined for what is no frame. */
export const messagesOf = (frame: Value): readonly Value[] | undefined => (isList(frame) ? frame : undefined);

const isList = (value: Value): value is readonly Value[] => Array.isArray(value);
