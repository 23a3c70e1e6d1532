import type { Clock, Timer } from '../clock/index.ts';
import type { Logger, NodeStatus } from '../node/index.ts';
import type {
  ClientAcceptor,
  ClientChannel,
  ClientChannelHandlers,
  ClientHello,
  Refused,
  ServerHello,
} from '../transport/index.ts';
import type { ClusterView } from './client-protocol.ts';
import { ClientStream, type Servant } from './client-stream.ts';

/** What the service is made of. */
export interface LockServiceOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** The node behind it; asked for at each use, because node and transport are made of each other. */
  readonly servant: () => Servant | undefined;
}

/** How soon clients hear of another leader or other members. */
const lookMs = 100;

/** How often one kind of trouble is logged. */
const noticeMs = 60_000;

/** This node's side of all remote clients' streams. */
export class LockService implements ClientAcceptor {
  readonly #options: LockServiceOptions;
  readonly #streams = new Map<ClientStream, ClientChannel>();
  /** Clients from the time before this node belonged to a cluster: they do not know which it is. */
  readonly #early = new Set<ClientChannel>();
  #told = '';
  #timer: Timer | undefined;
  #isClosed = false;
  #noticedAt = Number.NEGATIVE_INFINITY;

  constructor(options: LockServiceOptions) {
    this.#options = options;
  }

  accept(
    hello: ClientHello,
    channel: ClientChannel,
  ): { readonly hello: ServerHello; readonly handlers: ClientChannelHandlers } | Refused {
    const servant = this.#options.servant();
    if (this.#isClosed || servant === undefined) {
      return { code: this.#isClosed ? 'SHUTTING_DOWN' : 'NOT_READY', text: 'this node does not serve clients now' };
    }
    const status = servant.status();
    const refused = refusalOf(hello, status);
    if (refused !== undefined) return refused;
    const { nodeId, clusterId } = status;
    if (clusterId === undefined) this.#early.add(channel);
    return { hello: { clusterId, nodeId }, handlers: this.#serve(servant, channel) };
  }

  /** Sends every client away, to another node. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    for (const channel of [...this.#streams.values()]) channel.close();
  }

  #serve(servant: Servant, channel: ClientChannel): ClientChannelHandlers {
    const stream = new ClientStream({
      servant,
      channel,
      clock: this.#options.clock,
      expel: (why) => this.#expel(channel, why),
    });
    this.#streams.set(stream, channel);
    this.#options.clock.soon(() => {
      if (this.#streams.has(stream) && !this.#tellChange(servant)) stream.tell(viewOf(servant));
    });
    this.#timer ??= this.#options.clock.after(lookMs, () => this.#look(servant));
    return {
      receive: (body) => stream.receive(body),
      drained: () => stream.drained(),
      closed: () => {
        this.#streams.delete(stream);
        this.#early.delete(channel);
        stream.closed();
      },
    };
  }

  /** Tells all clients when who leads, or who belongs to the cluster, is not what they were told. */
  #look(servant: Servant): void {
    this.#timer = undefined;
    if (this.#isClosed || this.#streams.size === 0) return;
    if (servant.status().clusterId !== undefined) this.#endEarly();
    this.#tellChange(servant);
    this.#timer = this.#options.clock.after(lookMs, () => this.#look(servant));
  }

  /** They come back at once and learn to which cluster they speak, so that they never change it unawares. */
  #endEarly(): void {
    for (const channel of [...this.#early]) channel.close();
  }

  /** False: nothing has changed, so nobody was told. */
  #tellChange(servant: Servant): boolean {
    const view = viewOf(servant);
    const told = JSON.stringify(view);
    if (told === this.#told) return false;
    this.#told = told;
    for (const stream of this.#streams.keys()) stream.tell(view);
    return true;
  }

  #expel(channel: ClientChannel, why: string): void {
    const now = this.#options.clock.now();
    if (now - this.#noticedAt >= noticeMs) {
      this.#noticedAt = now;
      this.#options.logger.warn({ why: why.slice(0, 200) }, 'a client was cut off: it does not keep to the protocol');
    }
    channel.close();
  }
}

const refusalOf = (hello: ClientHello, status: NodeStatus): Refused | undefined => {
  const { nodeId, clusterId, role, reason } = status;
  if (clusterId === undefined) {
    if (!hello.requireLeader && hello.clusterId === undefined) return undefined;
    const isQuarantined = role === 'quarantined';
    return {
      code: isQuarantined ? 'QUARANTINED' : 'NOT_READY',
      text: reason ?? `node ${nodeId} belongs to no cluster yet`,
    };
  }
  if (hello.clusterId === undefined || hello.clusterId === clusterId) return undefined;
  return { code: 'WRONG_CLUSTER', text: `node ${nodeId} belongs to cluster ${clusterId}, not to ${hello.clusterId}` };
};

const viewOf = (servant: Servant): ClusterView => {
  const { nodeId, role, leader, members } = servant.status();
  return {
    nodeId,
    role,
    leader,
    isReady: servant.isReady,
    isDiskLow: servant.isDiskLow,
    members: members.map(({ id, address }) => ({ id, address })),
  };
};
