import { RemoteGateway } from './client/remote-gateway.ts';
import { type Clock, type Random, systemClock, systemRandom } from './clock/index.ts';
import type { LockError } from './errors.ts';
import { errorOf } from './failure.ts';
import { keepAlive } from './keep-alive.ts';
import { type Host, NodeHost } from './node-host.ts';
import type { ConnectOptions, HoldfastOptions } from './options.ts';
import { type ClientSettings, checkClientOptions, checkNodeOptions, type NodeSettings } from './options-check.ts';
import { Provider } from './provider.ts';
import { SessionEngine } from './session-engine.ts';
import { connectClient } from './transport/index.ts';
import { decodeStatus, type NodeStatus } from './views.ts';

/** What a node's own object needs of its settings. */
type NodeProviderSettings = Pick<NodeSettings, 'nodeId' | 'sessionTtl' | 'closeTimeout' | 'logger'>;

/** What a client is made of beside its gateway. */
interface ClientParts extends Pick<ClientSettings, 'label' | 'sessionTtl' | 'closeTimeout' | 'logger'> {
  readonly clock: Clock;
  readonly random: Random;
  readonly shutDown: () => void;
}

/** An embedded node: a member of the cluster in this process, and a provider of locks. */
export class HoldfastNode extends Provider {
  readonly #host: Host;
  readonly #failed: Promise<LockError | RangeError>;

  /** Made by `Holdfast.open`. */
  constructor(host: Host, { nodeId, sessionTtl, closeTimeout, logger }: NodeProviderSettings) {
    const { clock, random, runtime } = host;
    const engine = new SessionEngine({
      gateway: runtime,
      clock,
      random,
      ttlMs: sessionTtl,
      label: nodeId,
      isHome: true,
      stoppedBy: () => {
        const { role, reason } = runtime.status();
        return role === 'failed' ? { code: 'BACKEND', text: reason ?? 'this node has failed' } : undefined;
      },
    });
    super({ gateway: runtime, engine, clock, logger, closeTimeout, shutDown: (leftMs) => host.shutDown(leftMs) });
    this.#host = host;
    this.#failed = new Promise((resolve) => {
      host.onFailed = (failure) => {
        this.fail(failure);
        resolve(errorOf(failure));
      };
    });
  }

  /** This node's own view, at once, whether or not there is a quorum. */
  status(): NodeStatus {
    return this.#host.runtime.status();
  }

  /**
   * Resolves with the reason when the node stops by itself: its disk failed, an invariant broke, or a newer run of it
   * took over. Every call rejects with it from then on; the process lives. Never resolves otherwise.
   */
  whenFailed(): Promise<LockError | RangeError> {
    return this.#failed;
  }

  override close(): Promise<void> {
    this.#host.retire();
    return super.close();
  }
}

/** A client without a node of its own: the same locks over the network, from whichever node can serve. */
export class HoldfastClient extends Provider {
  /** Made by `Holdfast.connect`. */
  constructor(gateway: RemoteGateway, parts: ClientParts) {
    const { sessionTtl, label, closeTimeout, logger, clock, random, shutDown } = parts;
    const engine = new SessionEngine({
      gateway,
      clock,
      random,
      ttlMs: sessionTtl,
      label,
      isHome: false,
    });
    super({ gateway, engine, clock, logger, closeTimeout, shutDown: async () => shutDown() });
  }

  /** How the node that serves this client sees itself and the cluster. */
  async status(): Promise<NodeStatus> {
    return decodeStatus((await this.ask({ kind: 'status' })).value);
  }
}

const open = async (options: HoldfastOptions): Promise<HoldfastNode> => {
  const settings = checkNodeOptions(options);
  return new HoldfastNode(await NodeHost.open(settings), settings);
};

const connect = (options: ConnectOptions): Promise<HoldfastClient> =>
  new Promise((resolve, reject) => {
    const settings = checkClientOptions(options);
    const { endpoints, readyTimeout, sessionTtl, label, insecure, clusterId, requireLeader, logger } = settings;
    const gateway = new RemoteGateway({
      ...{ endpoints, label, insecure, clusterId, requireLeader, logger },
      clock: systemClock,
      random: systemRandom,
      pulseMs: Math.min(1_000, sessionTtl / 10),
      dial: connectClient,
    });
    const release = keepAlive();
    const shutDown = (): void => {
      gateway.close();
      release();
    };
    const timer = systemClock.after(readyTimeout, () => {
      const { failure } = gateway;
      shutDown();
      reject(errorOf({ ...failure, text: `not connected after ${readyTimeout} ms: ${failure.text}` }));
    });
    gateway.start(() => {
      timer.cancel();
      resolve(new HoldfastClient(gateway, { ...settings, clock: systemClock, random: systemRandom, shutDown }));
    });
  });

/** The two ways to locks: a node in this process, or a connection to nodes elsewhere. */
export const Holdfast: {
  /**
   * Opens an embedded node; resolves when it has joined its cluster and knows a leader. Rejects with a TypeError or
   * RangeError for wrong options, otherwise with a `LockError`, after `readyTimeout` at the latest with `NOT_READY`;
   * nothing stays open then.
   */
  open(options: HoldfastOptions): Promise<HoldfastNode>;
  /**
   * Connects to any node that knows a leader; keeps following the cluster from then on. Rejects after `readyTimeout`
   * with `CONNECTION` or `NOT_READY` and what was tried, or with a TypeError or RangeError for wrong options.
   */
  connect(options: ConnectOptions): Promise<HoldfastClient>;
} = { open, connect };
