import type { Clock, Timer } from '../clock/index.ts';
import {
  type ClientMessage,
  type ClusterView,
  clientTuple,
  messagesOf,
  Outlet,
  parseServerMessage,
  type ServerMessage,
} from '../server/index.ts';
import type { ClientChannel, ClientHello, ConnectOptions, RefusalCode, Value } from '../transport/index.ts';

/** Why a link ended, or never came up. */
export interface Trouble {
  readonly text: string;
  /** Set when the node turned us down. */
  readonly code: RefusalCode | undefined;
}

/** Opens one stream to one node, as `connectClient` does. */
export type Dial = (options: ConnectOptions) => ClientChannel;

/** Told from the event loop, never inside a call of the link. */
export interface LinkEvents {
  /** The node has accepted us; the id is its cluster's, if it belongs to one. */
  accepted(link: Link, clusterId: string | undefined): void;
  /** The first word of the node, and each time something changes. */
  viewed(link: Link, view: ClusterView): void;
  received(link: Link, message: ServerMessage): void;
  /** Once; also after our own `close`. */
  closed(link: Link, trouble: Trouble): void;
}

export interface LinkOptions {
  /** `host:port`. */
  readonly endpoint: string;
  readonly hello: ClientHello;
  readonly clock: Clock;
  readonly insecure: boolean;
  /** A node silent for three to four of these, though asked, is given up. Milliseconds. */
  readonly pulseMs: number;
  /** From the call to the node's answer, milliseconds. */
  readonly dialTimeoutMs: number;
  readonly dial: Dial;
}

/** How many pulses without a sign of life make a link dead. */
const missesMax = 3;

/** One stream to one node, from the dial to its end. */
export class Link {
  readonly endpoint: string;
  readonly #clock: Clock;
  readonly #pulseMs: number;
  readonly #events: LinkEvents;
  readonly #channel: ClientChannel;
  readonly #outlet: Outlet;
  /** Requests that wait until the node has read some of the earlier ones; bounded by what a client may have open. */
  readonly #waiting: ClientMessage[] = [];
  #view: ClusterView | undefined;
  #timer: Timer | undefined;
  #isClosed = false;
  #misses = 0;
  #pings = 0;

  /** Dials at once; throws a `TransportError` for an endpoint that is no address. */
  constructor(options: LinkOptions, events: LinkEvents) {
    this.endpoint = options.endpoint;
    this.#clock = options.clock;
    this.#pulseMs = options.pulseMs;
    this.#events = events;
    this.#channel = options.dial({
      endpoint: options.endpoint,
      hello: options.hello,
      clock: options.clock,
      insecure: options.insecure,
      dialTimeout: options.dialTimeoutMs,
      opened: ({ clusterId }) => {
        this.#pulse();
        this.#events.accepted(this, clusterId);
      },
      handlers: {
        receive: (body) => this.#receive(body),
        drained: () => this.#drained(),
        closed: ({ text, refused }) => this.#closed({ text, code: refused?.code }),
      },
    });
    this.#outlet = new Outlet(this.#channel, options.clock);
  }

  /** What the node last said of the cluster; absent until it has spoken. */
  get view(): ClusterView | undefined {
    return this.#view;
  }

  send(message: ClientMessage): void {
    if (this.#isClosed) return;
    // Heartbeats and the like go past the requests that wait.
    if (this.#outlet.isSlow && message.kind === 'submit') this.#waiting.push(message);
    else this.#outlet.send(clientTuple(message));
  }

  close(): void {
    this.#outlet.flush();
    this.#channel.close();
  }

  #receive(frame: Value): void {
    this.#misses = 0;
    const bodies = messagesOf(frame);
    if (bodies === undefined) return this.#distrust('a frame is a list of messages');
    for (const body of bodies) {
      if (this.#isClosed) return;
      const message = parseServerMessage(body);
      if (message.kind === 'bad') this.#distrust(message.bad);
      else this.#take(message);
    }
  }

  /** Another version, or no node at all: nothing it says can be trusted. */
  #distrust(bad: string): void {
    this.#closed({ text: `${this.endpoint}: ${bad}`, code: 'PROTOCOL' });
    this.#channel.close();
  }

  #take(message: ServerMessage): void {
    if (message.kind === 'pong') return;
    if (message.kind !== 'cluster') return this.#events.received(this, message);
    this.#view = message.view;
    this.#events.viewed(this, message.view);
  }

  #drained(): void {
    this.#outlet.drained();
    while (!this.#outlet.isSlow) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.send(next);
    }
  }

  /** A process that was away itself counts one miss for it, however long that was. */
  #pulse(): void {
    this.#timer = this.#clock.after(this.#pulseMs, () => {
      this.#misses += 1;
      if (this.#misses > missesMax) {
        this.#closed({ text: `${this.endpoint}: silent for ${missesMax * this.#pulseMs} ms`, code: undefined });
        return this.#channel.close();
      }
      this.#pings += 1;
      this.send({ kind: 'ping', id: this.#pings });
      this.#pulse();
    });
  }

  #closed(trouble: Trouble): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#waiting.length = 0;
    this.#events.closed(this, trouble);
  }
}
