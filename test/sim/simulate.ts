import type { Deed } from './ghost.ts';
import { Liveness } from './liveness.ts';
import { type Mutant, noMutant } from './mutant.ts';
import { Nemesis } from './nemesis.ts';
import { Replacement } from './replacement.ts';
import { drawSwarm, type Narrowing, type Swarm } from './swarm.ts';
import { Violation } from './violation.ts';
import { Workload } from './workload.ts';
import { World } from './world.ts';

export interface Conditions extends Narrowing {
  readonly mutant?: Mutant;
  /** Rules that are not judged, to see what the others see. */
  readonly blind?: readonly string[];
}

export interface Outcome {
  readonly swarm: Swarm;
  /** Why the run failed; undefined if it did not. */
  readonly failure: Failure | undefined;
  /** Equal for two runs of one seed, or something in them is not determined. */
  readonly hash: string;
  readonly steps: number;
  readonly virtualMs: number;
  readonly counts: ReadonlyMap<Deed, number>;
}

export interface Failure {
  /** A rule of the simulator, or the name of the error that the core threw. */
  readonly rule: string;
  readonly error: Error;
  /** The last events, oldest first, and one line per member. */
  readonly tail: readonly string[];
  readonly table: readonly string[];
}

/** Runs `seed`: first with all its faults, then without any, when the cluster must come to rest and serve. */
export function simulate(seed: number, { mutant = noMutant, blind = [], ...narrowing }: Conditions = {}): Outcome {
  const swarm = drawSwarm(seed, narrowing);
  const world = new World(swarm, { mutant, blind });
  const failure = caught(world, () => {
    const nemesis = new Nemesis(world);
    const workload = new Workload(world);
    const replacement = new Replacement(world, nemesis);
    nemesis.start();
    replacement.start();
    workload.start(() => !nemesis.isOver);
    world.runUntil(swarm.safetyMs);
    nemesis.stop();
    new Liveness(world, { workload, replacement }).judge();
  });
  const { steps, trace, ghost, agenda } = world;
  return { swarm, failure, hash: trace.hash, steps, virtualMs: agenda.now, counts: ghost.counts };
}

function caught(world: World, run: () => void): Failure | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    // Whatever it is, it is to be reported with the seed that led to it.
    const cause = error instanceof Error ? error : new Error(String(error));
    const rule = cause instanceof Violation ? cause.rule : cause.name;
    return { rule, error: cause, tail: world.trace.tail, table: world.table };
  }
}
