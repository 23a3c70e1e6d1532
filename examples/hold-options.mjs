// Who holds a lock says why; who waits learns his place, nobody waits in a queue that is too long, and nobody holds for ever.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Holdfast, QueueFullError } from 'holdfast';

const directory = await mkdtemp(join(tmpdir(), 'holdfast-example-'));
const node = await Holdfast.open({ dataDir: join(directory, 'data') });

const report = node.createLock('reports/2026-11');
const first = await report.acquire({ metadata: 'job 1' });
let tell;
const told = new Promise((resolve) => {
  tell = resolve;
});
const second = report.acquire({ metadata: 'job 2', onQueued: tell });
const place = await told;
console.log('job 2 waits at place', place.position, 'behind', (await node.inspect(report.name)).holders[0]?.metadata);

let isRefused = false;
try {
  await report.acquire({ metadata: 'job 3', maxQueueLength: 1 });
} catch (error) {
  if (!(error instanceof QueueFullError)) throw error;
  isRefused = true;
  console.log('job 3 does not wait:', error.message);
}

await first.release();
const handle = await second;
console.log(handle.metadata, 'holds the lock; its place is', await place.refresh());
await handle.release();

// A job that hangs does not keep the lock for ever, though its process is well.
const hanging = await report.acquire({ metadata: 'job 4', maxHold: 2_000 });
const waiting = report.acquire({ metadata: 'job 5' });
const { reason } = await new Promise((resolve) => hanging.on('lost', resolve));
const next = await waiting;
console.log('job 4 lost the lock:', reason, '- it goes to', next.metadata);

await next.release();
await node.close();
await rm(directory, { recursive: true });
if (place.position !== 1 || !isRefused || reason !== 'overdue') process.exitCode = 1;
