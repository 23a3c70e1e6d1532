import { describe, expect, it } from 'vitest';
import { grantedTo, openOn, readyCluster, three } from './client.ts';

describe('a node with little disk left', () => {
  it('says so before a request has a sequence', () => {
    const { cluster } = readyCluster();
    const disk = cluster.disks.get('a');
    if (disk !== undefined) disk.bytesFree = 1;

    expect(cluster.runtime('a').reluctance()).toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect(cluster.runtime('b').reluctance()).toBeUndefined();
  });

  it('hands leadership over, once, and says when there is room again', () => {
    const { cluster, leader } = readyCluster();
    const heard: string[] = [];
    cluster.logged = (nodeId, text) => {
      if (text.includes('disk')) heard.push(`${nodeId}: ${text}`);
    };
    for (const disk of cluster.disks.values()) disk.bytesFree = 1;

    cluster.time.advance(10_000);
    const next = cluster.leader() ?? '';
    const { term } = cluster.runtime(next).status();
    cluster.time.advance(10_000);
    for (const disk of cluster.disks.values()) disk.bytesFree = 1e12;
    cluster.time.advance(1_000);
    const holder = openOn(cluster, next, 1);

    expect(next).not.toBe(leader);
    expect(cluster.runtime(next).status()).toMatchObject({ role: 'leader', term });
    expect(grantedTo(cluster, holder, 'x')).toBeGreaterThan(0);
    for (const id of three) {
      const said = heard.filter((line) => line.startsWith(`${id}: `));
      expect(said).toEqual([expect.stringContaining('almost full'), expect.stringContaining('room again')]);
    }
  });

  it('answers nothing for the table: a request that waits already is granted by it', () => {
    const { cluster, followers } = readyCluster();
    const [low] = followers;
    const holder = openOn(cluster, cluster.leader() ?? '', 1, { isHome: false });
    const token = grantedTo(cluster, holder, 'x');
    const waiter = openOn(cluster, cluster.leader() ?? '', 2, { isHome: false, ttlMs: 60_000 });
    const sequence = waiter.acquire('x');
    cluster.time.until(() => waiter.answers.get(sequence)?.kind === 'queued', 5_000, 'it waits');
    const disk = cluster.disks.get(low);
    if (disk !== undefined) disk.bytesFree = 1;

    cluster.runtime(cluster.leader() ?? '').detach(waiter.session, waiter);
    const refusal = cluster.runtime(low).attach(waiter.session, (2).toString(16).padStart(32, '0'), waiter);
    const request = {
      kind: 'acquire',
      session: waiter.session,
      sequence,
      mark: 0,
      name: 'x',
      mode: 'X',
      waits: true,
    } as const;
    cluster.runtime(low).submit(request);
    holder.release('x', token);
    cluster.time.until(() => waiter.answers.get(sequence)?.kind === 'granted', 5_000, 'it is granted');

    expect(refusal).toBeUndefined();
    expect(waiter.history.map((answer) => answer.kind)).not.toContain('limit-exceeded');
  });

  it('as the leader takes no acquire into the log, but releases', () => {
    const { cluster, leader } = readyCluster();
    const client = openOn(cluster, leader, 1, { ttlMs: 60_000 });
    const token = grantedTo(cluster, client, 'x');
    const fill = (bytesFree: number | undefined): void => {
      for (const disk of cluster.disks.values()) disk.bytesFree = bytesFree;
    };
    fill(1);

    const refused = client.acquire('y');
    const released = client.release('x', token);
    cluster.time.until(() => client.answers.get(released)?.kind === 'released', 5_000, 'it is released');
    cluster.time.advance(2_000);
    const whileLow = client.answers.get(refused);
    fill(undefined);
    cluster.time.until(() => client.answers.get(refused)?.kind === 'granted', 10_000, 'it is granted');

    expect(whileLow).toBeUndefined();
  });
});
