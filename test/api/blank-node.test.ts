import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HoldfastClient } from '../../src/index.ts';
import { TestCluster } from './cluster.ts';

let cluster: TestCluster;

beforeEach(async () => {
  cluster = await TestCluster.prepare();
});

afterEach(() => cluster.stop());

const asking = (requireLeader: boolean, readyTimeout = 5_000): Promise<HoldfastClient> =>
  cluster.connect([cluster.members['a'] ?? ''], { requireLeader, readyTimeout });

describe('a blank node', () => {
  it('tells its status to a client that asks for no leader, and keeps others out', async () => {
    const opening = cluster.open('a');
    const curious = await asking(false);

    const status = await curious.status();
    const refused = asking(true, 500);

    expect(status).toMatchObject({ nodeId: 'a', role: 'blank', leader: undefined, members: [] });
    await expect(refused).rejects.toMatchObject({ code: 'NOT_READY', message: expect.stringContaining('no cluster') });
    await Promise.all([opening, cluster.open('b'), cluster.open('c')]);
  });

  it('goes on telling it when it belongs to a cluster, and locks then', async () => {
    const opening = cluster.open('a');
    const curious = await asking(false);
    const before = await curious.status();

    await Promise.all([opening, cluster.open('b'), cluster.open('c')]);
    const handle = await curious.acquireLock('x', { timeout: 10_000 });
    const after = await curious.status();

    expect([before.clusterId, after.clusterId]).toEqual([undefined, expect.any(String)]);
    expect(handle.isHeld).toBe(true);
    await handle.release();
  });
});
