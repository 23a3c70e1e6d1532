import { describe, expect, it } from 'vitest';
import { SimulatedCluster } from '../../src/testing/index.ts';
import { grantedTo, openOn, three } from './client.ts';

describe('locks over three nodes', () => {
  it('grants at a follower and at the leader, and passes the lock on in order', () => {
    const cluster = new SimulatedCluster(three);
    cluster.startAll();
    const leader = cluster.untilReady();
    const [follower = ''] = cluster.followers();
    const first = openOn(cluster, follower, 1);
    const second = openOn(cluster, leader, 2);

    const token = grantedTo(cluster, first, 'x');
    const waiting = second.acquire('x');
    cluster.time.until(() => second.answers.get(waiting)?.kind === 'queued', 5_000, 'the second waits');
    first.release('x', token);
    cluster.time.until(() => second.answers.get(waiting)?.kind === 'granted', 5_000, 'the second is granted');

    expect(second.token(waiting)).toBeGreaterThan(token);
  });

  it('keeps an acknowledged grant, and goes on, when the leader loses its power', () => {
    const cluster = new SimulatedCluster(three);
    cluster.startAll();
    const leader = cluster.untilReady();
    const [follower = '', other = ''] = cluster.followers();
    const holder = openOn(cluster, follower, 1);
    const token = grantedTo(cluster, holder, 'x');
    const rival = openOn(cluster, other, 2);
    const waiting = rival.acquire('x');
    cluster.time.until(() => rival.answers.get(waiting)?.kind === 'queued', 5_000, 'the rival waits');

    cluster.kill(leader);
    holder.release('x', token);
    cluster.time.until(() => rival.answers.get(waiting)?.kind === 'granted', 10_000, 'the rival is granted');

    expect(rival.token(waiting)).toBeGreaterThan(token);
  });

  it('executes a request once, however often it is carried in', () => {
    const cluster = new SimulatedCluster(three);
    cluster.startAll();
    const leader = cluster.untilReady();
    const client = openOn(cluster, leader, 1);
    const token = grantedTo(cluster, client, 'x');

    const request = {
      kind: 'acquire',
      session: client.session,
      sequence: 1,
      mark: 0,
      name: 'x',
      mode: 'X',
      waits: true,
    } as const;
    client.answers.clear();
    cluster.runtime(leader).submit(request);
    cluster.time.until(() => client.answers.has(1), 5_000, 'it is answered again');

    expect(client.token(1)).toBe(token);
  });

  it('has the same table on every node', () => {
    const cluster = new SimulatedCluster(three);
    cluster.startAll();
    const leader = cluster.untilReady();
    const clients = three.map((id, n) => openOn(cluster, id, n + 1));
    for (let round = 0; round < 20; round += 1) {
      for (const client of clients) client.acquire(`lock-${round % 5}`);
    }

    const index = () => cluster.runtime(leader).status().commitIndex;
    cluster.time.advance(1_000);
    cluster.time.until(
      () => three.every((id) => cluster.runtime(id).status().appliedIndex === index()),
      5_000,
      'all applied',
    );

    expect(new Set(three.map((id) => cluster.runtime(id).digest()?.digest)).size).toBe(1);
  });
});
