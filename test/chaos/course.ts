import { type FaultKind, faultKinds, type Inflicted } from './faults/fault.ts';
import type { NetworkKind } from './network.ts';
import type { JournalCounts } from './node-journals.ts';
import type { Problem } from './problems.ts';
import type { Tally } from './tally.ts';

/** How often a fault was tried, and how often it was seen to act. */
export interface FaultCount {
  readonly tried: number;
  readonly acted: number;
}

/** Counts faults by kind, and by what they were. */
export class FaultCounts {
  readonly #byKind: Map<FaultKind, FaultCount> = new Map();
  readonly #byShape: Map<string, FaultCount> = new Map();

  add(kind: FaultKind, { what, acted }: Inflicted): void {
    raise(this.#byKind, kind, acted);
    raise(this.#byShape, what, acted);
  }

  of(kind: FaultKind): FaultCount {
    return this.#byKind.get(kind) ?? { tried: 0, acted: 0 };
  }

  /** All that acted. */
  get acted(): number {
    return faultKinds.reduce((sum, kind) => sum + this.of(kind).acted, 0);
  }

  get shapes(): Readonly<Record<string, FaultCount>> {
    return Object.fromEntries([...this.#byShape].toSorted());
  }
}

function raise<K>(counts: Map<K, FaultCount>, key: K, acted: boolean): void {
  const before = counts.get(key) ?? { tried: 0, acted: 0 };
  counts.set(key, { tried: before.tried + 1, acted: before.acted + (acted ? 1 : 0) });
}

/** What a run was asked for. */
export interface RunOptions {
  readonly minutes: number;
  readonly kinds: readonly FaultKind[];
  readonly nodes: number;
  readonly network: NetworkKind;
  readonly seed: number;
  /** Where the history goes; absent: into the folder of the run. */
  readonly history: string | undefined;
  /** The repository whose `dist` is run. */
  readonly root: string;
  /** Leave out faults that cannot be made here, rather than fail. */
  readonly allowMissing: boolean;
  /** By how much what must have happened is multiplied; 1 on a machine that has nothing else to do. */
  readonly gates: number;
  /** Keep the folder of the run: always, when something was wrong, or never. */
  readonly keep: 'always' | 'on-failure' | 'never';
  /** End with the first problem: enough to know that a planted bug was caught. */
  readonly endsEarly: boolean;
  /** Gets lines for people while it runs. */
  readonly say: (line: string) => void;
}

/** A finished run. */
export interface Course {
  readonly seed: number;
  readonly nodes: number;
  /** Of faults. */
  readonly minutes: number;
  /** As in the options. */
  readonly gates: number;
  /** From beginning to end. */
  readonly seconds: number;
  readonly tally: Tally;
  readonly faults: FaultCounts;
  readonly kinds: readonly FaultKind[];
  /** Names of locks that were used. */
  readonly locks: number;
  readonly journals: JournalCounts;
  readonly problems: readonly Problem[];
  /** Of the checker: `linearizable`, or what it says instead. */
  readonly verdict: string;
  /** How often what was asked for came to what. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** What the checker says at length, when it is not content. */
  readonly account: string | undefined;
  readonly historyPath: string;
  /** Logs, data and, unless it went elsewhere, history; undefined when it was removed. */
  readonly folder: string | undefined;
}
