import { describe, expect, it } from 'vitest';
import type { AdminOutcome } from '../../src/node/index.ts';
import { SimulatedCluster } from '../../src/testing/index.ts';
import { MemoryDisk } from '../../storage/index.ts';
import { openOn, readyCluster, three } from './client.ts';

describe('damage and replacement', () => {
  it('keeps a damaged node out, and lets a new incarnation take its place', () => {
    const cluster = new SimulatedCluster(three);
    cluster.startAll();
    cluster.untilReady();
    const [lost = ''] = cluster.followers();
    cluster.kill(lost);
    cluster.disks.get(lost)?.damage('a flipped bit');
    cluster.start(lost);
    cluster.time.advance(5_000);
    const quarantined = cluster.runtime(lost).status().role;

    cluster.kill(lost);
    cluster.disks.get(lost)?.wipe();
    cluster.start(lost);
    cluster.time.advance(2_000);
    const outside = cluster.runtime(lost).status().role;
    let outcome: unknown;
    cluster.runtime(cluster.leader() ?? '').replace(lost, (said) => {
      outcome = said;
    });
    cluster.time.until(() => outcome !== undefined, 20_000, 'the replacement ends');
    cluster.untilReady();

    expect(quarantined).toBe('quarantined');
    expect(outside).toBe('blank');
    expect(outcome).toEqual({ ok: true });
    expect(cluster.runtime(lost).status().role).toBe('follower');
  });

  it('replaces by the same new incarnation, when the leader that had let it in was alone in knowing so', () => {
    const cluster = new SimulatedCluster(['a', 'b', 'c', 'd', 'e']);
    cluster.startAll();
    const former = cluster.untilReady();
    const [lost = '', ...others] = cluster.followers();
    cluster.kill(lost);
    cluster.disks.get(lost)?.wipe();
    cluster.start(lost);
    cluster.time.advance(2_000);
    for (const other of others) cluster.cut(former, other);
    cluster.runtime(former).replace(lost, () => {});
    cluster.time.until(() => cluster.runtime(lost).status().role !== 'blank', 5_000, 'it is let in');
    cluster.isolate(former);
    for (const other of others) {
      cluster.kill(other);
      cluster.start(other);
    }
    cluster.time.until(() => others.includes(cluster.leader() ?? ''), 10_000, 'another leads');
    cluster.heal();
    cluster.time.advance(5_000);

    let outcome: unknown;
    cluster.runtime(cluster.leader() ?? '').replace(lost, (said) => {
      outcome = said;
    });
    cluster.time.until(() => outcome !== undefined, 20_000, 'the replacement ends');

    expect(outcome).toEqual({ ok: true });
    cluster.untilReady();
  });

  it('counts a node that comes back with an empty disk for nothing: no vote, no quorum (S53)', () => {
    const cluster = new SimulatedCluster(three);
    cluster.startAll();
    cluster.untilReady();
    const [wiped = '', cutOff = ''] = cluster.followers();
    cluster.kill(wiped);
    cluster.disks.get(wiped)?.wipe();
    cluster.start(wiped);
    cluster.time.advance(2_000);
    const term = cluster.runtime(cluster.leader() ?? '').status().term;

    cluster.isolate(cutOff);
    cluster.time.advance(30_000);

    expect(cluster.leader()).toBeUndefined();
    expect(cluster.runtime(wiped).status()).toMatchObject({ role: 'blank', term: 0, members: [] });
    for (const id of three) expect(cluster.runtime(id).status().term).toBeLessThanOrEqual(term);
  });

  it('lets nobody in who belongs to another cluster, though it has the name and the address of a member (S58)', () => {
    const [ours, theirs] = [new SimulatedCluster(three), new SimulatedCluster(three, { seed: 2 })];
    for (const cluster of [ours, theirs]) {
      cluster.startAll();
      cluster.untilReady();
    }
    const [taken = '', other = ''] = ours.followers();
    const before = ours.runtime(other).status();
    const foreign = theirs.disks.get(taken)?.image;
    ours.kill(taken);
    if (foreign !== undefined) ours.disks.get(taken)?.restore(foreign);

    ours.start(taken);
    ours.time.advance(30_000);

    expect(ours.runtime(taken).isReady).toBe(false);
    expect(ours.runtime(taken).status()).toMatchObject({
      leader: undefined,
      clusterId: theirs.runtime(taken).status().clusterId,
    });
    expect(ours.runtime(other).status()).toMatchObject({ term: before.term, leader: before.leader });
  });

  it('answers a replacement that a newer one overtakes', () => {
    const { cluster, leader, followers } = readyCluster();
    const [, lost] = followers;
    const outcomes = new Map<string, AdminOutcome>();
    const renew = (): void => {
      cluster.kill(lost);
      cluster.disks.set(lost, new MemoryDisk());
      cluster.start(lost);
      cluster.time.advance(500);
    };
    const replace = (which: string): void =>
      cluster.runtime(leader).replace(lost, (said) => {
        outcomes.set(which, said);
      });
    renew();
    replace('first');
    cluster.kill(lost);
    cluster.time.advance(500);

    renew();
    replace('second');
    cluster.time.until(() => outcomes.size === 2, 60_000, 'both are answered');

    const overtaken = { code: 'INVALID_ARGUMENT', text: expect.stringContaining('meanwhile') };
    expect(outcomes.get('first')).toEqual({ ok: false, failure: overtaken });
    expect(outcomes.get('second')).toEqual({ ok: true });
    expect(cluster.leader()).toBe(leader);
  });

  it('refuses to replace a node that nobody has started anew', () => {
    const cluster = new SimulatedCluster(three);
    cluster.startAll();
    const leader = cluster.untilReady();
    let outcome: unknown;

    cluster.runtime(leader).replace('b', (said) => {
      outcome = said;
    });

    expect(outcome).toMatchObject({ ok: false, failure: { code: 'INVALID_ARGUMENT' } });
  });

  it('condemns an old copy of a directory at the first word of a peer, so that restarts do not make it young (S104)', () => {
    const cluster = new SimulatedCluster(three);
    cluster.startAll();
    cluster.untilReady();
    const [restored = ''] = cluster.followers();
    const disk = cluster.disks.get(restored);
    const backup = disk?.image;
    for (let restart = 0; restart < 2; restart += 1) {
      cluster.kill(restored);
      cluster.start(restored);
      cluster.untilReady();
    }
    cluster.kill(restored);
    if (backup !== undefined) disk?.restore(backup);

    const roles = [1, 2, 3, 4].map(() => {
      cluster.start(restored);
      cluster.time.advance(5_000);
      const { role } = cluster.runtime(restored).status();
      cluster.kill(restored);
      return role;
    });

    expect(roles).toEqual(['failed', 'quarantined', 'quarantined', 'quarantined']);
  });

  it('stops for good at a storage error, and the others go on (S38)', () => {
    const cluster = new SimulatedCluster(three);
    cluster.startAll();
    const leader = cluster.untilReady();
    const client = openOn(cluster, leader, 1);

    cluster.disks.get(leader)?.failNext({ kind: 'write', error: new Error('EIO'), reachesDisk: false });
    client.acquire('x');
    cluster.time.until(() => cluster.failures(leader).length > 0, 5_000, 'it fails');

    expect(cluster.runtime(leader).status().role).toBe('failed');
    expect(client.ended_).toBe('unknown');
    cluster.time.until(() => cluster.leader() !== undefined && cluster.leader() !== leader, 10_000, 'another leads');
  });
});
