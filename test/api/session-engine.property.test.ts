import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Acquisition } from '../../src/acquisition.ts';
import type { Hold } from '../../src/hold.ts';
import { SessionEngine } from '../../src/session-engine.ts';
import { LocalCluster, LocalGateway } from './local-gateway.ts';
import { countingRandom, drifting, VirtualClock } from './virtual-clock.ts';

const names = ['x', 'y'];
const ttlMs = 2_000;

type Step =
  | { readonly kind: 'acquire'; readonly who: number; readonly name: string; readonly limitMs: number | undefined }
  | { readonly kind: 'release' | 'give-up'; readonly who: number; readonly which: number }
  | { readonly kind: 'cut' | 'heal' | 'lose-beats' | 'pass-beats' | 'look'; readonly who: number }
  | { readonly kind: 'jump' }
  | { readonly kind: 'pass'; readonly ms: number };

const who = fc.nat({ max: 2 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('acquire' as const),
      who,
      name: fc.constantFrom(...names),
      limitMs: fc.option(fc.nat({ max: 3_000 }), { nil: undefined }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('release' as const, 'give-up' as const),
      who,
      which: fc.nat({ max: 9 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'cut' as const,
        'heal' as const,
        'lose-beats' as const,
        'pass-beats' as const,
        'look' as const,
      ),
      who,
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'jump' as const }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.nat({ max: 900 }) }) },
);

/** One process; its clock runs a little faster or slower than the cluster's. */
class Actor {
  readonly gateway: LocalGateway;
  readonly engine: SessionEngine;
  readonly acquisitions: Acquisition[] = [];
  readonly holds: Hold[] = [];
  settled = 0;

  constructor(world: World, place: number) {
    const clock = drifting(world.clock, [1, 0.93, 1.07][place] ?? 1);
    this.gateway = new LocalGateway(world.cluster, clock);
    const random = countingRandom();
    const hex = (bytes: number): string => `${place}`.padStart(8, '0') + random.hex(bytes).slice(8);
    this.engine = new SessionEngine({
      gateway: this.gateway,
      clock,
      random: { u32: random.u32, hex },
      ttlMs,
      label: `${place}`,
      isHome: false,
    });
  }

  acquire(name: string, limitMs: number | undefined): void {
    const acquisition = this.engine.acquire({ name, waits: true, limitMs }, (outcome) => {
      this.settled += 1;
      if (outcome.kind === 'granted') {
        // Nobody is ever handed a lock that is lost already.
        expect(outcome.hold.isHeld).toBe(true);
        this.holds.push(outcome.hold);
      }
    });
    this.acquisitions.push(acquisition);
  }
}

class World {
  readonly clock: VirtualClock = new VirtualClock();
  readonly cluster: LocalCluster = new LocalCluster(this.clock);
  readonly actors: readonly Actor[] = [0, 1, 2].map((place) => new Actor(this, place));

  take(one: Step): void {
    if (one.kind === 'pass') return this.pass(one.ms);
    if (one.kind === 'jump') return this.clock.jump({ wallMs: 3_000 });
    const actor = this.actors[one.who];
    if (actor === undefined) return;
    switch (one.kind) {
      case 'acquire':
        return actor.acquire(one.name, one.limitMs);
      case 'release':
        return actor.holds[one.which]?.release(() => undefined);
      case 'give-up':
        return actor.acquisitions[one.which]?.giveUp({ kind: 'abort', reason: 'test' });
      case 'cut':
        return actor.gateway.cut();
      case 'heal':
        return actor.gateway.heal();
      case 'lose-beats':
      case 'pass-beats':
        actor.gateway.losesBeats = one.kind === 'lose-beats';
        return;
      case 'look':
        for (const hold of actor.holds) void hold.isHeld;
        return;
      default:
        one satisfies never;
    }
  }

  pass(ms: number): void {
    for (let left = ms; left > 0; left -= 25) {
      this.clock.pass(Math.min(left, 25));
      this.checkExclusion();
    }
  }

  checkExclusion(): void {
    for (const name of names) {
      const held = this.actors.flatMap(({ holds }) => holds.filter((hold) => hold.name === name && hold.isHeld));
      expect(held.length).toBeLessThanOrEqual(1);
    }
  }

  /** Everybody reaches the cluster again, and all that was under way comes to its end. */
  calm(): void {
    for (const { gateway } of this.actors) {
      gateway.losesBeats = false;
      gateway.heal();
    }
    this.pass(4 * ttlMs);
  }
}

describe('sessions under any sequence of cuts, losses and givings up', () => {
  it('never claim one lock twice at one time, and leave no grant that nobody knows of', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const world = new World();
        for (const one of steps) world.take(one);
        world.calm();

        const known = world.actors.flatMap(({ holds }) =>
          holds.filter((hold) => hold.isHeld).map((hold) => hold.token),
        );
        const inTable = names.flatMap((name) => world.cluster.table.views.inspect(name)?.holders ?? []);
        expect(inTable.map((holder) => holder.token).sort()).toEqual([...known].sort());
      }),
      { numRuns: 150 },
    );
  });

  it('settle every acquire that has a limit', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const world = new World();
        for (const one of steps) world.take(one.kind === 'acquire' ? { ...one, limitMs: one.limitMs ?? 500 } : one);
        world.pass(2 * ttlMs);

        for (const actor of world.actors) expect(actor.settled).toBe(actor.acquisitions.length);
      }),
      { numRuns: 100 },
    );
  });
});
