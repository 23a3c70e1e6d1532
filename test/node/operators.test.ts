import { describe, expect, it } from 'vitest';
import { grantedTo, openOn, readyCluster } from './client.ts';
import { allTogether, leaveBehind, untilCaughtUp } from './straggler.ts';

const by = { actor: 'ann', reason: 'it hangs' };
const force = { kind: 'force-release', name: 'x', token: undefined, ...by } as const;

describe('the node of a holder', () => {
  it('tells its session alone what was taken from it, and that it is asked for', () => {
    const { cluster, leader, followers } = readyCluster();
    const [holder, bystander] = [openOn(cluster, followers[0], 1), openOn(cluster, followers[0], 2)];
    const operator = openOn(cluster, leader, 3);
    const token = grantedTo(cluster, holder, 'x');

    operator.order({ ...force, kind: 'request-revoke' });
    operator.order(force);
    cluster.time.until(() => holder.takenAway.length > 0, 5_000, 'it is told');

    const notice = { name: 'x', token, by: { session: operator.session, ...by } };
    expect(holder.revokes).toEqual([notice]);
    expect(holder.takenAway).toEqual([notice]);
    expect([...bystander.takenAway, ...bystander.revokes, ...operator.takenAway]).toEqual([]);
    expect(holder.ended_).toBeUndefined();
  });

  it('tells who closed its session', () => {
    const { cluster, leader, followers } = readyCluster();
    const [holder, operator] = [openOn(cluster, followers[0], 1), openOn(cluster, leader, 2)];

    operator.order({ kind: 'end-session', target: holder.session, ...by });
    cluster.time.until(() => holder.ended_ !== undefined, 5_000, 'it is told');

    expect(holder.ended_).toBe('closed');
    expect(holder.endedBy).toEqual({ session: operator.session, ...by });
  });

  it('tells it once a snapshot brings the news', () => {
    const world = allTogether();
    const { cluster, lagging, client } = world;
    const holder = openOn(cluster, lagging, 2, { ttlMs: 3_600_000 });
    const token = grantedTo(cluster, holder, 'x');
    cluster.isolate(lagging);
    client.order(force);
    leaveBehind(world);
    const beforehand = holder.takenAway.length;

    cluster.heal();
    untilCaughtUp(cluster, lagging);

    expect(beforehand).toBe(0);
    expect(holder.takenAway).toMatchObject([{ name: 'x', token, by }]);
  });
});
