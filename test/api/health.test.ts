import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Holdfast, type HoldfastNode } from '../../src/index.ts';
import type { NodeStatus } from '../../src/node/index.ts';
import { Health } from '../../src/server/index.ts';
import { freePorts, quick, TestCluster, temporaryDirectory } from './cluster.ts';
import { VirtualClock } from './virtual-clock.ts';

interface Reply {
  readonly code: number | undefined;
  readonly body: unknown;
}

const ask = (port: number, path: string, method = 'GET'): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, path, method, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () =>
        resolve({ code: response.statusCode, body: text === '' ? undefined : JSON.parse(text) }),
      );
    });
    call.on('error', reject);
    call.end();
  });

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const alone = async (): Promise<{ readonly node: HoldfastNode; readonly port: number }> => {
  const directory = await temporaryDirectory();
  closing.push(async () => directory[Symbol.asyncDispose]());
  const [port = 0] = await freePorts(1);
  const dataDir = join(directory.path, 'data');
  const node = await Holdfast.open({ ...quick, dataDir, healthListen: `127.0.0.1:${port}` });
  closing.push(() => node.close());
  return { node, port };
};

describe('health', () => {
  it('is good, in both ways, at a node that serves', async () => {
    const { port } = await alone();

    const live = await ask(port, '/livez');
    const ready = await ask(port, '/readyz?verbose');

    expect(live).toMatchObject({ code: 200, body: { status: 'ok', nodeId: 'node' } });
    expect(ready).toMatchObject({ code: 200, body: { status: 'ok', role: 'leader' } });
  });

  it('is alive but not ready without a quorum', async () => {
    const [port = 0] = await freePorts(1);
    const cluster = await TestCluster.start();
    closing.push(() => cluster.stop());
    const ids = await Promise.all(cluster.nodes.map((node) => cluster.close(node)));
    const [id = 'a'] = ids;
    const opening = cluster.open(id, { readyTimeout: 3_000, healthListen: `127.0.0.1:${port}` }).catch(() => undefined);

    await expect.poll(() => ask(port, '/livez').catch(() => undefined)).toMatchObject({ code: 200 });
    const ready = await ask(port, '/readyz');

    expect(ready).toMatchObject({ code: 503, body: { status: 'failing' } });
    await opening;
  });

  it('is alive but not ready with too little disk, and new locks are refused through every door', async () => {
    const [port = 0] = await freePorts(1);
    const directory = await temporaryDirectory();
    closing.push(async () => directory[Symbol.asyncDispose]());
    const node = await Holdfast.open({
      ...quick,
      dataDir: join(directory.path, 'data'),
      listen: '127.0.0.1:0',
      healthListen: `127.0.0.1:${port}`,
      limits: { freeDiskBytes: Number.MAX_SAFE_INTEGER },
    });
    closing.push(() => node.close());
    const client = await Holdfast.connect({ endpoints: [node.status().members[0]?.address ?? ''] });
    closing.push(() => client.close());
    const refused = { code: 'LIMIT_EXCEEDED', outcome: 'not-applied', message: expect.stringContaining('disk') };

    const live = await ask(port, '/livez');
    const ready = await ask(port, '/readyz');

    expect(live.code).toBe(200);
    expect(ready).toMatchObject({
      code: 503,
      body: { checks: expect.arrayContaining([expect.objectContaining({ name: 'disk', ok: false })]) },
    });
    await expect(node.acquireLock('x')).rejects.toMatchObject(refused);
    await expect(client.acquireLock('x')).rejects.toMatchObject(refused);
  });

  it.each([
    [0, 200, 200],
    [1_001, 200, 503],
    [29_999, 200, 503],
    [30_001, 503, 503],
  ])('with a write under way for %i ms is alive: %i, and ready: %i', async (writeMs, alive, ready) => {
    const status: NodeStatus = {
      ...{ nodeId: 'a', clusterId: 'c', role: 'follower', leader: 'b', members: [], reason: undefined },
      ...{ term: 1, commitIndex: 1, appliedIndex: 1 },
    };
    const health = new Health({
      listen: { host: '127.0.0.1', port: 0 },
      clock: new VirtualClock(),
      status: () => status,
      isReady: () => true,
      isDiskLow: () => false,
      writeMs: () => writeMs,
      diskStallTimeout: 1_000,
    });
    const port = await health.listen();
    closing.push(() => health.close());

    expect((await ask(port, '/livez')).code).toBe(alive);
    expect((await ask(port, '/readyz')).code).toBe(ready);
  });

  it('has no other pages and no other verbs', async () => {
    const { port } = await alone();

    expect((await ask(port, '/metrics')).code).toBe(404);
    expect((await ask(port, '/livez', 'POST')).code).toBe(405);
  });

  it('survives what is no HTTP', async () => {
    const { port } = await alone();
    const socket = connect({ host: '127.0.0.1', port });
    const closed = new Promise((resolve) => socket.on('close', resolve).on('error', () => undefined));

    socket.write('\u0000\u0001 nothing of the kind\r\n\r\n');
    await closed;

    expect((await ask(port, '/livez')).code).toBe(200);
  });

  it('is off when nobody asked for it, and gone after close', async () => {
    const { node, port } = await alone();

    await node.close();

    await expect(ask(port, '/livez')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
