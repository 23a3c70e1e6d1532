import { outOfRange, wrongType } from '../errors.ts';
import { HoldfastClient, HoldfastNode } from '../holdfast.ts';
import type { Failure } from '../node/index.ts';
import type { NodeClock } from './node-clock.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';
import { SimulatedHost } from './simulated-host.ts';
import { checkHostName, type TestClusterSettings } from './test-cluster-options.ts';

/** How long a provider of a test may take to say goodbye, milliseconds. */
export const closeTimeoutMs = 1_000;

interface ClientHost {
  readonly provider: HoldfastClient;
  readonly clock: NodeClock;
}

interface NodeHome {
  readonly provider: HoldfastNode;
  readonly host: SimulatedHost;
}

/** The processes of a test cluster by name, nodes and clients, with the providers that live in them. */
export class TestHosts {
  readonly #cluster: SimulatedCluster;
  readonly #settings: TestClusterSettings;
  readonly #nodes = new Map<string, NodeHome>();
  readonly #clients = new Map<string, ClientHost>();

  constructor(cluster: SimulatedCluster, settings: TestClusterSettings) {
    this.#cluster = cluster;
    this.#settings = settings;
    cluster.failed = (nodeId, failure) => this.#nodes.get(nodeId)?.host.fail(failure);
  }

  /** Of all hosts, nodes first. */
  get names(): readonly string[] {
    return [...this.#settings.nodeIds, ...this.#clients.keys()];
  }

  get nodes(): readonly HoldfastNode[] {
    return [...this.#nodes.values()].map(({ provider }) => provider);
  }

  get clients(): readonly HoldfastClient[] {
    return [...this.#clients.values()].map(({ provider }) => provider);
  }

  node(nodeId: string): HoldfastNode {
    return this.#home(nodeId).provider;
  }

  start(nodeId: string): HoldfastNode {
    const { sessionTtl, logger } = this.#settings;
    const host = new SimulatedHost(this.#cluster, nodeId);
    const provider = new HoldfastNode(host, { nodeId, sessionTtl, logger, closeTimeout: closeTimeoutMs });
    this.#nodes.set(nodeId, { provider, host });
    return provider;
  }

  /** Whoever awaits something of it hears that it is gone; in a real process nobody would be left to hear it. */
  kill(nodeId: string): void {
    const { provider, host } = this.#home(nodeId);
    if (!this.#cluster.isAlive(nodeId)) return;
    const failure: Failure = { code: 'BACKEND', text: `node ${nodeId} was killed by its test` };
    this.#cluster.kill(nodeId);
    host.fail(failure);
    host.runtime.stop({ deadlineMs: 0 }, () => undefined);
    provider.close().catch(() => undefined);
  }

  client(asked: string | undefined): HoldfastClient {
    const name = asked === undefined ? `client-${this.#clients.size + 1}` : checkHostName(asked, 'client(name): name');
    if (this.names.includes(name)) throw wrongType(`client(name): there is a ${name} already`);
    const { sessionTtl, logger } = this.#settings;
    const { gateway, clock } = this.#cluster.connect(name);
    const provider = new HoldfastClient(gateway, {
      ...{ label: name, sessionTtl, logger, clock, closeTimeout: closeTimeoutMs },
      random: this.#cluster.random,
      shutDown: () => gateway.close(),
    });
    this.#clients.set(name, { provider, clock });
    return provider;
  }

  /** The clock of a host, by which it is paused. */
  clock(name: string): NodeClock {
    const client = this.#clients.get(name);
    if (client !== undefined) return client.clock;
    this.#home(name);
    return this.#cluster.clock(name);
  }

  /** Throws a RangeError for a name that no host has. */
  check(name: string): string {
    if (this.names.includes(name)) return name;
    throw outOfRange(`there is no ${JSON.stringify(name)}; there are ${this.names.join(', ')}`);
  }

  #home(nodeId: string): NodeHome {
    const home = this.#nodes.get(nodeId);
    if (home !== undefined) return home;
    throw outOfRange(`there is no node ${JSON.stringify(nodeId)}; there are ${this.#settings.nodeIds.join(', ')}`);
  }
}
