import { describe, expect, it } from 'vitest';
import { SimulatedCluster } from '../../src/testing/index.ts';
import { grantedTo, openOn, TestClient, three } from './client.ts';

describe('sessions', () => {
  it('live as long as their heartbeats are acknowledged and end one TTL after the last', () => {
    const cluster = new SimulatedCluster(three);
    cluster.startAll();
    cluster.untilReady();
    const [follower = ''] = cluster.followers();
    const client = openOn(cluster, follower, 1, { ttlMs: 2_000 });
    for (let counter = 1; counter <= 10; counter += 1) {
      client.beat(counter);
      cluster.time.advance(1_000);
    }
    const wasAlive = client.ended_ === undefined;
    const silentSince = cluster.time.now;

    cluster.time.until(() => client.ended_ !== undefined, 10_000, 'the session expires');

    expect(wasAlive).toBe(true);
    expect(client.acknowledged).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(client.ended_).toBe('expired');
    expect(cluster.time.now - silentSince).toBeGreaterThan(900);
  });

  it('get their full TTL again from a new leader (S86)', () => {
    const cluster = new SimulatedCluster(three);
    cluster.startAll();
    const leader = cluster.untilReady();
    const [follower = ''] = cluster.followers();
    const client = openOn(cluster, follower, 1, { ttlMs: 5_000 });
    cluster.time.advance(4_000);

    cluster.kill(leader);
    cluster.time.until(() => cluster.leader() !== undefined && cluster.leader() !== leader, 10_000, 'a new leader');
    const electedAt = cluster.time.now;
    cluster.time.until(() => client.ended_ !== undefined, 20_000, 'the session expires');

    expect(cluster.time.now - electedAt).toBeGreaterThanOrEqual(5_000);
  });

  it('are not acknowledged by a leader that was cut off', () => {
    const cluster = new SimulatedCluster(three);
    cluster.startAll();
    const leader = cluster.untilReady();
    const client = openOn(cluster, leader, 1, { ttlMs: 10_000 });

    cluster.isolate(leader);
    client.beat(1);
    cluster.time.advance(20_000);

    expect(client.acknowledged).toEqual([]);
  });

  it('do not expire because the leader process stood still', () => {
    const cluster = new SimulatedCluster(['solo']);
    cluster.startAll();
    cluster.untilReady();
    const client = openOn(cluster, 'solo', 1, { ttlMs: 2_000 });

    cluster.pause('solo');
    cluster.time.advance(60_000);
    cluster.resume('solo');
    cluster.time.advance(1_000);

    expect(client.ended_).toBeUndefined();
  });

  it('of an earlier run end as soon as the node is back', () => {
    const cluster = new SimulatedCluster(three);
    cluster.startAll();
    cluster.untilReady();
    const [follower = '', other = ''] = cluster.followers();
    const holder = openOn(cluster, follower, 1, { ttlMs: 3_600_000 });
    grantedTo(cluster, holder, 'x');
    const rival = openOn(cluster, other, 2, { ttlMs: 3_600_000 });
    const waiting = rival.acquire('x');
    cluster.time.until(() => rival.answers.get(waiting)?.kind === 'queued', 5_000, 'the rival waits');

    cluster.kill(follower);
    cluster.start(follower);

    cluster.time.until(() => rival.answers.get(waiting)?.kind === 'granted', 10_000, 'the rival is granted');
  });

  it('are all told when the node stops, before its store closes', () => {
    const cluster = new SimulatedCluster(three);
    cluster.startAll();
    const leader = cluster.untilReady();
    const client = openOn(cluster, leader, 1);
    let isStopped = false;

    cluster.runtime(leader).stop({ deadlineMs: 5_000 }, () => {
      isStopped = true;
    });
    cluster.time.until(() => isStopped, 6_000, 'it stops');

    expect(client.ended_).toBe('unknown');
    expect(cluster.leader()).not.toBe(leader);
  });
});

describe('a session of the node itself', () => {
  it('is refused before the node knows which incarnation it is, or it would outlive its process', () => {
    const cluster = new SimulatedCluster(three);
    const runtime = cluster.start('a');

    const client = new TestClient(runtime, { nonce: 'a'.repeat(32) });
    cluster.time.until(() => client.opening !== undefined, 1_000, 'an answer');

    expect(client.opening).toMatchObject({ ok: false, failure: { code: 'NOT_READY' } });
  });
});
