import type { Acquisition } from '../../src/acquisition.ts';
import type { LockLostError } from '../../src/errors.ts';
import type { Hold } from '../../src/hold.ts';
import { SessionEngine } from '../../src/session-engine.ts';
import type { SimulatedCluster } from '../../src/testing/index.ts';

/** What users get of one simulated node: its session, one hold, and what was told of it. */
export class Holder {
  readonly told: string[] = [];
  readonly engine: SessionEngine;
  readonly #cluster: SimulatedCluster;
  #hold: Hold | undefined;

  constructor(cluster: SimulatedCluster, nodeId: string, ttlMs = 10_000) {
    this.#cluster = cluster;
    this.engine = new SessionEngine({
      gateway: cluster.runtime(nodeId),
      clock: cluster.clock(nodeId),
      random: cluster.random,
      ttlMs,
      label: nodeId,
      isHome: true,
    });
  }

  /** Undefined until it is granted. */
  get hold(): Hold | undefined {
    return this.#hold;
  }

  get isHeld(): boolean {
    return this.#hold?.isHeld === true;
  }

  ask(name: string): Acquisition {
    return this.engine.acquire({ name, waits: true, limitMs: undefined }, (outcome) => {
      if (outcome.kind !== 'granted') return void this.told.push(outcome.kind);
      this.#hold = outcome.hold;
      outcome.hold.listen({
        jeopardy: () => this.told.push('jeopardy'),
        recovered: () => this.told.push('recovered'),
        lost: (error: LockLostError) => this.told.push(`lost:${error.reason}`),
      });
    });
  }

  /** Asks, and waits until it is granted. */
  get(name: string): this {
    this.ask(name);
    this.#cluster.time.until(() => this.#hold !== undefined, 20_000, `${name} is granted`);
    return this;
  }
}
