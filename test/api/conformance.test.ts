import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { Holdfast, type HoldfastClient, type HoldfastNode } from '../../src/index.ts';
import { quick, TestCluster, temporaryDirectory } from './cluster.ts';
import { conformance } from './conformance.ts';

describe('in a cluster of three', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await TestCluster.start();
  });
  afterAll(() => cluster.stop());

  conformance('the leader', async () => ({ subject: cluster.leader, other: cluster.follower }));
  conformance('a follower', async () => ({ subject: cluster.follower, other: cluster.leader }));
  conformance('a remote client', async () => ({ subject: await cluster.connect(), other: cluster.follower }));
});

describe('in a cluster of one', () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let node: HoldfastNode;
  let client: HoldfastClient;
  beforeAll(async () => {
    directory = await temporaryDirectory();
    node = await Holdfast.open({ ...quick, dataDir: join(directory.path, 'data'), listen: '127.0.0.1:0' });
    client = await Holdfast.connect({ endpoints: node.status().members.map((member) => member.address) });
  });
  afterAll(async () => {
    await client.close();
    await node.close();
    await directory[Symbol.asyncDispose]();
  });

  conformance('its only node', async () => ({ subject: node, other: client }));
});
