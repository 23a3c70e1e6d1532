import { createHash } from 'node:crypto';
import { type Clock, systemClock } from '../../src/clock/index.ts';
import {
  type ClientAcceptor,
  GrpcTransport,
  type Hello,
  memberId,
  type Packet,
  type PeerHandlers,
  type Refused,
  type Rejection,
  type TransportLimits,
  type TransportTiming,
} from '../../src/transport/index.ts';

/** Things that happen, and waiting for them: a condition is looked at again after each thing. */
export class Happenings {
  readonly #waiting = new Set<() => void>();

  happened(): void {
    for (const look of [...this.#waiting]) look();
  }

  /** Resolves once `read` gives something; the test's own time limit is the only one. */
  until<T>(read: () => T | undefined | false): Promise<T> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = read();
        if (found === undefined || found === false) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }
}

export interface Down {
  readonly nodeId: string;
  readonly member: string | undefined;
  readonly wasRefused: boolean;
  readonly at: number;
}

export interface TestNodeOptions {
  readonly clients?: ClientAcceptor;
  readonly hello?: Partial<Hello>;
  readonly judge?: (hello: Hello) => Refused | undefined;
  readonly limits?: Partial<TransportLimits>;
  readonly timing?: Partial<TransportTiming>;
  readonly port?: number;
  readonly clock?: Clock;
}

/** A transport on loopback with a node around it that only writes down what it is told. */
export class TestNode extends Happenings implements PeerHandlers {
  readonly nodeId: string;
  readonly member: string;
  readonly received: { readonly from: string; readonly packet: Packet; readonly at: number }[] = [];
  readonly ups: { readonly member: string; readonly at: number }[] = [];
  readonly downs: Down[] = [];
  readonly refusals: { readonly nodeId: string; readonly refused: Rejection }[] = [];
  readonly warnings: { readonly kind: string; readonly peer: string; readonly text: string }[] = [];
  readonly transport: GrpcTransport;
  port = 0;
  /** May be changed during the test. */
  judging: (hello: Hello) => Refused | undefined;
  readonly #hello: Hello;

  constructor(nodeId: string, options: TestNodeOptions = {}) {
    super();
    this.nodeId = nodeId;
    this.#hello = {
      clusterId: 'c1',
      nodeId,
      incarnation: createHash('sha256').update(nodeId).digest('hex').slice(0, 32),
      run: 1,
      boot: 'b1',
      configIndex: 0,
      membersHash: '',
      address: '127.0.0.1:1',
      genesis: [],
      ...options.hello,
    };
    this.member = memberId(this.#hello.nodeId, this.#hello.incarnation);
    this.judging = options.judge ?? ((): undefined => undefined);
    this.transport = new GrpcTransport({
      listen: `127.0.0.1:${options.port ?? 0}`,
      selfNodeId: nodeId,
      handlers: this,
      clients: options.clients,
      clock: options.clock ?? systemClock,
      logger: {
        debug: () => {},
        info: () => {},
        warn: (fields, text) => {
          const { kind, peer } = fields as { readonly kind: string; readonly peer: string };
          this.warnings.push({ kind, peer, text });
          this.happened();
        },
      },
      limits: options.limits,
      // A machine under load stalls for longer than a link of production would bear; tests of that say so.
      timing: { keepalive: 10_000, hello: 10_000, ...options.timing },
      insecure: false,
    });
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  async start(): Promise<this> {
    this.port = (await this.transport.listen()).port;
    return this;
  }

  hello(): Hello {
    return { ...this.#hello, address: this.address };
  }

  judge(hello: Hello): Refused | undefined {
    return this.judging(hello);
  }

  receive(from: string, packet: Packet): void {
    this.received.push({ from, packet, at: performance.now() });
    this.happened();
  }

  linkUp(member: string): void {
    this.ups.push({ member, at: performance.now() });
    this.happened();
  }

  linkDown(nodeId: string, member: string | undefined, wasRefused: boolean): void {
    this.downs.push({ nodeId, member, wasRefused, at: performance.now() });
    this.happened();
  }

  refused(nodeId: string, refused: Rejection): void {
    this.refusals.push({ nodeId, refused });
    this.happened();
  }

  /** The messages of one kind that came from peers. */
  messages(kind: string): readonly Packet[] {
    return this.received.map(({ packet }) => packet).filter((packet) => kindOf(packet) === kind);
  }
}

export const kindOf = (packet: Packet): string => (packet.kind === 'raft' ? packet.message.kind : packet.kind);

export const heartbeat = (from: TestNode, to: TestNode, round: number): Packet => ({
  kind: 'raft',
  message: { kind: 'heartbeat', from: from.member, to: to.member, term: 3, commit: 7, round },
});

export const heartbeatReply = (from: TestNode, to: TestNode, round: number): Packet => ({
  kind: 'raft',
  message: { kind: 'heartbeat-reply', from: from.member, to: to.member, term: 3, round },
});

/** An append of one entry of `bytes` zero bytes. */
export const append = (from: TestNode, to: TestNode, request: number, bytes: number): Packet => ({
  kind: 'raft',
  message: {
    kind: 'append',
    from: from.member,
    to: to.member,
    term: 3,
    request,
    prevIndex: request + 1,
    prevTerm: 3,
    entries: [{ index: request + 2, term: 3, kind: 'commands', payload: new Uint8Array(bytes), chain: 5 }],
    commit: 0,
  },
});

/** Nodes that all dial each other and have all links up. */
export async function linked(...nodes: readonly TestNode[]): Promise<void> {
  for (const node of nodes) {
    node.transport.setPeers(nodes.map(({ nodeId, address }) => ({ nodeId, address })));
  }
  for (const node of nodes) {
    for (const other of nodes) {
      if (other !== node) await node.until(() => node.ups.some(({ member }) => member === other.member));
    }
  }
}
