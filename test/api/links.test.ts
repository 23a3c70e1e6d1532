import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Holdfast, type HoldfastClient, type HoldfastNode } from '../../src/index.ts';
import { quick, temporaryDirectory } from './cluster.ts';

type Pair = readonly [client: Socket, node: Socket];

/** Stands between a client and a node, and can let connections go dead in every way a network can. */
class Relay {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  readonly #silent = new Set<Pair>();

  constructor(nodePort: number) {
    this.#server = createServer((client) => {
      const node = connect({ host: '127.0.0.1', port: nodePort });
      const pair: Pair = [client, node];
      this.#pairs.add(pair);
      for (const socket of pair) socket.on('error', () => undefined).on('close', () => this.#end(pair));
      client.on('data', (bytes) => this.#pass(pair, node, bytes));
      node.on('data', (bytes) => this.#pass(pair, client, bytes));
    });
  }

  listen(): Promise<string> {
    return new Promise((resolve) => {
      this.#server.listen({ host: '127.0.0.1', port: 0 }, () => {
        const address = this.#server.address();
        resolve(`127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`);
      });
    });
  }

  /** Nothing passes any more on the present connections, and neither side is told. */
  silence(): void {
    for (const pair of this.#pairs) this.#silent.add(pair);
  }

  /** The present connections break. */
  reset(): void {
    for (const pair of [...this.#pairs]) this.#end(pair);
  }

  close(): Promise<void> {
    this.reset();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #pass(pair: Pair, to: Socket, bytes: Buffer): void {
    if (!this.#silent.has(pair)) to.write(bytes);
  }

  #end(pair: Pair): void {
    this.#pairs.delete(pair);
    for (const socket of pair) socket.destroy();
  }
}

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const scene = async (): Promise<{ node: HoldfastNode; client: HoldfastClient; proxy: Relay }> => {
  const directory = await temporaryDirectory();
  closing.push(async () => directory[Symbol.asyncDispose]());
  const node = await Holdfast.open({ ...quick, dataDir: directory.path, listen: '127.0.0.1:0' });
  closing.push(() => node.close());
  const proxy = new Relay(Number(node.status().members[0]?.address.split(':').at(-1)));
  const endpoint = await proxy.listen();
  closing.push(() => proxy.close());
  const client = await Holdfast.connect({ endpoints: [endpoint], sessionTtl: 12_000, closeTimeout: 1_000 });
  closing.push(() => client.close());
  return { node, client, proxy };
};

describe('a client whose link', () => {
  it('is reset goes on with its lock, its place in a queue and its questions', async () => {
    const { node, client, proxy } = await scene();
    const held = await client.acquireLock('kept');
    const taken = await node.acquireLock('taken');
    const waiting = client.acquireLock('taken');
    await expect.poll(async () => (await node.inspect('taken')).waiting).toBe(1);

    proxy.reset();
    const view = await client.inspect('kept');
    await taken.release();
    const granted = await waiting;

    expect(view.holders.map(({ token }) => token)).toEqual([held.fencingToken]);
    expect(granted.fencingToken).toBeGreaterThan(taken.fencingToken);
    expect(held.isHeld).toBe(true);
    expect(held.signal.aborted).toBe(false);
  });

  it('falls silent notices it and takes another before its lock is lost', async () => {
    const { client, proxy } = await scene();
    const held = await client.acquireLock('kept');

    proxy.silence();
    const view = await client.inspect('kept');

    expect(view.holders.map(({ token }) => token)).toEqual([held.fencingToken]);
    expect(held.isHeld).toBe(true);
  });

  it('is reset in the middle of a release lets go exactly once (S116)', async () => {
    const { node, client, proxy } = await scene();
    const held = await client.acquireLock('x');

    const released = held.release();
    proxy.reset();
    await released;

    const next = await node.acquireLock('x', { timeout: 0 });
    expect(next.fencingToken).toBeGreaterThan(held.fencingToken);
  });
});
