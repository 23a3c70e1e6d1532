import type { Server } from '@grpc/grpc-js';
import type { MemberId } from '../../raft/index.ts';
import { type StreamClass, streamClasses } from './frame-codec.ts';
import type { Gate } from './gate.ts';
import { type IncomingCall, peerService } from './grpc.ts';
import { type InboundEvents, InboundStream } from './inbound-stream.ts';
import type { Outbox } from './outbox.ts';
import type { StreamContext } from './stream-context.ts';
import type { Hello, Refused } from './transport.ts';

export interface PeerArrivals {
  /** A peer's control stream to us was accepted. */
  arrived(hello: Hello): void;
  /** We refused a peer that dialled us. */
  refused(hello: Hello, refused: Refused): void;
}

/** All streams that peers opened to us: the newest of each member and class counts. */
export class PeerStreams {
  readonly #gate: Gate;
  readonly #context: StreamContext;
  readonly #arrivals: PeerArrivals;
  readonly #streams = new Set<InboundStream>();
  readonly #current = new Map<MemberId, Map<StreamClass, InboundStream>>();
  readonly #farewells = new Map<InboundStream, () => void>();
  #isClosed = false;

  constructor(gate: Gate, context: StreamContext, arrivals: PeerArrivals) {
    this.#gate = gate;
    this.#context = context;
    this.#arrivals = arrivals;
  }

  register(server: Server): void {
    server.addService(
      peerService,
      Object.fromEntries(
        streamClasses.map((streamClass) => [streamClass, (call: IncomingCall) => this.#accept(call, streamClass)]),
      ),
    );
  }

  /** Where replies to `member` go; undefined while it has no such stream to us. */
  outboxOf(member: MemberId, streamClass: StreamClass): Outbox | undefined {
    return this.#current.get(member)?.get(streamClass)?.outbox;
  }

  /** Ends the streams of `member`; it may dial again and is judged anew. */
  dismiss(member: MemberId): void {
    for (const stream of [...this.#streams]) if (stream.peer === member) stream.end();
  }

  /** Ends all streams and turns new ones away. */
  close(): void {
    this.#isClosed = true;
    for (const stream of [...this.#streams]) stream.end();
  }

  #accept(call: IncomingCall, streamClass: StreamClass): void {
    const events: InboundEvents = {
      opened: (stream, hello) => this.#opened(stream, call, hello),
      refused: (hello, refused) => {
        this.#gate.recognise(call);
        this.#arrivals.refused(hello, refused);
      },
      closed: (stream) => this.#closed(stream),
    };
    const stream = new InboundStream(call, streamClass, this.#context, events);
    this.#streams.add(stream);
    if (this.#isClosed) stream.refuse({ code: 'SHUTTING_DOWN', text: 'this node is shutting down' });
  }

  #opened(stream: InboundStream, call: IncomingCall, hello: Hello): void {
    const { peer, streamClass } = stream;
    if (peer === undefined) return;
    this.#farewells.set(stream, this.#gate.welcome(call));
    const streams = this.#current.get(peer) ?? new Map<StreamClass, InboundStream>();
    this.#current.set(peer, streams);
    const former = streams.get(streamClass);
    streams.set(streamClass, stream);
    // A peer that dials again has lost the old stream, even if we have not noticed yet.
    former?.end();
    if (streamClass === 'control') this.#arrivals.arrived(hello);
  }

  #closed(stream: InboundStream): void {
    this.#streams.delete(stream);
    this.#farewells.get(stream)?.();
    this.#farewells.delete(stream);
    const { peer, streamClass } = stream;
    if (peer === undefined) return;
    const streams = this.#current.get(peer);
    if (streams?.get(streamClass) !== stream) return;
    streams.delete(streamClass);
    if (streams.size === 0) this.#current.delete(peer);
  }
}
