import { describe, expect, it } from 'vitest';
import { SimulatedCluster } from '../../src/testing/index.ts';
import { grantedTo, openOn, three } from './client.ts';

describe('founding a cluster', () => {
  it('makes the same cluster of three blank nodes and elects one leader', () => {
    const cluster = new SimulatedCluster(three);
    cluster.startAll();

    cluster.untilReady();

    const ids = new Set(three.map((id) => cluster.runtime(id).status().clusterId));
    expect(ids.size).toBe(1);
    expect(three.filter((id) => cluster.runtime(id).status().role === 'leader')).toHaveLength(1);
  });

  it('waits for the last first member, however late', () => {
    const cluster = new SimulatedCluster(three);
    cluster.start('a');
    cluster.start('b');

    cluster.time.advance(60_000);
    const rolesBefore = ['a', 'b'].map((id) => cluster.runtime(id).status().role);
    cluster.start('c');
    cluster.untilReady();

    expect(rolesBefore).toEqual(['blank', 'blank']);
  });

  it('runs alone when it is the only member', () => {
    const cluster = new SimulatedCluster(['solo']);
    cluster.startAll();

    cluster.untilReady();

    const client = openOn(cluster, 'solo', 1);
    expect(grantedTo(cluster, client, 'x')).toBe(1);
  });

  it('lets in a first member that lost its power before it had formed', () => {
    const cluster = new SimulatedCluster(three);
    cluster.diskMs.set('c', 2_000);
    cluster.startAll();
    cluster.time.until(
      () => cluster.runtime('a').status().role !== 'blank' && cluster.runtime('b').status().role !== 'blank',
      10_000,
      'a and b form',
    );
    cluster.kill('c');
    cluster.diskMs.set('c', 1);

    cluster.start('c');

    cluster.time.until(() => cluster.runtime('c').status().role === 'follower', 20_000, 'c joins');
    cluster.untilReady();
  });
});
