import type { Acquisition } from '../../../src/acquisition.ts';
import type { Gateway } from '../../../src/node/index.ts';
import { SessionEngine } from '../../../src/session-engine.ts';
import { type NodeClock, Stream } from '../../../src/testing/index.ts';
import { decodeLock } from '../../../src/views.ts';
import type { Claim, Claimant } from './law.ts';
import type { NodeWorld } from './world.ts';

/** How a party reaches the cluster. */
export interface Way {
  readonly name: string;
  readonly gateway: Gateway;
  readonly clock: NodeClock;
  /** Whether it lives in a node's own process. */
  readonly isHome: boolean;
  readonly isAlive: () => boolean;
}

/** How soon somebody asks again in a cluster at rest. */
const againMs = 100;

/** Longer than any TTL here. */
const holdMsMax = 10_000;

/** One process that uses locks, until it dies: acquires, holds, releases, gives up, looks. */
export class Party implements Claimant {
  readonly name: string;
  readonly #world: NodeWorld;
  readonly #way: Way;
  readonly #stream: Stream;
  readonly #engine: SessionEngine;
  /** Questions without an outcome. */
  #open = 0;

  constructor(world: NodeWorld, way: Way) {
    const { ttl, seed } = world.conditions;
    this.name = way.name;
    this.#world = world;
    this.#way = way;
    this.#stream = new Stream(seed, `party ${way.name} at ${world.cluster.time.now}`);
    this.#engine = new SessionEngine({
      ...{ gateway: way.gateway, clock: way.clock, random: world.cluster.random, ttlMs: ttl },
      ...{ label: way.name, isHome: way.isHome },
    });
  }

  get isAlive(): boolean {
    return this.#way.isAlive();
  }

  get clock(): NodeClock {
    return this.#way.clock;
  }

  /** Whether it lives in a process without a node. */
  get isRemote(): boolean {
    return !this.#way.isHome;
  }

  get isStopped(): boolean {
    return this.#way.clock.isStopped;
  }

  get isAsleep(): boolean {
    return this.#way.clock.isAsleep;
  }

  /** Nothing is asked, held or awaited. */
  get isIdle(): boolean {
    return this.#open === 0 && this.#engine.isIdle;
  }

  start(): void {
    for (let fiber = 0; fiber < this.#world.conditions.fibers; fiber += 1) this.#think();
  }

  /** Gets `name` and gives it back; `done` then. A session that the faults cost is opened anew. */
  visit(name: string, done: () => void): void {
    this.#acquire(name, { waits: true, limitMs: undefined }, (claim) => {
      if (claim !== undefined) this.#release(claim, done);
      else this.#way.clock.after(againMs, () => this.visit(name, done));
    });
  }

  /** `isRested`: not after a refusal, or who is refused at once would ask without end. */
  #think(isRested = true): void {
    const { conditions, isOver } = this.#world;
    if (isOver) return;
    const isBurst = isRested && conditions.faults.includes('bursts') && this.#stream.chance(0.7);
    const ms = isBurst ? 0 : 5 + this.#stream.exponential(conditions.think);
    this.#way.clock.after(ms, () => {
      if (this.#world.isOver) return;
      if (this.#stream.chance(0.12)) this.#look();
      else this.#work();
    });
  }

  #work(): void {
    const { conditions } = this.#world;
    const waits = this.#stream.chance(0.8);
    const limitMs = this.#stream.chance(0.4) ? this.#stream.logUniform(1, 3_000) : undefined;
    const acquisition = this.#acquire(this.#anyName(), { waits, limitMs }, (claim) => {
      if (claim === undefined) return this.#think(false);
      // Now and then somebody keeps a lock for very long.
      const ms = this.#stream.exponential(conditions.hold) * (this.#stream.chance(0.02) ? 20 : 1);
      const holdMs = this.#world.isOver ? 0 : Math.min(ms, holdMsMax);
      this.#way.clock.after(holdMs, () => this.#release(claim, () => this.#think()));
    });
    if (!this.#stream.chance(0.1)) return;
    const ms = this.#stream.exponential(conditions.hold);
    this.#way.clock.after(ms, () => acquisition.giveUp({ kind: 'abort', reason: 'changed its mind' }));
  }

  #acquire(
    name: string,
    wish: { readonly waits: boolean; readonly limitMs: number | undefined },
    done: (claim: Claim | undefined) => void,
  ): Acquisition {
    const { law } = this.#world;
    const moment = law.asked();
    const settle = this.#ask(`acquire ${name}`);
    return this.#engine.acquire({ name, ...wish }, (outcome) => {
      settle();
      this.#world.trace(
        this.name,
        `${name} ${outcome.kind}`,
        outcome.kind === 'granted' ? outcome.hold.token : undefined,
      );
      if (outcome.kind !== 'granted') return done(undefined);
      this.#world.judge(() => done(this.#listened(law.granted(this, outcome.hold, moment))));
    });
  }

  #listened(claim: Claim): Claim {
    claim.hold.listen({
      jeopardy: () => this.#world.trace(this.name, `${claim.hold.name} in jeopardy`, claim.hold.token),
      recovered: () => this.#world.trace(this.name, `${claim.hold.name} recovered`, claim.hold.token),
      lost: (error) => {
        claim.isToldLost = true;
        this.#world.trace(this.name, `${claim.hold.name} lost: ${error.reason}`, claim.hold.token);
      },
    });
    return claim;
  }

  #release(claim: Claim, done: () => void): void {
    const { hold } = claim;
    this.#world.law.letGo(claim);
    this.#world.trace(this.name, `${hold.name} let go`, hold.token);
    const settle = this.#ask(`release ${hold.name}`);
    hold.release(() => {
      settle();
      done();
    });
  }

  /** A linearizable look at one lock. */
  #look(): void {
    const name = this.#anyName();
    const expect = this.#world.law.expectation(name);
    const settle = this.#ask(`inspect ${name}`);
    this.#way.gateway.query({ kind: 'inspect', name, consistency: 'linearizable' }, (outcome) => {
      settle();
      if (outcome.ok) {
        this.#world.ghost.count('questions');
        const tokens = decodeLock(outcome.value)?.holders.map(({ token }) => token) ?? [];
        this.#world.judge(() => expect({ name, tokens }));
      }
      this.#think(outcome.ok);
    });
  }

  #anyName(): string {
    return `lock-${this.#stream.int(1, this.#world.conditions.locks)}`;
  }

  /** O3: what is asked has one outcome. */
  #ask(what: string): () => void {
    let isAnswered = false;
    this.#open += 1;
    return () => {
      this.#world.judge(() =>
        this.#world.ghost.demand(!isAnswered, 'O3', () => `${this.name} hears twice what became of: ${what}`),
      );
      isAnswered = true;
      this.#open -= 1;
    };
  }
}
