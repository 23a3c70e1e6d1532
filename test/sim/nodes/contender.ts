import { Candidacy, type CandidacyWorld, type Candidate } from '../../../src/candidacy.ts';
import { errorOf } from '../../../src/failure.ts';
import type { Hold } from '../../../src/hold.ts';
import { type AskCluster, type ElectionView, LeaderWatch, type Sighting } from '../../../src/leader-watch.ts';
import type { SessionEngine } from '../../../src/session-engine.ts';
import type { Stream } from '../../../src/testing/index.ts';
import { valueAt } from './election-law.ts';
import type { Claim, Claimant } from './law.ts';
import type { Way } from './party.ts';
import type { NodeWorld } from './world.ts';

/** The one election of a run: no lock of the others. */
const name = 'election';

const parts = [{ name, mode: 'X', permits: 1, limit: 0 }] as const;

/** Longer than any TTL here. */
const termMsMax = 10_000;

/** What a contender is made of. */
export interface ContenderParts {
  readonly world: NodeWorld;
  readonly way: Way;
  readonly engine: SessionEngine;
  /** Who answers for what it holds. */
  readonly claimant: Claimant;
  readonly stream: Stream;
}

/** A term under way: what is claimed, and how it ends. */
interface Term {
  readonly claim: Claim;
  readonly ended: (failure?: { readonly error: unknown }) => void;
  isOver: boolean;
}

/** One process that stands for election all its life, and watches who leads. */
export class Contender implements Candidate {
  readonly #parts: ContenderParts;
  readonly #candidacy: Candidacy;
  readonly #watch: LeaderWatch;
  readonly #judged: (view: ElectionView) => void;
  #moment: { readonly tokenHighest: number } = { tokenHighest: 0 };
  #term: Term | undefined;
  #isOver = false;

  constructor(parts_: ContenderParts) {
    const { world, way, engine, stream } = parts_;
    this.#parts = parts_;
    const wish = { name, parts, options: { metadata: valueAt(way.name, 0) } };
    const plan = { wish, again: true, retryDelayMs: stream.logUniform(10, 1_000) };
    this.#candidacy = new Candidacy(plan, { engine: this.#watched(engine), clock: way.clock }, this);
    this.#watch = new LeaderWatch(name, this.#ask, way.clock);
    this.#judged = world.elections.observer(way.name);
  }

  /** Neither a campaign nor a term is under way any more. */
  get isIdle(): boolean {
    return this.#isOver;
  }

  start(): void {
    this.#candidacy.begin();
    this.#observe();
  }

  /** The world comes to rest. */
  rest(): void {
    this.#watch.close();
    this.#candidacy.stop();
  }

  leads(hold: Hold, ended: Term['ended']): void {
    const { world, claimant, way, stream } = this.#parts;
    world.trace(way.name, `leads ${name}`, hold.token);
    world.count('terms');
    world.judge(() => {
      const term: Term = { claim: world.law.granted(claimant, hold, this.#moment), ended, isOver: false };
      this.#term = term;
      this.#listen(term);
      this.#proclaim(term, 1);
      const ms = stream.exponential(2 * world.conditions.hold) * (stream.chance(0.1) ? 20 : 1);
      way.clock.after(Math.min(ms, termMsMax), () => this.#end(term));
    });
  }

  stops(): void {
    this.#drain(this.#term);
  }

  failed(): undefined {
    return undefined;
  }

  over(): void {
    this.#isOver = true;
  }

  #listen(term: Term): void {
    const { claimant } = this.#parts;
    term.claim.hold.listen({
      jeopardy: () => undefined,
      recovered: () => {
        term.claim.sleptMs = claimant.sleptMs;
      },
      lost: () => {
        term.claim.isToldLost = true;
        this.#drain(term);
      },
    });
  }

  /** What was begun takes its time to end. */
  #drain(term: Term | undefined): void {
    const { way, stream } = this.#parts;
    if (term !== undefined) way.clock.after(stream.exponential(100), () => this.#end(term));
  }

  #end(term: Term): void {
    if (term.isOver) return;
    term.isOver = true;
    const { world, way, stream } = this.#parts;
    world.trace(way.name, `has led ${name}`, term.claim.hold.token);
    world.law.letGo(term.claim);
    term.ended(stream.chance(0.2) ? { error: 'a term that failed' } : undefined);
  }

  #proclaim(term: Term, count: number): void {
    const { world, way, engine, stream } = this.#parts;
    way.clock.after(stream.exponential(world.conditions.hold / 2), () => {
      const { hold } = term.claim;
      if (term.isOver || hold.isGone) return;
      hold.proclaim({ value: valueAt(way.name, count), limitMs: engine.ttlMs }, (error) => {
        if (error !== undefined) return;
        world.count('proclamations');
        world.elections.confirmed(hold.token, count);
      });
      this.#proclaim(term, count + 1);
    });
  }

  /** Some are quick to look again, some are slow; now and then one asks besides. */
  #observe(): void {
    const { world, way, stream } = this.#parts;
    this.#watch.next((sighting) => {
      this.#saw(sighting, this.#judged);
      if (!sighting.ok) return;
      way.clock.after(stream.chance(0.5) ? 0 : stream.exponential(1_000), () => {
        if (world.isOver) return;
        if (stream.chance(0.3)) this.#look();
        this.#observe();
      });
    });
  }

  #look(): void {
    const { world, way } = this.#parts;
    const expect = world.elections.expectation(way.name);
    new LeaderWatch(name, this.#ask, way.clock).once((sighting) => this.#saw(sighting, expect));
  }

  #saw(sighting: Sighting, judged: (view: ElectionView) => void): void {
    const { world, way } = this.#parts;
    if (!sighting.ok || !way.isAlive()) return;
    world.count('sightings');
    world.judge(() => judged(sighting.view));
  }

  readonly #ask: AskCluster = (query, done) => {
    this.#parts.way.gateway.query(query, (outcome) => {
      if (outcome.ok) done(outcome);
      else done({ ok: false, error: errorOf(outcome.failure) });
    });
  };

  /** Knows what was true when it asked. */
  #watched(engine: SessionEngine): CandidacyWorld['engine'] {
    return {
      whenStopped: (tell) => engine.whenStopped(tell),
      acquire: (wish, done) => {
        this.#moment = this.#parts.world.law.asked();
        return engine.acquire(wish, done);
      },
    };
  }
}
