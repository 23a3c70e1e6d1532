import type { Client } from '@grpc/grpc-js';
import type { Clock, Timer } from '../clock/index.ts';
import { type Address, parseAddress } from './address.ts';
import { decodeServerHello, encodeClientHello } from './greeting.ts';
import { dial, type OutgoingCall, openClientStream } from './grpc.ts';
import { defaultTransportLimits, defaultTransportTiming, type TransportLimits } from './limits.ts';
import { probe } from './probe.ts';
import { refuseExposure } from './security.ts';
import { SessionStream } from './session-stream.ts';
import type { ClientChannel, ClientChannelHandlers, ClientHello, Refused, ServerHello } from './transport.ts';

export interface ConnectOptions {
  /** `host:port` of a node; the name is resolved anew at each call. */
  readonly endpoint: string;
  readonly hello: ClientHello;
  readonly handlers: ClientChannelHandlers;
  readonly clock: Clock;
  /** Allows plaintext beyond loopback. */
  readonly insecure: boolean;
  /** From the call to the node's answer, in milliseconds; 2,000 by default. */
  readonly dialTimeout?: number | undefined;
  /** How often a silent node is asked for a sign of life, and how long it may take; 5,000 ms by default. */
  readonly keepalive?: number | undefined;
  readonly limits?: Partial<TransportLimits> | undefined;
  /** The node accepted us. What was sent before leaves now. */
  readonly opened?: ((hello: ServerHello) => void) | undefined;
}

const keepaliveMs = 5_000;

/**
 * Opens one stream to one node; it does not reconnect. Whatever comes of it is told later, never during this call: by
 * `opened`, or by `handlers.closed` when the node cannot be reached in time, turns us down, or the stream ends.
 * A `close` before `opened` gives up: what was sent by then is lost.
 * Throws `TransportError` (`INVALID_ADDRESS`) for an endpoint that is none.
 */
export function connectClient(options: ConnectOptions): ClientChannel {
  return new Connecting(options, parseAddress(options.endpoint, 'endpoint')).channel;
}

class Connecting {
  readonly channel: SessionStream;
  readonly #options: ConnectOptions;
  readonly #limits: TransportLimits;
  readonly #dialTimeout: number;
  readonly #limit: Timer;
  #client: Client | undefined;
  #call: OutgoingCall | undefined;
  readonly #cancelProbe: () => void;

  constructor(options: ConnectOptions, address: Address) {
    this.#options = options;
    this.#limits = { ...defaultTransportLimits, ...options.limits };
    this.#dialTimeout = options.dialTimeout ?? defaultTransportTiming.hello;
    const { clock } = options;
    this.channel = new SessionStream({
      clock,
      limits: this.#limits,
      closeGrace: defaultTransportTiming.closeGrace,
      abort: () => this.#hangUp(),
    });
    this.channel.attach({
      receive: (body) => options.handlers.receive(body),
      drained: () => options.handlers.drained(),
      closed: (reason) => this.#closed(reason),
    });
    this.#limit = clock.after(this.#dialTimeout, () => this.#fail(`no answer within ${this.#dialTimeout} ms`));
    const running = probe(address, { clock, limitMs: this.#dialTimeout }, (outcome) => {
      if (outcome.kind === 'reached') this.#dial(outcome.address);
      else this.#fail(outcome.kind === 'refused' ? 'nobody listens there' : outcome.text);
    });
    this.#cancelProbe = () => running.cancel();
  }

  #dial(address: Address): void {
    const exposed = refuseExposure(address, { insecure: this.#options.insecure });
    if (exposed !== undefined) return this.#fail(exposed.message);
    this.#client = dial(address, this.#limits, {
      keepalive: this.#options.keepalive ?? keepaliveMs,
      redialMax: defaultTransportTiming.redialMax,
    });
    const call = openClientStream(this.#client);
    this.#call = call;
    call.on('error', (error) => this.#ended(error.message));
    call.on('end', () => this.#ended('the node ended the stream'));
    call.once('data', (bytes: Buffer) => this.#greet(call, bytes));
    call.write(encodeClientHello(this.#options.hello));
  }

  #greet(call: OutgoingCall, bytes: Buffer): void {
    const greeting = decodeServerHello(bytes);
    if (greeting.kind === 'bad') return this.#fail(greeting.bad);
    if (greeting.kind === 'refused') return this.#fail(greeting.refused.text, greeting.refused);
    this.#limit.cancel();
    call.on('data', (more: Buffer) => this.channel.receive(more));
    this.#options.opened?.(greeting.hello);
    this.channel.open(call);
  }

  #fail(text: string, refused?: Refused): void {
    this.#ended(text, refused);
    this.#hangUp();
  }

  #ended(text: string, refused?: Refused): void {
    this.channel.ended(`${this.#options.endpoint}: ${text}`, refused);
  }

  #closed(reason: { readonly text: string; readonly refused: Refused | undefined }): void {
    this.#hangUp();
    this.#options.handlers.closed(reason);
  }

  /** Ends whatever is under way; harmless when repeated. */
  #hangUp(): void {
    this.#limit.cancel();
    this.#cancelProbe();
    this.#call?.cancel();
    this.#client?.close();
    this.#client = undefined;
  }
}
