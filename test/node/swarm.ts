import type { Hold } from '../../src/hold.ts';
import { SessionEngine } from '../../src/session-engine.ts';
import { SimulatedCluster } from '../../src/testing/index.ts';

/** What one seed makes of a run. */
export interface SwarmReport {
  readonly seed: number;
  readonly grants: number;
  readonly faults: number;
}

interface Worker {
  readonly nodeId: string;
  readonly engine: SessionEngine;
  readonly holds: Set<Hold>;
}

const safetyMs = 40_000;

/**
 * Whole nodes with the sessions and holds that users get, under random faults: at no moment may two of them say
 * `isHeld` of one lock, tokens rise with every grant, and once the faults end everybody is served and all tables agree.
 */
export class Swarm {
  readonly #seed: number;
  readonly #cluster: SimulatedCluster;
  readonly #nodeIds: readonly string[];
  readonly #locks: readonly string[];
  readonly #ttlMs: number;
  readonly #workers = new Map<string, Worker>();
  readonly #lastToken = new Map<string, number>();
  readonly #all = new Set<Hold>();
  #grants = 0;
  #faults = 0;
  #isLive = false;
  /** What was found inside a node's turn, which takes every error for its own. */
  #broken: Error | undefined;

  constructor(seed: number) {
    const nodeCount = [1, 3, 3, 3, 5][seed % 5] ?? 3;
    this.#seed = seed;
    this.#nodeIds = Array.from({ length: nodeCount }, (_, at) => `n${at + 1}`);
    const limits = seed % 2 === 0 ? { checkpointEntries: 30, keptEntries: 5 } : {};
    this.#cluster = new SimulatedCluster(this.#nodeIds, { seed, limits });
    this.#locks = Array.from({ length: 1 + this.#draw(4) }, (_, at) => `lock-${at}`);
    this.#ttlMs = 1_000 + this.#draw(4_000);
    const delayMax = [1, 5, 30, 100][this.#draw(4)] ?? 1;
    this.#cluster.linkMs = () => 1 + this.#draw(delayMax);
    for (const id of this.#nodeIds) {
      this.#cluster.diskMs.set(id, 1 + this.#draw([1, 10, 100][this.#draw(3)] ?? 1));
      this.#cluster.clockRates.set(id, 0.96 + this.#draw(80) / 1_000);
    }
  }

  run(): SwarmReport {
    for (const id of this.#nodeIds) this.#start(id);
    const end = this.#cluster.time.now + safetyMs;
    while (this.#cluster.time.now < end) {
      this.#cluster.time.advance(20 + this.#draw(600));
      if (this.#broken !== undefined) throw this.#broken;
      this.#checkExclusion();
      if (this.#draw(3) === 0) this.#fault();
    }
    this.#heal();
    this.#live();
    if (this.#broken !== undefined) throw this.#broken;
    return { seed: this.#seed, grants: this.#grants, faults: this.#faults };
  }

  #draw(below: number): number {
    return this.#cluster.random.u32() % Math.max(1, below);
  }

  #start(nodeId: string): void {
    const runtime = this.#cluster.start(nodeId);
    const clock = this.#cluster.clock(nodeId);
    const random = this.#cluster.random;
    const engine = new SessionEngine({
      gateway: runtime,
      clock,
      random,
      ttlMs: this.#ttlMs,
      label: nodeId,
      isHome: true,
    });
    const worker: Worker = { nodeId, engine, holds: new Set() };
    this.#workers.set(nodeId, worker);
    for (let fiber = 0; fiber < 3; fiber += 1) this.#work(worker);
  }

  /** Acquires, holds for a while, releases, again and again, as long as its process lives. */
  #work(worker: Worker): void {
    const clock = this.#cluster.clock(worker.nodeId);
    const again = (): void => {
      if (!this.#isLive) clock.after(10 + this.#draw(200), () => this.#work(worker));
    };
    const name = this.#locks[this.#draw(this.#locks.length)] ?? 'lock-0';
    const limitMs = this.#draw(3) === 0 ? 100 + this.#draw(3_000) : undefined;
    worker.engine.acquire({ name, waits: this.#draw(5) > 0, limitMs }, (outcome) => {
      if (outcome.kind !== 'granted') return again();
      this.#granted(worker, outcome.hold);
      clock.after(this.#draw(400), () => {
        worker.holds.delete(outcome.hold);
        this.#all.delete(outcome.hold);
        outcome.hold.release(() => {});
        again();
      });
    });
  }

  #granted(worker: Worker, hold: Hold): void {
    this.#grants += 1;
    const last = this.#lastToken.get(hold.name) ?? 0;
    if (hold.token <= last) this.#fail(`token ${hold.token} of ${hold.name} does not rise above ${last}`);
    this.#lastToken.set(hold.name, hold.token);
    worker.holds.add(hold);
    this.#all.add(hold);
    this.#checkExclusion(hold.name);
  }

  #checkExclusion(only?: string): void {
    const held = new Map<string, Hold>();
    for (const worker of this.#workers.values()) {
      // Nobody can ask on a machine that sleeps; what counts is what it says when it wakes.
      if (!this.#cluster.isAlive(worker.nodeId) || this.#cluster.clock(worker.nodeId).isAsleep) continue;
      for (const hold of worker.holds) {
        if ((only !== undefined && hold.name !== only) || !hold.isHeld) continue;
        const other = held.get(hold.name);
        if (other !== undefined) this.#fail(`${hold.name} is held twice: tokens ${other.token} and ${hold.token}`);
        held.set(hold.name, hold);
      }
    }
  }

  #fault(): void {
    const nodeId = this.#nodeIds[this.#draw(this.#nodeIds.length)] ?? '';
    this.#faults += 1;
    switch (this.#draw(9)) {
      case 0:
        return this.#restart(nodeId);
      case 1:
        return this.#cluster.isolate(nodeId);
      case 2: {
        const leader = this.#cluster.leader();
        if (leader !== undefined) this.#restart(leader);
        return;
      }
      case 3: {
        this.#cluster.pause(nodeId);
        this.#cluster.time.at(this.#draw(4_000), () => this.#cluster.resume(nodeId));
        return;
      }
      case 4: {
        // Shorter than the margin would be no jump, and may use up what is meant for clocks of different rates.
        this.#cluster.suspend(nodeId);
        this.#cluster.time.at(600 + this.#draw(3_400), () => this.#cluster.resume(nodeId));
        return;
      }
      case 5:
        return this.#cluster.clock(nodeId).stepWall(this.#draw(7_200_000) - 3_600_000);
      case 6:
        return this.#cluster.cut(nodeId, this.#nodeIds[this.#draw(this.#nodeIds.length)] ?? '');
      default:
        return this.#cluster.heal();
    }
  }

  #restart(nodeId: string): void {
    if (!this.#cluster.isAlive(nodeId)) return;
    this.#cluster.kill(nodeId);
    for (const hold of this.#workers.get(nodeId)?.holds ?? []) this.#all.delete(hold);
    this.#cluster.time.at(this.#draw(3_000), () => {
      if (!this.#cluster.isAlive(nodeId)) this.#start(nodeId);
    });
  }

  #heal(): void {
    this.#isLive = true;
    this.#cluster.heal();
    this.#cluster.time.advance(5_000);
    for (const id of this.#nodeIds) if (!this.#cluster.isAlive(id)) this.#start(id);
  }

  /** Everybody gets every lock once, and all tables agree at the end. */
  #live(): void {
    this.#cluster.untilReady();
    let missing = 0;
    for (const worker of this.#workers.values()) {
      for (const name of this.#locks) {
        missing += 1;
        worker.engine.acquire({ name, waits: true, limitMs: undefined }, (outcome) => {
          if (outcome.kind !== 'granted') {
            this.#fail(`after all faults ${worker.nodeId} does not get ${name}: ${JSON.stringify(outcome)}`);
          }
          this.#granted(worker, outcome.hold);
          worker.holds.delete(outcome.hold);
          outcome.hold.release(() => {
            missing -= 1;
          });
        });
      }
    }
    const isOver = (): boolean => missing === 0 || this.#broken !== undefined;
    this.#cluster.time.until(isOver, 60_000, `seed ${this.#seed}: all get all locks`);
    const digests = (): Set<string | undefined> =>
      new Set(this.#nodeIds.map((id) => this.#cluster.runtime(id).digest()?.digest));
    this.#cluster.time.until(() => digests().size === 1, 10_000, 'all tables agree');
  }

  #fail(text: string): never {
    this.#broken ??= new Error(`seed ${this.#seed}, virtual ms ${this.#cluster.time.now}: ${text}`);
    throw this.#broken;
  }
}
