import { status } from '@grpc/grpc-js';
import type { MemberId } from '../../raft/index.ts';
import type { Timer } from '../clock/index.ts';
import { decodeFrame, type Route, type StreamClass } from './frame-codec.ts';
import { decodePeerHello, encodePeerHello, encodeRefusal } from './greeting.ts';
import { hostOf, type IncomingCall } from './grpc.ts';
import { Outbox } from './outbox.ts';
import { strangerAmong } from './strangers.ts';
import type { StreamContext } from './stream-context.ts';
import { type Hello, memberId, type Refused } from './transport.ts';

export interface InboundEvents {
  opened(stream: InboundStream, hello: Hello): void;
  refused(hello: Hello, refused: Refused): void;
  closed(stream: InboundStream): void;
}

/** A stream that a peer opened to us: its requests come in, our replies go out. */
export class InboundStream {
  readonly streamClass: StreamClass;
  readonly outbox: Outbox;
  readonly #call: IncomingCall;
  readonly #context: StreamContext;
  readonly #events: InboundEvents;
  readonly #route: Route;
  readonly #limit: Timer;
  /** Who this is between; absent before the handshake. */
  #ends: { readonly peer: MemberId; readonly self: MemberId } | undefined;
  #isClosed = false;

  constructor(call: IncomingCall, streamClass: StreamClass, context: StreamContext, events: InboundEvents) {
    this.#call = call;
    this.streamClass = streamClass;
    this.#context = context;
    this.#events = events;
    this.#route = { streamClass, isReply: false };
    const { limits, timing } = context;
    this.outbox = new Outbox({ bytesMax: limits.queueBytesMax, messagesMax: limits.queueMessagesMax });
    this.#limit = context.clock.after(timing.hello, () => this.#fail(`no introduction within ${timing.hello} ms`));
    call.on('data', (bytes: Buffer) => this.#read(bytes));
    call.on('end', () => this.end());
    call.on('cancelled', () => this.#lost());
    call.on('error', () => this.#lost());
  }

  /** The peer of this stream; absent before the handshake. */
  get peer(): MemberId | undefined {
    return this.#ends?.peer;
  }

  /** Ends the stream after the replies that were accepted. */
  end(): void {
    if (this.#isClosed) return;
    if (this.#ends === undefined) this.#call.end();
    else this.outbox.end();
    this.#closed();
  }

  /** Turns the peer away, whatever it says. */
  refuse(refused: Refused): void {
    if (this.#isClosed) return;
    this.#call.write(encodeRefusal(refused));
    this.#call.end();
    this.#closed();
  }

  #read(bytes: Buffer): void {
    if (this.#isClosed) return;
    if (this.#ends === undefined) this.#greet(bytes);
    else this.#receive(bytes, this.#ends);
  }

  #greet(bytes: Buffer): void {
    const greeting = decodePeerHello(bytes);
    if (greeting.kind === 'bad') return this.#fail(greeting.bad);
    if (greeting.kind === 'refused') {
      if (!greeting.byUs) return this.#fail('a refusal where an introduction was expected');
      return this.#refuse(greeting.refused);
    }
    const { hello } = greeting;
    const refused = this.#context.handlers.judge(hello, false);
    if (refused !== undefined) {
      this.#refuse(refused);
      return this.#events.refused(hello, refused);
    }
    const own = this.#context.handlers.hello();
    this.#limit.cancel();
    this.#ends = {
      peer: memberId(hello.nodeId, hello.incarnation),
      self: memberId(own.nodeId, own.incarnation),
    };
    this.#call.write(encodePeerHello(own));
    this.outbox.open(this.#call);
    this.#events.opened(this, hello);
  }

  #receive(bytes: Buffer, ends: { readonly peer: MemberId; readonly self: MemberId }): void {
    const decoded = decodeFrame(bytes, this.#route, this.#context.limits);
    if (!decoded.ok) return this.#fail(decoded.bad);
    for (const packet of decoded.value) {
      const stranger = strangerAmong(packet, ends);
      if (stranger !== undefined) this.#context.notices.warn('misaddressed', ends.peer, stranger);
      else this.#context.handlers.receive(ends.peer, packet);
    }
  }

  #refuse(refused: Refused): void {
    this.#context.notices.refused('refused', hostOf(this.#call), refused);
    this.refuse(refused);
  }

  /** One bad frame ends its stream, and only that: the peer's other streams and all other peers go on. */
  #fail(why: string): void {
    if (this.#isClosed) return;
    const subject = this.#ends?.peer ?? hostOf(this.#call);
    this.#context.notices.warn('bad-input', subject, `${this.streamClass} stream closed: ${why}`);
    this.outbox.close();
    this.#closed();
    this.#call.emit('error', { code: status.INVALID_ARGUMENT, details: 'bad input' });
  }

  #lost(): void {
    this.outbox.close();
    this.#closed();
  }

  #closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#limit.cancel();
    this.#events.closed(this);
  }
}
