// Who holds a lock says why; who waits learns his place, nobody waits in a queue that is too long, nobody holds for ever, and
// what was lost is not given out at once.
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

// What a job has on the way when it loses its lock may arrive before anybody else begins.
const careful = await report.acquire({ metadata: 'job 6', lockDelay: 60_000 });
await node.forceRelease(report.name, { actor: 'ann', reason: 'it hangs' });
const { lockDelay } = await node.inspect(report.name);
console.log('job 6 has lost the lock:', careful.signal.aborted, '- nobody gets it for', lockDelay, 'ms');
await node.forceRelease(report.name, { actor: 'ann', reason: 'nothing is on the way' });
const last = await report.acquire({ metadata: 'job 7' });
console.log('unless somebody says so:', last.metadata);
await last.release();
await node.close();
await rm(directory, { recursive: true });
if (place.position !== 1 || !isRefused || reason !== 'overdue' || lockDelay !== 60_000) process.exitCode = 1;
