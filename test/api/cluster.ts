import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ConnectOptions,
  Holdfast,
  type HoldfastClient,
  type HoldfastNode,
  type HoldfastOptions,
} from '../../src/index.ts';

/** Quick enough for tests, slow enough for a busy machine. */
export const quick = {
  heartbeatInterval: 60,
  electionTimeout: 600,
  sessionTtl: 4_000,
  closeTimeout: 1_500,
  readyTimeout: 15_000,
} as const;

/** A directory that is gone after the test. */
export const temporaryDirectory = async (): Promise<AsyncDisposable & { readonly path: string }> => {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-api-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
};

/** Ports of loopback that were free a moment ago. */
export const freePorts = async (count: number): Promise<readonly number[]> => {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject);
          server.listen({ host: '127.0.0.1', port: 0 }, () => {
            const address = server.address();
            resolve(address !== null && typeof address === 'object' ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
};

/** Three real nodes in this process: LevelDB in a temporary directory, gRPC on loopback. */
export class TestCluster {
  readonly #directory: AsyncDisposable & { readonly path: string };
  readonly members: Readonly<Record<string, string>>;
  readonly #nodes = new Map<string, HoldfastNode>();
  readonly #clients: HoldfastClient[] = [];

  private constructor(
    directory: AsyncDisposable & { readonly path: string },
    members: Readonly<Record<string, string>>,
  ) {
    this.#directory = directory;
    this.members = members;
  }

  /** The three without one of them running. */
  static async prepare(): Promise<TestCluster> {
    const ports = await freePorts(3);
    const members = Object.fromEntries(['a', 'b', 'c'].map((id, at) => [id, `127.0.0.1:${ports[at]}`]));
    return new TestCluster(await temporaryDirectory(), members);
  }

  static async start(overrides: Partial<HoldfastOptions> = {}): Promise<TestCluster> {
    const cluster = await TestCluster.prepare();
    await Promise.all(Object.keys(cluster.members).map((id) => cluster.open(id, overrides)));
    return cluster;
  }

  optionsOf(id: string): HoldfastOptions {
    return {
      ...quick,
      nodeId: id,
      listen: this.members[id],
      dataDir: join(this.#directory.path, id),
      members: this.members,
    };
  }

  async open(id: string, overrides: Partial<HoldfastOptions> = {}): Promise<HoldfastNode> {
    const node = await Holdfast.open({ ...this.optionsOf(id), ...overrides });
    this.#nodes.set(id, node);
    return node;
  }

  get nodes(): readonly HoldfastNode[] {
    return [...this.#nodes.values()];
  }

  get endpoints(): readonly string[] {
    return Object.values(this.members);
  }

  get leader(): HoldfastNode {
    return this.#one((node) => node.status().role === 'leader', 'leader');
  }

  get follower(): HoldfastNode {
    return this.#one((node) => node.status().role === 'follower', 'follower');
  }

  async connect(
    endpoints: readonly string[] = this.endpoints,
    overrides: Partial<ConnectOptions> = {},
  ): Promise<HoldfastClient> {
    const { sessionTtl, closeTimeout, readyTimeout } = quick;
    const usual = { endpoints, sessionTtl, closeTimeout, readyTimeout, label: 'client' };
    const client = await Holdfast.connect({ ...usual, ...overrides });
    this.#clients.push(client);
    return client;
  }

  /** Closes one node; the directory stays. */
  async close(node: HoldfastNode): Promise<string> {
    const { nodeId } = node.status();
    this.#nodes.delete(nodeId);
    await node.close();
    return nodeId;
  }

  /** Ends the clients and brings all nodes back that were closed. */
  async revive(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((client) => client.close()));
    const gone = Object.keys(this.members).filter((id) => !this.#nodes.has(id));
    await Promise.all(gone.map((id) => this.open(id)));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    await Promise.all(this.nodes.map((node) => node.close()));
    await this.#directory[Symbol.asyncDispose]();
  }

  #one(suits: (node: HoldfastNode) => boolean, what: string): HoldfastNode {
    const found = this.nodes.find(suits);
    if (found === undefined) throw new Error(`no ${what} among ${this.nodes.length} nodes`);
    return found;
  }
}
