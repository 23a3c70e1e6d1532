import { afterEach } from 'vitest';
import { createTestCluster, type TestCluster, type TestClusterOptions } from '../../src/testing/public.ts';

const clusters: TestCluster[] = [];

/** A cluster that is closed after the test. */
export const start = async (options?: TestClusterOptions): Promise<TestCluster> => {
  const cluster = await createTestCluster(options);
  clusters.push(cluster);
  return cluster;
};

afterEach(async () => {
  await Promise.all(clusters.splice(0).map((cluster) => cluster.close()));
});

/** The code of the error that a promise comes to, or `none`. */
export const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'none',
    (error: { readonly code?: unknown }) => error.code,
  );
