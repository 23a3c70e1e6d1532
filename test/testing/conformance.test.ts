import { afterAll, beforeAll, describe } from 'vitest';
import { createTestCluster, type TestCluster } from '../../src/testing/public.ts';
import { conformance } from '../api/conformance.ts';
import type { Pair } from '../api/pair.ts';

/** A provider of a test cluster is one like any other. */
describe.each(['real', 'virtual'] as const)('in a test cluster with %s time', (time) => {
  let cluster: TestCluster;
  let isOver = false;
  let passing: Promise<void> = Promise.resolve();
  beforeAll(async () => {
    cluster = await createTestCluster({ time });
    if (time === 'virtual') passing = letPass();
  });
  afterAll(async () => {
    isOver = true;
    await passing;
    await cluster.close();
  });

  /** The suite looks again and again in real time for what it waits for, so virtual time has to pass beside it. */
  const letPass = async (): Promise<void> => {
    while (!isOver) {
      await cluster.advance(10);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
  const pairOf = (leads: boolean): Pair => {
    const subject = cluster.nodeIds.find((id) => (id === cluster.leader) === leads) ?? 'a';
    const other = cluster.nodeIds.find((id) => id !== subject) ?? 'b';
    return { subject: cluster.node(subject), other: cluster.node(other) };
  };

  conformance('the leader', async () => pairOf(true));
  conformance('a follower', async () => pairOf(false));
  conformance('a client', async () => ({ subject: cluster.client(), other: cluster.node('a') }));
});
