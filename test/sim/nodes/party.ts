import type { AcquireOutcome, AcquireWish, Acquisition } from '../../../src/acquisition.ts';
import { DeadlockError, QueueFullError } from '../../../src/errors.ts';
import type { Gateway } from '../../../src/node/index.ts';
import type { AskPosition } from '../../../src/queue-place.ts';
import { SessionEngine } from '../../../src/session-engine.ts';
import { type NodeClock, Stream } from '../../../src/testing/index.ts';
import { decodeLock } from '../../../src/views.ts';
import { Contender } from './contender.ts';
import { type Desire, Desires, nameAt } from './desires.ts';
import { Heir } from './heir.ts';
import type { Claim, Claimant } from './law.ts';
import { Meddler } from './meddler.ts';
import { Scribe } from './scribe.ts';
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
  readonly #desires: Desires;
  /** Absent where nobody stands for election. */
  readonly #contender: Contender | undefined;
  readonly #scribe: Scribe;
  readonly #meddler: Meddler;
  readonly #heir: Heir;
  /** Questions without an outcome. */
  #open = 0;

  constructor(world: NodeWorld, way: Way) {
    const { ttl, seed } = world.conditions;
    this.name = way.name;
    this.#world = world;
    this.#way = way;
    const who = `${way.name} at ${world.cluster.time.now}`;
    this.#stream = new Stream(seed, `party ${who}`);
    const streamFor = (what: string): Stream => new Stream(seed, `${what} ${who}`);
    const streams = { desires: streamFor('desires'), options: streamFor('options'), delays: streamFor('delays') };
    this.#desires = new Desires(world.conditions.kinds, streams);
    this.#engine = new SessionEngine({
      ...{ gateway: way.gateway, clock: way.clock, random: world.cluster.random, ttlMs: ttl },
      ...{ label: way.name, isHome: way.isHome },
    });
    const lent = { way, engine: this.#engine, ask: (what: string) => this.#ask(what) };
    this.#scribe = new Scribe(world, lent);
    this.#heir = new Heir(world, {
      ...{ ...lent, acquire: (wish, done, heard) => this.#acquire(wish, done, heard) },
      release: (claims, done) => this.#release(claims, done),
    });
    this.#meddler = new Meddler(world, { ...lent, stream: new Stream(seed, `meddling ${who}`) });
    if (!world.conditions.elects || world.isOver) return;
    const stream = new Stream(seed, `contender ${who}`);
    this.#contender = new Contender({ world, way, engine: this.#engine, claimant: this, stream });
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

  get sleptMs(): number {
    return this.#way.clock.sleptMs;
  }

  /** Nothing is asked, held or awaited. */
  get isIdle(): boolean {
    return this.#open === 0 && this.#engine.isIdle && this.#contender?.isIdle !== false;
  }

  start(): void {
    for (let fiber = 0; fiber < this.#world.conditions.fibers; fiber += 1) this.#think();
    this.#contender?.start();
  }

  /** Wants nothing more of its own accord. */
  rest(): void {
    this.#contender?.rest();
  }

  /** Gets that lock, counted from 1, and gives it back; `done` then. A session that the faults cost is opened anew. */
  visit(at: number, done: () => void): void {
    this.#acquire({ ...this.#desires.visitOf(at), waits: true, limitMs: undefined }, (claims) => {
      if (claims !== undefined) this.#release(claims, done);
      else this.#way.clock.after(againMs, () => this.visit(at, done));
    });
  }

  /** Ends what is left of others until it is clear. */
  clear(isClear: () => boolean): void {
    this.#heir.clear(isClear);
  }

  /** `isRested`: not after a refusal, or who is refused at once would ask without end. */
  #think(isRested = true): void {
    const { conditions, isOver } = this.#world;
    if (isOver) return;
    const isBurst = isRested && conditions.faults.includes('bursts') && this.#stream.chance(0.7);
    const ms = isBurst ? 0 : 5 + this.#stream.exponential(conditions.think);
    this.#way.clock.after(ms, () => {
      if (this.#world.isOver) return;
      if (this.#meddler.isMinded) this.#meddler.meddle((isDone) => this.#think(isDone));
      else if (this.#stream.chance(0.12)) this.#look();
      else if (this.#heir.isMinded) this.#inherit();
      else this.#work();
    });
  }

  #inherit(): void {
    this.#heir.takeOver((claims) => {
      if (claims === undefined) return this.#think(false);
      const ms = this.#world.isOver ? 0 : this.#stream.exponential(this.#world.conditions.hold);
      this.#way.clock.after(ms, () => this.#release(claims, () => this.#think()));
    });
  }

  #work(): void {
    const { conditions } = this.#world;
    const waits = this.#stream.chance(0.8);
    const limitMs = this.#stream.chance(0.4) ? this.#stream.logUniform(1, 3_000) : undefined;
    const desire = this.#heir.given(this.#desires.of(this.#anyLock()));
    const steals = this.#meddler.stealing(desire);
    const acquisition = this.#acquire({ ...desire, waits, limitMs, steals }, (claims) => {
      if (claims === undefined) return this.#think(false);
      // Now and then somebody keeps a lock for very long.
      const ms = this.#stream.exponential(conditions.hold) * (this.#stream.chance(0.02) ? 20 : 1);
      const holdMs = this.#world.isOver ? 0 : Math.min(this.#desires.holdMsOf(desire, ms), holdMsMax);
      const besides = this.#desires.besides(desire);
      if (besides === undefined) this.#way.clock.after(holdMs, () => this.#release(claims, () => this.#think()));
      else this.#acquireBesides(besides, claims, holdMs);
      for (const claim of claims) this.#change(claim, holdMs);
      this.#scribe.holds(claims, holdMs);
    });
    if (!this.#stream.chance(0.1)) return;
    const ms = this.#stream.exponential(conditions.hold);
    this.#way.clock.after(ms, () => acquisition.giveUp({ kind: 'abort', reason: 'changed its mind' }));
  }

  #acquire(
    wish: AcquireWish,
    done: (claims: readonly Claim[] | undefined) => void,
    heard: (outcome: AcquireOutcome) => void = () => {},
  ): Acquisition {
    const { law } = this.#world;
    const { name } = wish;
    const moment = law.asked();
    const settle = this.#ask(`acquire ${name}`);
    const onQueued = this.#desires.isCurious ? (ask: AskPosition) => this.#askPlace(name, ask) : undefined;
    return this.#engine.acquire({ ...wish, onQueued }, (outcome) => {
      settle();
      heard(outcome);
      this.#world.trace(
        this.name,
        `${name} ${outcome.kind}`,
        outcome.kind === 'granted' ? outcome.hold.token : undefined,
      );
      if (outcome.kind === 'failed' && outcome.error instanceof DeadlockError) this.#world.count('deadlocks');
      if (outcome.kind === 'failed' && outcome.error instanceof QueueFullError) this.#world.count('full queues');
      if (outcome.kind !== 'granted') return done(undefined);
      const holds = [outcome.hold, ...outcome.others];
      if (holds.length > 1) this.#world.count('composites');
      for (const hold of holds) this.#heir.holds(hold);
      this.#world.judge(() => done(holds.map((hold) => this.#listened(law.granted(this, hold, moment)))));
    });
  }

  /** Where a request stands in its queue; null if it has been granted or given up meanwhile. */
  #askPlace(name: string, ask: AskPosition): void {
    const settle = this.#ask(`place in the queue of ${name}`);
    ask((outcome) => {
      settle();
      if (!outcome.ok || outcome.value === null) return;
      this.#world.count('positions');
      this.#world.judge(() =>
        this.#world.ghost.demand(Number(outcome.value) >= 1, 'O5', () => `${name}: place ${String(outcome.value)}`),
      );
    });
  }

  /** Whoever holds something wants more: this is what deadlocks are made of. */
  #acquireBesides(desire: Desire, claims: readonly Claim[], holdMs: number): void {
    this.#acquire({ ...desire, waits: true, limitMs: holdMsMax }, (more = []) => {
      this.#way.clock.after(this.#world.isOver ? 0 : holdMs, () =>
        this.#release([...more, ...claims], () => this.#think()),
      );
    });
  }

  /** Half-way through, a hold of a reader-writer lock may become another one. */
  #change(claim: Claim, holdMs: number): void {
    const { hold } = claim;
    const change = this.#desires.changeOf(hold.mode);
    if (change === undefined) return;
    this.#way.clock.after(holdMs / 2, () => {
      if (!hold.isHeld || hold.isConverting || claim.isLetGo) return;
      const wish =
        change === 'upgrade'
          ? this.#desires.upgradeOf()
          : { to: this.#desires.downgradeOf(hold.mode), limitMs: this.#engine.ttlMs };
      const settle = this.#ask(`${change} ${hold.name}`);
      const moment = this.#world.law.asked();
      hold.convert(wish, (outcome) => {
        settle();
        this.#world.trace(this.name, `${change} of ${hold.name} ${outcome.kind}`, hold.token);
        if (outcome.kind !== 'granted') return;
        this.#world.count(change === 'upgrade' ? 'upgrades' : 'downgrades');
        if (change === 'upgrade') this.#world.judge(() => this.#world.law.upgraded(hold, moment));
      });
    });
  }

  #listened(claim: Claim): Claim {
    claim.hold.listen({
      jeopardy: () => this.#world.trace(this.name, `${claim.hold.name} in jeopardy`, claim.hold.token),
      contended: () => {
        this.#world.trace(this.name, `${claim.hold.name} is wanted`, claim.hold.token);
        this.#world.judge(() => this.#world.law.contention.told(claim));
      },
      recovered: () => {
        claim.sleptMs = this.sleptMs;
        this.#world.trace(this.name, `${claim.hold.name} recovered`, claim.hold.token);
      },
      lost: (error) => {
        if (error.reason === 'overdue') this.#world.count('bounded holds');
        claim.isToldLost = true;
        this.#world.trace(this.name, `${claim.hold.name} lost: ${error.reason}`, claim.hold.token);
      },
    });
    if (this.#world.conditions.listens) claim.hold.watch();
    return claim;
  }

  #release(claims: readonly Claim[], done: () => void): void {
    let left = claims.length;
    for (const claim of claims) {
      const { hold } = claim;
      this.#world.law.letGo(claim);
      this.#world.trace(this.name, `${hold.name} let go`, hold.token);
      const settle = this.#ask(`release ${hold.name}`);
      const { isToldLost } = claim;
      hold.release((outcome) => {
        const isSaid = !isToldLost || outcome.kind === 'lost';
        this.#world.judge(() =>
          this.#world.ghost.demand(isSaid, 'O10', () => `${this.name} releases ${hold.name}, which it has lost`),
        );
        settle();
        if (outcome.kind === 'released') this.#heir.released(hold);
        left -= 1;
        if (left === 0) done();
      });
    }
  }

  /** A linearizable look at one lock. */
  #look(): void {
    const name = nameAt(this.#anyLock());
    const expect = this.#world.law.expectation(name);
    const settle = this.#ask(`inspect ${name}`);
    this.#way.gateway.query({ kind: 'inspect', name, consistency: 'linearizable' }, (outcome) => {
      settle();
      if (outcome.ok) {
        this.#world.ghost.count('questions');
        const holders = decodeLock(outcome.value)?.holders ?? [];
        this.#world.judge(() => expect({ name, tokens: holders.map(({ token }) => token) }));
        this.#world.judge(() => this.#world.law.shown(name, holders));
      }
      this.#think(outcome.ok);
    });
  }

  #anyLock(): number {
    return this.#stream.int(1, this.#world.conditions.locks);
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
