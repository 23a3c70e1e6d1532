import type { Clock, Random } from '../clock/index.ts';
import type { Failure, Runtime } from '../node/index.ts';
import type { Host } from '../node-host.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';

/** One process of a simulated node, as what a `HoldfastNode` stands on. */
export class SimulatedHost implements Host {
  readonly clock: Clock;
  readonly random: Random;
  readonly runtime: Runtime;
  readonly #cluster: SimulatedCluster;
  readonly #nodeId: string;
  #onFailed: (failure: Failure) => void = () => undefined;

  /** Starts the process. */
  constructor(cluster: SimulatedCluster, nodeId: string) {
    this.#cluster = cluster;
    this.#nodeId = nodeId;
    this.runtime = cluster.start(nodeId);
    this.clock = cluster.clock(nodeId);
    this.random = cluster.random;
  }

  set onFailed(listener: (failure: Failure) => void) {
    this.#onFailed = listener;
  }

  /** The node has stopped by itself, or was killed. */
  fail(failure: Failure): void {
    this.#onFailed(failure);
  }

  retire(): void {
    if (this.#isRunning) this.#cluster.retire(this.#nodeId);
  }

  shutDown(leftMs: number): Promise<void> {
    if (!this.#isRunning) return Promise.resolve();
    return new Promise((resolve) => this.#cluster.stop(this.#nodeId, leftMs, resolve));
  }

  /** Another process of the same node may run by now. */
  get #isRunning(): boolean {
    return this.#cluster.isAlive(this.#nodeId) && this.#cluster.runtime(this.#nodeId) === this.runtime;
  }
}
