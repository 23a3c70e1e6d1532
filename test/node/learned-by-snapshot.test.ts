import { describe, expect, it } from 'vitest';
import { SimulatedCluster } from '../../src/testing/index.ts';
import { grantedTo, openOn, TestClient } from './client.ts';
import { allTogether, checkpointOf, leaveBehind, untilCaughtUp } from './straggler.ts';

const limits = { checkpointEntries: 10, keptEntries: 0, snapshotChunkBytes: 200 };

/** Who belongs to the cluster, by the checkpoint that a restart of `nodeId` would begin with. */
const membersOnDisk = (cluster: SimulatedCluster, nodeId: string): unknown =>
  cluster.disks.get(nodeId)?.image.table?.head.configuration;

/** Of the configuration that it goes by, as it tells its peers. */
const configIndexOf = (cluster: SimulatedCluster, nodeId: string): number | undefined =>
  cluster.processes.get(nodeId)?.handlers?.hello().configIndex;

/** Puts a new incarnation with an empty disk in the place of `nodeId`. */
function renew(cluster: SimulatedCluster, nodeId: string): void {
  let isDone = false;
  cluster.kill(nodeId);
  cluster.disks.get(nodeId)?.wipe();
  cluster.start(nodeId);
  cluster.time.advance(2_000);
  cluster.runtime(cluster.leader() ?? '').replace(nodeId, ({ ok }) => {
    isDone = ok;
  });
  cluster.time.until(() => isDone, 30_000, 'it is replaced');
}

describe('a node that slept through a replacement and was brought back by a snapshot', () => {
  it('writes the members of the snapshot into its own later checkpoints, and starts with them (S67, S73)', () => {
    const cluster = new SimulatedCluster(['a', 'b', 'c', 'd', 'e'], { limits });
    cluster.startAll();
    const leader = cluster.untilReady();
    const [lagging = '', replaced = ''] = cluster.followers();
    const client = openOn(cluster, leader, 1, { isHome: false, ttlMs: 3_600_000 });
    const former = membersOnDisk(cluster, lagging);
    cluster.isolate(lagging);
    renew(cluster, replaced);
    for (let n = 0; n < 40; n += 1) grantedTo(cluster, client, `kept-${n}`);

    cluster.heal();
    untilCaughtUp(cluster, lagging);
    const installed = checkpointOf(cluster, lagging);
    for (let n = 0; n < 20; n += 1) grantedTo(cluster, client, `later-${n}`);
    cluster.time.until(() => checkpointOf(cluster, lagging) > installed, 5_000, 'it takes a checkpoint of its own');
    const present = membersOnDisk(cluster, lagging);
    cluster.isolate(lagging);
    cluster.kill(lagging);
    cluster.start(lagging);
    cluster.time.advance(100);

    expect(present).not.toEqual(former);
    expect(present).toEqual(membersOnDisk(cluster, leader));
    expect(configIndexOf(cluster, lagging)).toBe(configIndexOf(cluster, leader));
  });
});

describe('a node that a snapshot brings back', () => {
  it('answers an opening that was decided in it, without asking again', () => {
    const world = allTogether();
    const { cluster, leader, lagging, other } = world;
    for (const id of [leader, other]) cluster.cutOneWay(id, lagging);
    const client = new TestClient(cluster.runtime(lagging), { nonce: 'd'.repeat(32), ttlMs: 3_600_000 });
    cluster.time.advance(50);
    leaveBehind(world);
    const beforehand = client.opening;

    cluster.linkMs = (from, _to, packet) =>
      from === lagging && packet?.kind === 'forward' ? Number.POSITIVE_INFINITY : 1;
    cluster.heal();
    untilCaughtUp(cluster, lagging);

    expect(beforehand).toBeUndefined();
    expect(client.opening).toMatchObject({ ok: true });
  });

  it('tells a session of its own that it ended meanwhile', () => {
    const world = allTogether();
    const { cluster, lagging } = world;
    const client = openOn(cluster, lagging, 2, { ttlMs: 2_000 });
    cluster.isolate(lagging);
    cluster.time.advance(5_000);
    leaveBehind(world);
    const beforehand = client.ended_;

    cluster.heal();
    untilCaughtUp(cluster, lagging);

    expect(beforehand).toBeUndefined();
    expect(client.ended_).toBe('unknown');
  });
});
