import { setTimeout as pause } from 'node:timers/promises';
import { Stream } from '../../src/testing/index.ts';
import type { Cluster } from './cluster.ts';
import { clock } from './faults/clock.ts';
import { disk } from './faults/disk.ts';
import type { FaultKind, Inflicted, Injector, Scene } from './faults/fault.ts';
import { kill } from './faults/kill.ts';
import { partition } from './faults/partition.ts';
import { pause as freeze } from './faults/pause.ts';
import type { Journal } from './journal.ts';

const injectors: Readonly<Record<FaultKind, Injector>> = { kill, pause: freeze, partition, disk, clock };

/** Faults of one lane follow each other; lanes run side by side, so that faults of two lanes meet. */
const lanes: readonly (readonly FaultKind[])[] = [
  ['kill', 'pause', 'disk'],
  ['partition', 'clock'],
];

export interface NemesisParts {
  readonly cluster: Cluster;
  readonly journal: Journal;
  readonly seed: number;
  readonly kinds: readonly FaultKind[];
  /** Hears of each fault after its end. */
  readonly told: (kind: FaultKind, inflicted: Inflicted) => void;
}

/** Breaks things by the seed's chance until it is told to stop; then everything is whole again. */
export class Nemesis {
  readonly #parts: NemesisParts;

  constructor(parts: NemesisParts) {
    this.#parts = parts;
  }

  /** Resolves once the last fault has been undone. */
  async rage(stopping: AbortSignal): Promise<void> {
    const { kinds, cluster } = this.#parts;
    const busy = lanes.map((lane) => lane.filter((kind) => kinds.includes(kind))).filter((lane) => lane.length > 0);
    await Promise.all(busy.map((lane) => this.#lane(lane, stopping)));
    await cluster.network.heal();
  }

  async #lane(kinds: readonly FaultKind[], stopping: AbortSignal): Promise<void> {
    const { cluster, journal, seed, told } = this.#parts;
    const random = new Stream(seed, `nemesis ${kinds.join()}`);
    const rest = async (ms: number): Promise<void> => {
      try {
        await pause(ms, undefined, { signal: stopping });
      } catch (error) {
        if (!stopping.aborted) throw error;
      }
    };
    const scene: Scene = { cluster, journal, random, rest };
    let order: readonly FaultKind[] = [];
    for (;;) {
      await rest(random.logUniform(300, 2_500));
      if (stopping.aborted) return;
      // Every kind comes once before any comes again: a short run has all of them.
      if (order.length === 0) order = shuffled(kinds, random);
      const [kind, ...later] = order;
      order = later;
      if (kind !== undefined) told(kind, await injectors[kind](scene));
    }
  }
}

function shuffled<T>(list: readonly T[], random: Stream): readonly T[] {
  return list
    .map((one) => ({ one, place: random.unit() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ one }) => one);
}
