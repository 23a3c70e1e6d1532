import type { Deed } from '../ghost.ts';
import { Violation } from '../violation.ts';
import { drawConditions, type NodeConditions, type NodeNarrowing } from './conditions.ts';
import { NodeNemesis } from './nemesis.ts';
import { Recovery } from './recovery.ts';
import { NodeWorld } from './world.ts';

export interface NodeFailure {
  /** A rule of the simulator, or the name of the error that was thrown. */
  readonly rule: string;
  readonly error: Error;
  /** The last events, oldest first, and one line per node. */
  readonly tail: readonly string[];
  readonly table: readonly string[];
}

export interface NodeOutcome {
  readonly conditions: NodeConditions;
  readonly failure: NodeFailure | undefined;
  /** Equal for two runs of one seed, or something in them is not determined. */
  readonly hash: string;
  readonly steps: number;
  readonly virtualMs: number;
  readonly counts: ReadonlyMap<Deed, number>;
}

/** Runs `seed` with whole nodes: first with all its faults, then without any, when everything must come to rest. */
export function simulateNodes(
  seed: number,
  narrowing: NodeNarrowing & { readonly blind?: readonly string[] } = {},
): NodeOutcome {
  const conditions = drawConditions(seed, narrowing);
  const world = new NodeWorld(conditions, narrowing.blind);
  const failure = caught(world, () => {
    const nemesis = new NodeNemesis(world);
    nemesis.start();
    world.run(conditions.safetyMs);
    nemesis.stop();
    new Recovery(world, nemesis).judge();
  });
  const { time } = world.cluster;
  return {
    ...{ conditions, failure, hash: world.hash, steps: time.steps, virtualMs: time.now },
    counts: world.ghost.counts,
  };
}

function caught(world: NodeWorld, run: () => void): NodeFailure | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    // What broke the law first counts, wherever it showed; whatever it is, it is reported with the seed that led to it.
    const cause = world.broken ?? error;
    const found = cause instanceof Error ? cause : new Error(String(cause));
    const rule = found instanceof Violation ? found.rule : found.name;
    return { rule, error: found, tail: world.tail, table: world.table };
  }
}
