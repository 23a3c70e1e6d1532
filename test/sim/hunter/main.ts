import { parentPort, workerData } from 'node:worker_threads';
import { catchOf } from '../hunt.ts';
import type { LayerName, Wish } from '../layers.ts';

// One thread of a hunt: answers each seed with what became of it.
const [layer, wish]: readonly [LayerName, Wish] = workerData;

parentPort?.on('message', (seed: number) => parentPort?.postMessage(catchOf(layer, seed, wish)));
