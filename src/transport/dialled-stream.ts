import type { Client } from '@grpc/grpc-js';
import type { MemberId } from '../../raft/index.ts';
import type { Timer } from '../clock/index.ts';
import { decodeFrame, type Route, type StreamClass } from './frame-codec.ts';
import { decodePeerHello, encodePeerHello } from './greeting.ts';
import { type OutgoingCall, openPeerStream } from './grpc.ts';
import { Outbox } from './outbox.ts';
import { strangerAmong } from './strangers.ts';
import type { StreamContext } from './stream-context.ts';
import { type Hello, memberId, type Refused, type Rejection } from './transport.ts';

export interface DialledEvents {
  /** The answer came; a refusal given back ends the stream. */
  greeted(hello: Hello): Refused | undefined;
  opened(): void;
  /** Once. `rejection`: by either side, in the handshake. */
  closed(rejection: Rejection | undefined): void;
}

/** A stream that we opened to a peer: our requests go out, its replies come in. */
export class DialledStream {
  readonly outbox: Outbox;
  readonly #call: OutgoingCall;
  readonly #context: StreamContext;
  readonly #events: DialledEvents;
  readonly #route: Route;
  readonly #limit: Timer;
  readonly #self: MemberId;
  #peer: MemberId | undefined;
  #isClosed = false;

  constructor(client: Client, streamClass: StreamClass, context: StreamContext, events: DialledEvents) {
    this.#context = context;
    this.#events = events;
    this.#route = { streamClass, isReply: true };
    this.#call = openPeerStream(client, streamClass);
    const { limits, timing } = context;
    this.outbox = new Outbox({ bytesMax: limits.queueBytesMax, messagesMax: limits.queueMessagesMax });
    this.#limit = context.clock.after(timing.hello, () => this.cancel());
    this.#call.on('data', (bytes: Buffer) => this.#read(bytes));
    this.#call.on('end', () => this.#closed(undefined));
    this.#call.on('error', () => this.#closed(undefined));
    const own = context.handlers.hello();
    this.#self = memberId(own.nodeId, own.incarnation);
    this.#call.write(encodePeerHello(own));
  }

  /** Whether packets may leave. */
  get isOpen(): boolean {
    return this.#peer !== undefined && !this.#isClosed;
  }

  /** Lets what was accepted leave, then ends the stream; `closed` follows when the peer has answered that. */
  end(): void {
    if (this.isOpen) this.outbox.end();
    else this.cancel();
  }

  /** Ends the stream at once. */
  cancel(): void {
    this.#close(undefined);
  }

  #read(bytes: Buffer): void {
    if (this.#isClosed) return;
    if (this.#peer === undefined) this.#greet(bytes);
    else this.#receive(bytes, this.#peer);
  }

  #greet(bytes: Buffer): void {
    const greeting = decodePeerHello(bytes);
    if (greeting.kind === 'bad') return this.#fail(greeting.bad);
    if (greeting.kind === 'refused') return this.#close({ ...greeting.refused, by: greeting.byUs ? 'us' : 'peer' });
    const refused = this.#events.greeted(greeting.hello);
    if (refused !== undefined) return this.#close({ ...refused, by: 'us' });
    this.#limit.cancel();
    this.#peer = memberId(greeting.hello.nodeId, greeting.hello.incarnation);
    this.outbox.open(this.#call);
    this.#events.opened();
  }

  #receive(bytes: Buffer, peer: MemberId): void {
    const decoded = decodeFrame(bytes, this.#route, this.#context.limits);
    if (!decoded.ok) return this.#fail(decoded.bad);
    for (const packet of decoded.value) {
      const stranger = strangerAmong(packet, { peer, self: this.#self });
      if (stranger !== undefined) this.#context.notices.warn('misaddressed', peer, stranger);
      else this.#context.handlers.receive(peer, packet);
    }
  }

  #fail(why: string): void {
    const subject = this.#peer ?? this.#call.getPeer();
    this.#context.notices.warn('bad-input', subject, `${this.#route.streamClass} stream closed: ${why}`);
    this.#close(undefined);
  }

  #close(rejection: Rejection | undefined): void {
    this.#closed(rejection);
    this.#call.cancel();
  }

  #closed(rejection: Rejection | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#limit.cancel();
    this.outbox.close();
    this.#events.closed(rejection);
  }
}
