export { NotInTimeError, type TestCluster } from './test-cluster.ts';
export type { TestClusterOptions } from './test-cluster-options.ts';

import { TestCluster } from './test-cluster.ts';
import { checkTestClusterOptions, type TestClusterOptions } from './test-cluster-options.ts';

/**
 * Starts a whole cluster inside this process, over memory and a simulated network, for unit tests of code that uses
 * locks; resolves when every node is ready. Rejects with a TypeError or RangeError for wrong options.
 */
export const createTestCluster = async (options: TestClusterOptions = {}): Promise<TestCluster> =>
  TestCluster.start(checkTestClusterOptions(options));
