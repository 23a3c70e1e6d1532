import { join } from 'node:path';
import type { Entry, LogWrite, Position } from '../../raft/index.ts';
import type { Done, LevelStore } from '../../storage/index.ts';
import { percentile } from '../statistics.ts';
import type { MicroFigure } from './messages.ts';
import type { StorageModule } from './parts.ts';

const nothing: LogWrite = {
  ...{ hardState: undefined, install: undefined, base: undefined, truncateFrom: undefined, entries: [] },
};

const payload = new Uint8Array(100).fill(7);

/** Synced writes of log entries, one after the other, of few and of many entries. */
export async function storeFigures(
  { LevelStore: Store, chainOf }: StorageModule,
  folder: string,
  windowMs: number,
): Promise<readonly MicroFigure[]> {
  const figures: MicroFigure[] = [];
  for (const size of [1, 64]) {
    const store = new Store({ dataDir: join(folder, `store-${size}`), nodeId: 'a' });
    await asked((done) => store.open(() => undefined, done));
    const voters = [{ id: 'a/1', address: 'localhost:1' }];
    const genesis = { clusterId: 'bench', configuration: { voters, outgoing: [], learners: [] } };
    await asked((done) => store.form(genesis, done));
    figures.push(...(await writes(store, { size, windowMs, chainOf })));
    await asked((done) => store.close(done));
  }
  return figures;
}

async function writes(
  store: LevelStore,
  {
    size,
    windowMs,
    chainOf,
  }: { readonly size: number; readonly windowMs: number; readonly chainOf: StorageModule['chainOf'] },
): Promise<readonly MicroFigure[]> {
  const latencies: number[] = [];
  let last: Position = { index: 0, term: 0, chain: 0 };
  for (const endsAt = performance.now() + windowMs; performance.now() < endsAt; ) {
    const entries = entriesAfter(last, size, chainOf);
    last = entries.at(-1) ?? last;
    const startedAt = performance.now();
    await asked((done) => store.write({ ...nothing, entries }, done));
    latencies.push(performance.now() - startedAt);
  }
  const sorted = latencies.toSorted((a, b) => a - b);
  const point = `synced write of ${size}`;
  return [
    { point, figure: 'p50', unit: 'ms', better: 'lower', value: percentile(sorted, 50) },
    { point, figure: 'p99', unit: 'ms', better: 'lower', value: percentile(sorted, 99) },
    { point, figure: 'entries', unit: '/s', better: 'higher', value: (latencies.length * size * 1_000) / windowMs },
  ];
}

function entriesAfter(previous: Position, count: number, chainOf: StorageModule['chainOf']): readonly Entry[] {
  const entries: Entry[] = [];
  let { chain } = previous;
  for (let index = previous.index + 1; index <= previous.index + count; index += 1) {
    const body = { index, term: 1, kind: 'commands', payload } as const;
    chain = chainOf(chain, body);
    entries.push({ ...body, chain });
  }
  return entries;
}

const asked = <T>(call: (done: Done<T>) => void): Promise<T> =>
  new Promise((resolve, reject) => {
    call((outcome) => (outcome.ok ? resolve(outcome.value) : reject(outcome.error)));
  });
