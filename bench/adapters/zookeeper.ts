import { connect } from 'node:net';
import type { LockPort } from '../station/port.ts';
import { packageAt } from './package-at.ts';
import type { ZooKeeperSettings } from './settings.ts';

/** What the bench uses of the package `node-zookeeper-client`. */
interface ZooKeeperPackage {
  createClient(server: string, options: { readonly sessionTimeout: number }): ZooKeeperClient;
  readonly CreateMode: { readonly PERSISTENT: number; readonly EPHEMERAL_SEQUENTIAL: number };
}

type Callback<T extends readonly unknown[]> = (error: ZooKeeperError | null, ...values: T) => void;

interface ZooKeeperError extends Error {
  readonly name: string;
}

interface ZooKeeperClient {
  connect(): void;
  close(): void;
  once(event: 'connected', listener: () => void): unknown;
  create(path: string, content: Buffer | null, mode: number, done: Callback<readonly [path: string]>): void;
  getChildren(path: string, done: Callback<readonly [children: readonly string[]]>): void;
  exists(path: string, watcher: () => void, done: Callback<readonly [stat: object | null]>): void;
  remove(path: string, version: number, done: Callback<readonly []>): void;
}

/**
 * The standard recipe: a sequential ephemeral node of one's own, the lowest one holds, the others each watch the one
 * before them. Uncontended, an acquire is a create and a look at the children, a release one removal.
 */
export async function openZooKeeper({ packages, port, ttlMs }: ZooKeeperSettings): Promise<LockPort> {
  const zookeeper = packageAt<ZooKeeperPackage>(packages, 'node-zookeeper-client');
  const client = zookeeper.createClient(`127.0.0.1:${port}`, { sessionTimeout: ttlMs });
  const connected = new Promise<void>((resolve) => client.once('connected', resolve));
  client.connect();
  await connected;
  const recipe = new Recipe(client, zookeeper.CreateMode);
  return {
    acquire: (name) => recipe.acquire(name),
    status: async () => ({ isLeader: /^Mode: leader$/m.test(await fourLetters(port, 'srvr')) }),
    close: async () => client.close(),
  };
}

class Recipe {
  readonly #client: ZooKeeperClient;
  readonly #modes: ZooKeeperPackage['CreateMode'];
  /** Names whose parent is there: it is made once, and stays. */
  readonly #known: Set<string> = new Set();

  constructor(client: ZooKeeperClient, modes: ZooKeeperPackage['CreateMode']) {
    this.#client = client;
    this.#modes = modes;
  }

  async acquire(name: string): Promise<{ release(): Promise<unknown> }> {
    const parent = `/${name.replaceAll('/', '_')}`;
    await this.#makeParent(parent);
    const path = await new Promise<string>((resolve, reject) => {
      this.#client.create(`${parent}/n-`, null, this.#modes.EPHEMERAL_SEQUENTIAL, settle(resolve, reject));
    });
    await this.#turn(parent, path.slice(parent.length + 1));
    return {
      release: () => new Promise<void>((resolve, reject) => this.#client.remove(path, -1, settle(resolve, reject))),
    };
  }

  async #makeParent(path: string): Promise<void> {
    if (this.#known.has(path)) return;
    await new Promise<void>((resolve, reject) => {
      this.#client.create(path, null, this.#modes.PERSISTENT, (error) => {
        if (error === null || error.name === 'NODE_EXISTS') resolve();
        else reject(error);
      });
    });
    this.#known.add(path);
  }

  async #turn(parent: string, own: string): Promise<void> {
    for (;;) {
      const children = await new Promise<readonly string[]>((resolve, reject) => {
        this.#client.getChildren(parent, settle(resolve, reject));
      });
      const sorted = children.toSorted();
      const before = sorted[sorted.indexOf(own) - 1];
      if (before === undefined) return;
      await this.#gone(`${parent}/${before}`);
    }
  }

  #gone(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#client.exists(path, resolve, (error, stat) => {
        if (error !== null) reject(error);
        else if (stat === null || stat === undefined) resolve();
      });
    });
  }
}

const settle =
  <T>(resolve: (value: T) => void, reject: (error: Error) => void): Callback<readonly [T]> & Callback<readonly []> =>
  (error: ZooKeeperError | null, ...values: readonly T[]) => {
    if (error !== null && error !== undefined) reject(error);
    // A callback without a value is one whose promise has none.
    else resolve(values[0] as T);
  };

/** A question in four letters, which every server answers in text. */
const fourLetters = (port: number, word: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(word));
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.once('end', () => resolve(text));
    socket.once('error', reject);
  });
