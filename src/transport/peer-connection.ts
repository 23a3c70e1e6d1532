import type { Client } from '@grpc/grpc-js';
import type { MemberId } from '../../raft/index.ts';
import type { Timer } from '../clock/index.ts';
import type { Address } from './address.ts';
import { DialledStream } from './dialled-stream.ts';
import { type StreamClass, streamClasses } from './frame-codec.ts';
import { dial } from './grpc.ts';
import type { Outbox } from './outbox.ts';
import type { StreamContext } from './stream-context.ts';
import { type Hello, memberId, type Refused, type Rejection } from './transport.ts';

export interface ConnectionEvents {
  /** The control stream is ready. */
  up(member: MemberId, hello: Hello): void;
  /** Once, unless we closed it ourselves: the control stream ended, or never came to be. */
  down(rejection: Rejection | undefined): void;
}

/** One connection that we dialled, with our four streams on it. The control stream's life is the connection's life. */
export class PeerConnection {
  readonly #nodeId: string;
  readonly #client: Client;
  readonly #context: StreamContext;
  readonly #events: ConnectionEvents;
  readonly #streams = new Map<StreamClass, DialledStream>();
  readonly #reopenings = new Map<StreamClass, Timer>();
  /** Who answered; absent before the first answer. */
  #member: MemberId | undefined;
  #hello: Hello | undefined;
  #grace: Timer | undefined;
  #state: 'open' | 'ending' | 'closed' = 'open';

  constructor(nodeId: string, address: Address, context: StreamContext, events: ConnectionEvents) {
    this.#nodeId = nodeId;
    this.#context = context;
    this.#events = events;
    this.#client = dial(address, context.limits, context.timing);
    // Control comes last in the list: when it is ready, so are, as a rule, the others.
    for (const streamClass of streamClasses) this.#open(streamClass);
  }

  /** Where requests to `member` go; undefined while there is no such stream, or another life of the node answered. */
  outboxOf(member: MemberId, streamClass: StreamClass): Outbox | undefined {
    if (member !== this.#member) return undefined;
    const stream = this.#streams.get(streamClass);
    return stream?.isOpen === true ? stream.outbox : undefined;
  }

  /** Lets what was accepted leave, then closes; at most the grace. Nothing is reported any more. */
  end(): void {
    if (this.#state !== 'open') return;
    this.#state = 'ending';
    this.#cancelReopenings();
    this.#grace = this.#context.clock.after(this.#context.timing.closeGrace, () => this.close());
    for (const stream of [...this.#streams.values()]) stream.end();
  }

  /** Closes at once. Nothing is reported any more. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#cancelReopenings();
    this.#grace?.cancel();
    for (const stream of [...this.#streams.values()]) stream.cancel();
    this.#client.close();
  }

  #open(streamClass: StreamClass): void {
    const stream = new DialledStream(this.#client, streamClass, this.#context, {
      greeted: (hello) => this.#judge(hello),
      opened: () => {
        if (streamClass === 'control') this.#opened();
      },
      closed: (rejection) => this.#lost(streamClass, rejection),
    });
    this.#streams.set(streamClass, stream);
  }

  #judge(hello: Hello): Refused | undefined {
    if (hello.nodeId !== this.#nodeId) {
      return { code: 'WRONG_NODE', text: `expected node ${this.#nodeId} there, found ${hello.nodeId}` };
    }
    const member = memberId(hello.nodeId, hello.incarnation);
    if (this.#member !== undefined && member !== this.#member) {
      return { code: 'OTHER_INCARNATION', text: `one connection answered as ${this.#member} and as ${member}` };
    }
    const refused = this.#context.handlers.judge(hello, true);
    if (refused !== undefined) return refused;
    this.#member = member;
    this.#hello = hello;
    return undefined;
  }

  #opened(): void {
    if (this.#member !== undefined && this.#hello !== undefined) this.#events.up(this.#member, this.#hello);
  }

  #lost(streamClass: StreamClass, rejection: Rejection | undefined): void {
    this.#streams.delete(streamClass);
    if (this.#state === 'closed') return;
    if (this.#state === 'ending') {
      if (this.#streams.size === 0) this.close();
      return;
    }
    if (streamClass === 'control') {
      this.close();
      this.#events.down(rejection);
      return;
    }
    const reopen = (): void => {
      this.#reopenings.delete(streamClass);
      this.#open(streamClass);
    };
    this.#reopenings.set(streamClass, this.#context.clock.after(this.#context.timing.redialMax, reopen));
  }

  #cancelReopenings(): void {
    for (const timer of this.#reopenings.values()) timer.cancel();
    this.#reopenings.clear();
  }
}
