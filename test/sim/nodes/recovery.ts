import type { NodeNemesis } from './nemesis.ts';
import type { NodeWorld } from './world.ts';

/** How long what is left over from the faults may take, in election timeouts. */
const patience = { leader: 40, replacement: 120, agreement: 60 };

const visitMs = 60_000;

/** Where little may be uncommitted at a time, a heap of requests goes in by and by. */
const answerMs = 60_000;

/** How soon an operator asks for the same replacement again. */
const askAgainMs = 5_000;

/**
 * After the last fault: every node is up or replaced, there is a leader who stays (L1, L4), everybody gets every lock
 * (L3), all tables agree (L2), and nothing is left of what is over: no hold, no waiter, no open question (O4, L5).
 */
export class Recovery {
  readonly #world: NodeWorld;
  readonly #nemesis: NodeNemesis;

  constructor(world: NodeWorld, nemesis: NodeNemesis) {
    this.#world = world;
    this.#nemesis = nemesis;
  }

  judge(): void {
    const world = this.#world;
    world.isOver = true;
    for (const party of world.parties.values()) party.rest();
    // A write that hangs already goes on hanging for a while.
    world.run(this.#nemesis.hangsMs);
    for (const nodeId of world.nodeIds) this.#revive(nodeId);
    const sound = world.nodeIds.filter((id) => !this.#nemesis.ruined.has(id));
    const { electionTimeout } = world.conditions.timings;
    this.#awaitMs('L1', 5_000 + 10 * electionTimeout, 'nobody leads', () => world.cluster.leader() !== undefined);
    this.#await('L1', patience.leader, 'not all sound nodes serve', () => this.#serve(sound));
    this.#replace([...this.#nemesis.ruined]);
    this.#await('L1', patience.leader, 'not all nodes serve', () => this.#serve(world.nodeIds));
    this.#visits();
    const leader = world.cluster.leader();
    const term = this.#term();
    this.#await('L2', patience.agreement, 'the tables do not agree', () => this.#isAtOne());
    this.#awaitMs(
      'O4',
      4 * world.conditions.ttl + 10_000,
      'a hold or a waiter is left over',
      () => this.#world.isClear,
    );
    this.#awaitMs('L5', answerMs, 'somebody still waits for an answer', () => this.#isIdle());
    world.law.judgeRest();
    const isStable = world.cluster.leader() === leader && this.#term() === term;
    world.ghost.demand(isStable, 'L4', () => `${leader} led in ${term}, ${world.cluster.leader()} in ${this.#term()}`);
  }

  /** A node that is down, or has stopped by itself, starts again. */
  #revive(nodeId: string): void {
    const { cluster, excused } = this.#world;
    if (cluster.isAlive(nodeId) && cluster.failures(nodeId).length === 0 && !this.#nemesis.stopping.has(nodeId)) return;
    this.#world.kill(nodeId);
    if (!this.#nemesis.ruined.has(nodeId)) excused.delete(nodeId);
    this.#world.start(nodeId);
  }

  /**
   * The cure for what cannot be trusted: empty disks, and the cluster's consent. One that the faults left half done
   * keeps the others waiting until it is asked for again, so all are asked for, again and again.
   */
  #replace(nodeIds: readonly string[]): void {
    const { cluster, excused } = this.#world;
    const missing = new Set(nodeIds);
    for (const nodeId of nodeIds) {
      this.#world.kill(nodeId);
      cluster.disks.get(nodeId)?.wipe();
      excused.delete(nodeId);
      this.#world.start(nodeId);
    }
    let askedAt = Number.NEGATIVE_INFINITY;
    this.#await('L3', patience.replacement, `${nodeIds.join(' and ')} are not replaced`, () => {
      const leader = cluster.leader();
      // An empty node must have knocked; who is asked may have heard of an earlier one last, and then it is in vain.
      if (leader !== undefined && cluster.time.now - askedAt > askAgainMs) {
        askedAt = cluster.time.now;
        for (const nodeId of missing) {
          cluster.runtime(leader).replace(nodeId, () => {});
        }
      }
      // The word of the leader may get lost; who serves has been let in.
      for (const nodeId of missing) {
        if (cluster.runtime(nodeId).isReady && missing.delete(nodeId)) this.#world.count('replacements');
      }
      return missing.size === 0;
    });
  }

  #serve(nodeIds: readonly string[]): boolean {
    const { cluster } = this.#world;
    const leader = cluster.leader();
    return leader !== undefined && nodeIds.every((id) => cluster.isAlive(id) && cluster.runtime(id).isReady);
  }

  /** Everybody gets every lock once. */
  #visits(): void {
    const { parties, conditions } = this.#world;
    let missing = 0;
    for (const party of parties.values()) {
      for (let at = 1; at <= conditions.locks; at += 1) {
        missing += 1;
        party.visit(at, () => {
          missing -= 1;
        });
      }
    }
    const [first] = parties.values();
    // What outlives its session would keep others waiting for ever.
    first?.clear(() => missing === 0 && this.#world.isClear);
    this.#awaitMs('L3', visitMs + 6 * conditions.ttl, 'not everybody gets every lock', () => missing === 0);
  }

  #isAtOne(): boolean {
    const { cluster, nodeIds } = this.#world;
    return new Set(nodeIds.map((id) => JSON.stringify(cluster.runtime(id).digest()))).size === 1;
  }

  #isIdle(): boolean {
    return [...this.#world.parties.values()].every((party) => party.isIdle);
  }

  #term(): number {
    const { cluster, nodeIds } = this.#world;
    return Math.max(...nodeIds.map((id) => cluster.runtime(id).status().term));
  }

  #await(rule: string, timeouts: number, trouble: string, holds: () => boolean): void {
    this.#awaitMs(rule, Math.max(answerMs, this.#world.conditions.timings.electionTimeout * timeouts), trouble, holds);
  }

  #awaitMs(rule: string, ms: number, trouble: string, holds: () => boolean): void {
    const isThere = this.#world.run(ms, holds);
    this.#world.ghost.demand(isThere, rule, () => `${trouble} within ${ms.toFixed(0)} ms`);
  }
}
