import type { MemberId } from '../../raft/index.ts';
import type { Clock } from '../clock/index.ts';
import { type Address, parseAddress } from './address.ts';
import { ClientStreams } from './client-streams.ts';
import { TransportError } from './errors.ts';
import { byRoute, encodeFrames, type Route } from './frame-codec.ts';
import { Gate } from './gate.ts';
import {
  defaultTransportLimits,
  defaultTransportTiming,
  type TransportLimits,
  type TransportTiming,
} from './limits.ts';
import { Notices, silentLogger, type TransportLogger } from './notices.ts';
import type { Outbox } from './outbox.ts';
import { PeerLink } from './peer-link.ts';
import { PeerStreams } from './peer-streams.ts';
import { refuseExposure, type Security } from './security.ts';
import type { StreamContext } from './stream-context.ts';
import {
  type ClientAcceptor,
  nodeIdOf,
  type Packet,
  type PeerAddress,
  type PeerHandlers,
  type PeerTransport,
} from './transport.ts';

export interface GrpcTransportOptions {
  /** `host:port` to accept peers and clients on; port 0 takes a free one. Absent: accepts nobody. */
  readonly listen: string | undefined;
  /** Our own node id: an entry of `setPeers` with it is skipped. */
  readonly selfNodeId: string;
  readonly handlers: PeerHandlers;
  /** Absent: remote clients are answered UNIMPLEMENTED. */
  readonly clients?: ClientAcceptor | undefined;
  readonly clock: Clock;
  /** Silent by default. */
  readonly logger?: TransportLogger | undefined;
  readonly limits?: Partial<TransportLimits> | undefined;
  readonly timing?: Partial<TransportTiming> | undefined;
  /** Allows plaintext beyond loopback. */
  readonly insecure: boolean;
}

/** Streams between nodes, and from clients to nodes, over gRPC; see `PeerTransport` for the promise. */
export class GrpcTransport implements PeerTransport {
  readonly #options: GrpcTransportOptions;
  readonly #security: Security;
  readonly #context: StreamContext;
  readonly #links = new Map<string, PeerLink>();
  readonly #gate: Gate;
  readonly #peers: PeerStreams;
  readonly #clients: ClientStreams | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: GrpcTransportOptions) {
    const { clock, handlers } = options;
    const limits = { ...defaultTransportLimits, ...options.limits };
    const timing = { ...defaultTransportTiming, ...options.timing };
    const notices = new Notices(options.logger ?? silentLogger, clock);
    this.#options = options;
    this.#security = { insecure: options.insecure };
    this.#context = { clock, handlers, limits, timing, notices };
    this.#gate = new Gate(this.#context);
    this.#peers = new PeerStreams(this.#gate, this.#context, {
      arrived: (hello) => this.#links.get(hello.nodeId)?.nudge(),
      refused: (hello, refused) => this.#links.get(hello.nodeId)?.report({ ...refused, by: 'us' }),
    });
    this.#peers.register(this.#gate.server);
    if (options.clients !== undefined) {
      this.#clients = new ClientStreams(this.#gate, this.#context, options.clients);
      this.#clients.register(this.#gate.server);
    }
  }

  /**
   * Begins to accept; resolves with the bound port (0 when told not to listen). Rejects with a `TransportError`:
   * `INVALID_ADDRESS`, `INSECURE`, `ADDRESS_IN_USE`, `LISTEN_FAILED` or `CLOSED`.
   */
  async listen(): Promise<{ readonly port: number }> {
    if (this.#closing !== undefined) throw new TransportError('CLOSED', 'the transport is closed');
    if (this.#options.listen === undefined) return { port: 0 };
    const address: Address = parseAddress(this.#options.listen, 'listen address');
    const exposed = refuseExposure(address, this.#security);
    if (exposed !== undefined) throw exposed;
    return { port: await this.#gate.listen(address) };
  }

  setPeers(peers: readonly PeerAddress[]): void {
    if (this.#closing !== undefined) return;
    const wanted = new Map(peers.map((peer) => [peer.nodeId, peer]));
    wanted.delete(this.#options.selfNodeId);
    for (const [nodeId, link] of this.#links) {
      if (wanted.get(nodeId)?.address === link.peer.address) wanted.delete(nodeId);
      else {
        this.#links.delete(nodeId);
        link.close();
      }
    }
    for (const [nodeId, peer] of wanted) this.#links.set(nodeId, new PeerLink(peer, this.#context, this.#security));
  }

  send(to: MemberId, packets: readonly Packet[]): void {
    for (const [route, group] of byRoute(packets)) {
      const outbox = this.#outboxOf(to, route);
      if (outbox !== undefined) this.#offer(to, route, outbox, group);
    }
  }

  /** Ends every stream that `member` opened to us, so that it is judged anew when it comes back. */
  dismiss(member: MemberId): void {
    this.#peers.dismiss(member);
  }

  /** Ends all links and streams, lets what was accepted leave, frees the port. Bounded by the grace; never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const closed = this.#gate.close();
    for (const link of this.#links.values()) link.end();
    this.#links.clear();
    this.#peers.close();
    this.#clients?.close();
    await closed;
  }

  #outboxOf(to: MemberId, { streamClass, isReply }: Route): Outbox | undefined {
    return isReply ? this.#peers.outboxOf(to, streamClass) : this.#links.get(nodeIdOf(to))?.outboxOf(to, streamClass);
  }

  #offer(to: MemberId, route: Route, outbox: Outbox, packets: readonly Packet[]): void {
    const { limits, notices } = this.#context;
    const { frames, oversized } = encodeFrames(packets, limits.messageBytesMax);
    let dropped = 0;
    for (const frame of frames) if (!outbox.offer(frame)) dropped += 1;
    if (oversized > 0) {
      notices.warn('oversized', to, `${oversized} ${route.streamClass} packets above ${limits.messageBytesMax} bytes`);
    }
    if (dropped > 0) notices.warn('queue-full', to, `${route.streamClass} packets dropped: the peer reads too slowly`);
  }
}
