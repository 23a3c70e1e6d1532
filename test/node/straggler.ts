import type { SimulatedCluster } from '../../src/testing/index.ts';
import { grantedTo, openOn, readyCluster, type TestClient } from './client.ts';

/** A cluster in which `lagging` was away for so long that only a snapshot brings it back. */
export interface Straggler {
  readonly cluster: SimulatedCluster;
  readonly leader: string;
  readonly other: string;
  readonly lagging: string;
  /** Of a session that lives through everything; its locks are `kept-0` to `kept-39`. */
  readonly client: TestClient;
}

const locks = 40;

/** Nobody is behind yet. */
export function allTogether(wrapStore?: SimulatedCluster['wrapStore']): Straggler {
  const limits = { checkpointEntries: 10, keptEntries: 0, snapshotChunkBytes: 200 };
  const { cluster, leader, followers } = readyCluster(wrapStore === undefined ? { limits } : { limits, wrapStore });
  const [lagging, other] = followers;
  const client = openOn(cluster, leader, 1, { isHome: false, ttlMs: 3_600_000 });
  return { cluster, leader, other, lagging, client };
}

/** Cuts `lagging` off while the others go on. The network is healed by the test. */
export function leaveBehind(world: Straggler): Straggler {
  const { cluster, lagging, client } = world;
  cluster.isolate(lagging);
  for (let n = 0; n < locks; n += 1) grantedTo(cluster, client, `kept-${n}`);
  cluster.time.advance(100);
  return world;
}

export const fallenBehind = (wrapStore?: SimulatedCluster['wrapStore']): Straggler =>
  leaveBehind(allTogether(wrapStore));

/** Runs until `nodeId` has applied all that the leader has. */
export function untilCaughtUp(cluster: SimulatedCluster, nodeId: string): void {
  const applied = (id: string): number => cluster.runtime(id).status().appliedIndex;
  const hasAll = (): boolean => {
    const leader = cluster.leader();
    return leader !== undefined && cluster.runtime(nodeId).isReady && applied(nodeId) === applied(leader);
  };
  cluster.time.until(hasAll, 60_000, `${nodeId} has caught up`);
}

/** The table of `nodeId`, told in one word. */
export const digestOf = (cluster: SimulatedCluster, nodeId: string): string | undefined =>
  cluster.runtime(nodeId).digest()?.digest;

/** The checkpoint that a restart of `nodeId` would begin with. */
export const checkpointOf = (cluster: SimulatedCluster, nodeId: string): number =>
  cluster.disks.get(nodeId)?.image.table?.head.position.index ?? 0;
