import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Host } from './host.ts';
import type { HostRole } from './messages.ts';
import { NamespaceNetwork } from './namespaces/namespace-network.ts';
import type { Network, NetworkKind } from './network.ts';
import { journalPath } from './node-journals.ts';
import { quietPorts } from './ports.ts';
import type { Problems } from './problems.ts';
import { ProxyNetwork } from './proxy-network.ts';
import type { Shim } from './shim.ts';

/** What a cluster of a run is built of. */
export interface ClusterParts {
  readonly folder: string;
  /** The repository whose `dist` is run. */
  readonly root: string;
  readonly nodes: number;
  readonly network: NetworkKind;
  readonly shim: Shim | undefined;
  readonly problems: Problems;
}

/** Milliseconds. Short, so that much happens in a short run; far above what a busy machine makes of a heartbeat. */
export const timings = { electionTimeout: 800, heartbeatInterval: 100 } as const;

/** Sessions of nodes die before a new leader is found, those of clients live on. */
export const ttls = { node: 2_000, client: 4_000 } as const;

const limits = { checkpointEntries: 400, keptEntries: 200 } as const;

const seatsPerNode = 3;
const clientHosts = ['c1', 'c2'] as const;
const connectionsPerHost = 2;

/** The processes of a run and the network between them. */
export class Cluster {
  readonly hosts: readonly Host[];
  readonly network: Network;

  private constructor(hosts: readonly Host[], network: Network) {
    this.hosts = hosts;
    this.network = network;
  }

  /** Nothing runs yet. */
  static async of(parts: ClusterParts): Promise<Cluster> {
    const nodeIds = Array.from({ length: parts.nodes }, (_, at) => `n${at + 1}`);
    const network = await networks[parts.network](nodeIds);
    const { members } = network;
    const build = hostBuilder(parts, network);
    const hosts = [
      ...nodeIds.map((id) => build(id, nodeRole(id, members, parts.folder), seatsPerNode)),
      ...clientHosts.map((name) => build(name, clientRole(name, members), connectionsPerHost)),
    ];
    return new Cluster(hosts, network);
  }

  get nodes(): readonly Host[] {
    return this.hosts.filter(({ isNode }) => isNode);
  }

  get clients(): readonly Host[] {
    return this.hosts.filter(({ isNode }) => !isNode);
  }

  start(): void {
    for (const host of this.hosts) host.start();
  }

  /** The node that leads in the highest term, as far as nodes answer soon. */
  async leader(): Promise<Host | undefined> {
    const answers = await Promise.all(
      this.nodes.map(async (host) => ({ host, answer: await within(500, host.ask({ kind: 'status' })) })),
    );
    const leaders = answers.flatMap(({ host, answer }) =>
      answer?.kind === 'status' && answer.role === 'leader' ? [{ host, term: answer.term }] : [],
    );
    return leaders.toSorted((one, other) => other.term - one.term)[0]?.host;
  }

  async close(): Promise<void> {
    await Promise.all(this.hosts.map((host) => host.kill()));
    for (const { orders } of this.hosts) orders?.close();
    await this.network.close();
  }
}

const networks: Readonly<Record<NetworkKind, (nodeIds: readonly string[]) => Promise<Network>>> = {
  proxy: async (nodeIds) => {
    const ports = await quietPorts(nodeIds.length);
    return await ProxyNetwork.of(Object.fromEntries(nodeIds.map((id, at) => [id, ports[at] ?? 0])), clientHosts);
  },
  namespaces: (nodeIds) => NamespaceNetwork.of(nodeIds, clientHosts),
};

type Build = (name: string, role: HostRole, seats: number) => Host;

function hostBuilder(parts: ClusterParts, network: Network): Build {
  const { folder, root, shim, problems } = parts;
  const library = pathToFileURL(join(root, 'dist/src/index.js')).href;
  return (name, role, seats) => {
    const { before, detours, insecure } = network.berthOf(name);
    const dataFolder = join(folder, 'data', name);
    mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
    const orders = shim?.ordersFor(name, dataFolder);
    return new Host(
      {
        name,
        seats,
        orders,
        isNode: role.kind === 'node',
        before,
        settings: { library, detours, insecure, sessionTtl: ttls[role.kind], role },
        environment: orders?.environment ?? {},
        outputPath: join(folder, `${name}.log`),
      },
      problems,
    );
  };
}

function nodeRole(nodeId: string, members: Readonly<Record<string, string>>, folder: string): HostRole {
  const { electionTimeout, heartbeatInterval } = timings;
  const dataDir = join(folder, 'data', nodeId);
  const journal = journalPath(folder, nodeId);
  return { kind: 'node', nodeId, members, dataDir, journal, electionTimeout, heartbeatInterval, limits };
}

function clientRole(name: string, members: Readonly<Record<string, string>>): HostRole {
  const labels = Array.from({ length: connectionsPerHost }, (_, seat) => homeOf(name, false, seat));
  return { kind: 'client', endpoints: Object.values(members), labels };
}

/** How `inspect` names the session of a worker: by its node, or by the label of its connection. */
export const homeOf = (host: string, isNode: boolean, seat: number): string => (isNode ? host : `${host}.${seat + 1}`);

/** The sources of this repository, from the built harness. */
export const repository: string = fileURLToPath(new URL('../../..', import.meta.url));

/** Undefined when it takes longer. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  const first = await Promise.race([promise, late]);
  clearTimeout(timer);
  return first;
}
