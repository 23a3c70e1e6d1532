import type { Writable } from 'node:stream';
import type { Clock, Timer } from '../clock/index.ts';
import { decodeValue, encodeValue } from './codec.ts';
import type { TransportLimits } from './limits.ts';
import { Outbox } from './outbox.ts';
import type { ClientChannel, ClientChannelHandlers, Refused, Value } from './transport.ts';

export interface SessionStreamOptions {
  readonly clock: Clock;
  readonly limits: TransportLimits;
  /** How long `close` waits for what was sent to leave. */
  readonly closeGrace: number;
  /** Ends the underlying call at once, for the reason given. */
  abort(why: string): void;
}

/** One client's stream after its handshake, the same seen from the client and from the node. */
export class SessionStream implements ClientChannel {
  readonly #options: SessionStreamOptions;
  readonly #outbox: Outbox;
  #handlers: ClientChannelHandlers | undefined;
  #grace: Timer | undefined;
  #reason: Parameters<ClientChannelHandlers['closed']>[0] | undefined;
  #state: 'opening' | 'open' | 'ending' | 'closed' = 'opening';

  constructor(options: SessionStreamOptions) {
    this.#options = options;
    const { clientQueueBytesMax } = options.limits;
    this.#outbox = new Outbox({ bytesMax: clientQueueBytesMax, messagesMax: messagesMax }, () =>
      this.#handlers?.drained(),
    );
  }

  /** Who is told of what comes. Told at once of an end that has come already. */
  attach(handlers: ClientChannelHandlers): void {
    this.#handlers = handlers;
    if (this.#reason !== undefined) handlers.closed(this.#reason);
  }

  /** The handshake is done. What was sent meanwhile leaves now. */
  open(stream: Writable): void {
    if (this.#state !== 'opening') return;
    this.#state = 'open';
    this.#outbox.open(stream);
  }

  send(body: Value): boolean {
    if (this.#state !== 'opening' && this.#state !== 'open') return false;
    const bytes = encodeValue(body);
    const { messageBytesMax } = this.#options.limits;
    if (bytes.length > messageBytesMax) {
      this.#fail(`a message of ${bytes.length} bytes exceeds the limit of ${messageBytesMax}`);
      return false;
    }
    if (!this.#outbox.offer({ bytes, isHeartbeat: false })) {
      this.#fail('the other side reads too slowly: its queue is full');
      return false;
    }
    return this.#outbox.isClear;
  }

  close(): void {
    if (this.#state !== 'opening' && this.#state !== 'open') return;
    const grace = this.#state === 'open' ? this.#options.closeGrace : 0;
    this.#state = 'ending';
    this.#outbox.end();
    this.#grace = this.#options.clock.after(grace, () => this.#fail(closedHere));
  }

  /** Bytes came. */
  receive(bytes: Buffer): void {
    if (this.#state !== 'open') return;
    const decoded = decodeValue(bytes, this.#options.limits);
    if (decoded.ok) this.#handlers?.receive(decoded.value);
    else this.#fail(decoded.bad);
  }

  /** The call ended. */
  ended(text: string, refused: Refused | undefined): void {
    if (this.#state === 'closed') return;
    this.#reason = { text: this.#state === 'ending' ? closedHere : text, refused };
    this.#state = 'closed';
    this.#grace?.cancel();
    this.#outbox.close();
    this.#handlers?.closed(this.#reason);
  }

  #fail(why: string): void {
    this.ended(why, undefined);
    this.#options.abort(why);
  }
}

const closedHere = 'closed by this side';

/** Bytes bound the queue long before, unless somebody queues empty messages. */
const messagesMax = 65_536;
