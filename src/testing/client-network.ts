import type { Dial } from '../client/link.ts';
import type { ClientChannel, ClientChannelHandlers, ConnectOptions, Refused, Value } from '../transport/index.ts';
import type { NodeClock } from './node-clock.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What a client's stream needs of the simulated world. Hosts are node ids, and names of clients. */
export interface ClientWorld {
  readonly time: VirtualTime;
  processAt(endpoint: string): SimulatedProcess | undefined;
  /** Whether nothing passes from one host to the other at this moment. */
  isCut(from: string, to: string): boolean;
  /** Milliseconds one way. */
  delayMs(from: string, to: string): number;
}

/** One end of a stream. What is told to it waits while its machine is stopped. */
interface End {
  readonly host: string;
  readonly clock: NodeClock;
  handlers: ClientChannelHandlers | undefined;
  isOver: boolean;
  /** When the newest word for it arrives: the next one may not overtake it. */
  arrivesAt: number;
}

const endOf = (host: string, clock: NodeClock, handlers?: ClientChannelHandlers): End => ({
  host,
  clock,
  handlers,
  isOver: false,
  arrivesAt: 0,
});

/** TCP sends again what got lost, about so often. */
const retryMs = 50;

const dialTimeoutMs = 2_000;

/**
 * How a client on `host` reaches nodes: by streams that keep their order and lose nothing until a side ends or its
 * process dies. While the hosts are cut off from each other what is said waits, and nobody is told.
 */
export function clientDial(world: ClientWorld, host: string, clock: NodeClock): Dial {
  return (options) => new SimulatedStream(world, endOf(host, clock, options.handlers), options).channel;
}

class SimulatedStream {
  readonly channel: ClientChannel;
  readonly #world: ClientWorld;
  readonly #client: End;
  readonly #server: End;

  constructor(world: ClientWorld, client: End, options: ConnectOptions) {
    const process = world.processAt(options.endpoint);
    this.#world = world;
    this.#client = client;
    this.#server = endOf(process?.nodeId ?? options.endpoint, process?.clock ?? client.clock);
    this.channel = this.#channelOf(client, this.#server);
    if (process === undefined) {
      client.clock.soon(() => this.#finish(client, `nobody listens at ${options.endpoint}`));
      return;
    }
    client.clock.after(options.dialTimeout ?? dialTimeoutMs, () => {
      if (this.#server.handlers === undefined) this.#finish(client, 'no answer in time');
    });
    this.#carry(client, this.#server, () => this.#arrived(process, options));
  }

  #arrived(process: SimulatedProcess, { hello, opened }: ConnectOptions): void {
    const [client, server] = [this.#client, this.#server];
    if (!process.isAlive) return this.#carry(server, client, () => this.#finish(client, 'nobody listens there'));
    const accepted = process.service.accept(hello, this.#channelOf(server, client));
    if ('code' in accepted) {
      return this.#carry(server, client, () => this.#finish(client, accepted.text, accepted));
    }
    server.handlers = accepted.handlers;
    process.clients.add((isAlive) => {
      this.#carry(server, client, () => this.#finish(client, 'the connection broke'));
      if (isAlive) server.clock.soon(() => this.#finish(server, 'the connection broke'));
      else server.isOver = true;
    });
    this.#carry(server, client, () => opened?.(accepted.hello));
  }

  #channelOf(from: End, to: End): ClientChannel {
    return {
      send: (body: Value) => {
        if (!from.isOver) this.#carry(from, to, () => to.handlers?.receive(body));
        return true;
      },
      close: () => {
        this.#carry(from, to, () => this.#finish(to, 'the other side ended the stream'));
        from.clock.soon(() => this.#finish(from, 'closed'));
      },
    };
  }

  #carry(from: End, to: End, deliver: () => void): void {
    const { time } = this.#world;
    to.arrivesAt = Math.max(time.now + this.#world.delayMs(from.host, to.host), to.arrivesAt);
    const arrive = (): void => {
      if (to.isOver) return;
      if (this.#world.isCut(from.host, to.host)) time.at(retryMs, arrive);
      else to.clock.deliver(() => to.isOver || deliver());
    };
    time.at(to.arrivesAt - time.now, arrive);
  }

  #finish(end: End, text: string, refused?: Refused): void {
    if (end.isOver) return;
    end.isOver = true;
    end.handlers?.closed({ text, refused });
  }
}
