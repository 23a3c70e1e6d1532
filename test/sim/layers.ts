import { type NodeFault, type NodeNarrowing, nodeFaults } from './nodes/conditions.ts';
import { replayNodes, reportNodes, shrinkNodes } from './nodes/report.ts';
import { simulateNodes } from './nodes/simulate.ts';
import { narrow, replayCommand, report } from './report.ts';
import { simulate } from './simulate.ts';
import { type Narrowing as CoreNarrowing, type FaultClass, faultClasses } from './swarm.ts';

/** How a seed is to be run; what a layer has no use for it ignores. */
export interface Wish {
  readonly without: readonly string[];
  readonly safetyMs?: number;
  readonly clients?: number;
}

/** What became of one seed: plain values, so that it may come from another thread. */
export interface Verdict {
  readonly seed: number;
  readonly steps: number;
  readonly virtualMs: number;
  /** What the run did, by name. */
  readonly counts: readonly (readonly [string, number])[];
  readonly hash: string;
  readonly broken: { readonly rule: string; readonly message: string; readonly report: string } | undefined;
}

/** One way to simulate: cores alone, which is fast, or whole nodes with table, sessions, holders and clients. */
export interface Layer {
  readonly faults: readonly string[];
  run(seed: number, wish: Wish): Verdict;
  /** The command that repeats a failure with as little as it needs. */
  shrink(seed: number, rule: string): string;
}

const isCoreFault = (name: string): name is FaultClass => faultClasses.some((fault) => fault === name);
const isNodeFault = (name: string): name is NodeFault => nodeFaults.some((fault) => fault === name);

const only = <K extends string>(key: K, value: number | undefined): { readonly [key in K]?: number } =>
  (value === undefined ? {} : { [key]: value }) as { readonly [key in K]?: number };

const core: Layer = {
  faults: faultClasses,
  run: (seed, wish) => {
    const narrowing: CoreNarrowing = { without: wish.without.filter(isCoreFault), ...only('safetyMs', wish.safetyMs) };
    const outcome = simulate(seed, narrowing);
    const { failure, steps, counts, hash, virtualMs } = outcome;
    const broken = failure && { rule: failure.rule, message: failure.error.message, report: report(outcome) };
    return { seed, steps, virtualMs, counts: [...counts], hash, broken };
  },
  shrink: (seed, rule) => replayCommand(seed, narrow(seed, rule)),
};

const nodes: Layer = {
  faults: nodeFaults,
  run: (seed, wish) => {
    const narrowing: NodeNarrowing = {
      without: wish.without.filter(isNodeFault),
      ...only('safetyMs', wish.safetyMs),
      ...only('clients', wish.clients),
    };
    const outcome = simulateNodes(seed, narrowing);
    const { failure, steps, counts, hash, virtualMs } = outcome;
    const broken = failure && { rule: failure.rule, message: failure.error.message, report: reportNodes(outcome) };
    return { seed, steps, virtualMs, counts: [...counts], hash, broken };
  },
  shrink: (seed, rule) => replayNodes(seed, shrinkNodes(seed, rule)),
};

export const layers = { core, nodes } as const;

export type LayerName = keyof typeof layers;

export const isLayer = (name: string): name is LayerName => Object.hasOwn(layers, name);
