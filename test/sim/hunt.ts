import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type LayerName, layers, type Verdict, type Wish } from './layers.ts';

/** Which seeds are run, and for how long. */
export interface Hunt {
  readonly layer: LayerName;
  readonly from: number;
  /** How many seeds; absent: as many as fit into the time. */
  readonly seeds: number | undefined;
  /** No seed is begun after so much real time. Milliseconds. */
  readonly ms: number | undefined;
  readonly wish: Wish;
  /** Goes on after a failure. */
  readonly keeps: boolean;
}

/** The sum of a hunt. */
export interface Bag {
  readonly seeds: number;
  readonly seconds: number;
  readonly virtualHours: number;
  readonly steps: number;
  readonly counts: ReadonlyMap<string, number>;
  readonly broken: readonly Verdict[];
  /** Seeds that took another course the second time: something in them is not determined. */
  readonly unstable: readonly number[];
}

/** One seed in so many is run twice. */
const twiceEvery = 100;

/** One seed on one thread: what `hunter/main.ts` answers. */
export interface Catch {
  readonly verdict: Verdict;
  readonly isStable: boolean;
}

export function catchOf(layer: LayerName, seed: number, wish: Wish): Catch {
  const verdict = layers[layer].run(seed, wish);
  const isTwice = verdict.broken !== undefined || seed % twiceEvery === 0;
  return { verdict, isStable: !isTwice || layers[layer].run(seed, wish).hash === verdict.hash };
}

/** Runs seed after seed on all cores. */
export async function hunt(what: Hunt, told: (verdict: Verdict) => void): Promise<Bag> {
  const startedAt = performance.now();
  const counts = new Map<string, number>();
  const [broken, unstable]: [Verdict[], number[]] = [[], []];
  let [next, done, steps, virtualMs] = [what.from, 0, 0, 0];
  const goesOn = (): boolean => {
    const isInTime = what.ms === undefined || performance.now() - startedAt < what.ms;
    const isLeft = what.seeds === undefined || next < what.from + what.seeds;
    return isInTime && isLeft && (what.keeps || broken.length === 0);
  };
  const add = ({ verdict, isStable }: Catch): void => {
    done += 1;
    steps += verdict.steps;
    virtualMs += verdict.virtualMs;
    for (const [deed, count] of verdict.counts) counts.set(deed, (counts.get(deed) ?? 0) + count);
    if (!isStable) unstable.push(verdict.seed);
    if (verdict.broken !== undefined) broken.push(verdict);
    told(verdict);
  };
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL('./hunter/main.js', import.meta.url), { workerData: [what.layer, what.wish] });
    while (goesOn()) {
      const seed = next;
      next += 1;
      add(await answerOf(worker, seed));
    }
    await worker.terminate();
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  const seconds = (performance.now() - startedAt) / 1_000;
  return { seeds: done, seconds, virtualHours: virtualMs / 3_600_000, steps, counts, broken, unstable };
}

const answerOf = (worker: Worker, seed: number): Promise<Catch> =>
  new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (answer: Catch) => {
      worker.off('error', reject);
      resolve(answer);
    });
    worker.postMessage(seed);
  });
