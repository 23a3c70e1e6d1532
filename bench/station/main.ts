import { setImmediate as turn } from 'node:timers/promises';
import { openPort } from '../adapters/open.ts';
import { nowMs } from '../clock.ts';
import { closedLoop } from './closed-loop.ts';
import type { Answers, Message, OrderKind, Orders, Reply, StationSettings } from './messages.ts';
import { openLoop } from './open-loop.ts';
import type { Held } from './port.ts';
import { Profiler } from './profiler.ts';
import { Watch } from './watch.ts';

// One process that load comes from: it opens one lock service, and does what the bench orders.

const settings: StationSettings = JSON.parse(process.argv[2] ?? '{}');

/** How many locks are asked for at once while many are gathered. */
const gatherWidth = 500;

const tell = (reply: Reply): void => {
  if (process.connected) process.send?.(reply);
};

// A bench that was killed must not leave its stations behind.
const orphaned = (): never => process.exit(1);
process.once('disconnect', orphaned);

const port = await openPort(settings.adapter);
const taken = new Map<string, Held>();
const kept: Held[] = [];
const profiler = new Profiler();
let watch: Watch | undefined;

type Handlers = { readonly [K in OrderKind]: (order: Orders[K]) => Promise<Answers[K]> };

const handlers: Handlers = {
  load: (order) => closedLoop(port, order),
  open: (order) => openLoop(port, order),
  hold: gather,
  take: async ({ name }) => {
    taken.set(name, await port.acquire(name));
    return { grantedAtMs: nowMs() };
  },
  drop: async ({ name }) => {
    await taken.get(name)?.release();
    taken.delete(name);
    return {};
  },
  watch: async (order) => {
    watch = new Watch(port, order);
    return {};
  },
  since: async ({ atMs }) => ({ grantedAtMs: watch?.since(atMs) }),
  unwatch: async () => (await watch?.stop()) ?? { grants: 0, troubles: 0 },
  status: () => port.status(),
  memory: measureMemory,
  profile: async () => {
    await profiler.start();
    return {};
  },
  profiled: async ({ path }) => ({ tolls: await profiler.stop(path) }),
  stop: async () => {
    await port.close();
    return {};
  },
};

process.on('message', (message: Message) => {
  // A failed answer is told; nothing else can reject.
  answer(message).catch((error: unknown) => {
    tell({ kind: 'failed', id: message.id, text: error instanceof Error ? (error.stack ?? '') : String(error) });
  });
});
tell({ kind: 'ready', atMs: nowMs() });

async function answer<K extends OrderKind>({ id, kind, order }: Message<K>): Promise<void> {
  const answered = await handlers[kind](order);
  tell({ kind: 'answer', id, answer: answered });
  if (kind !== 'stop') return;
  process.off('disconnect', orphaned);
  process.disconnect();
}

async function gather({ name, count }: Orders['hold']): Promise<Answers['hold']> {
  const startedAt = nowMs();
  for (let from = 0; from < count; from += gatherWidth) {
    const width = Math.min(gatherWidth, count - from);
    const names = Array.from({ length: width }, (_, at) => `${name}/${String(from + at).padStart(7, '0')}`);
    kept.push(...(await Promise.all(names.map((each) => port.acquire(each)))));
  }
  return { seconds: (nowMs() - startedAt) / 1_000 };
}

async function measureMemory(): Promise<Answers['memory']> {
  // The first collection lets finalizers run, the second collects what they let go.
  for (let pass = 0; pass < 2; pass += 1) {
    globalThis.gc?.();
    await turn();
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { usedBytes: heapUsed + external, residentBytes: rss };
}
