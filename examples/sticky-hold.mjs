// A scheduler sets a machine aside for a job, tells a worker, and goes. The lock stays held, and the worker goes on with it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Holdfast } from 'holdfast';

const directory = await mkdtemp(join(tmpdir(), 'holdfast-example-'));
const node = await Holdfast.open({ dataDir: join(directory, 'data'), listen: '127.0.0.1:0' });
const endpoints = node.status().members.map((member) => member.address);

const scheduler = await Holdfast.connect({ endpoints, label: 'scheduler' });
const handle = await scheduler.acquireLock('machine/7', { sticky: true, metadata: 'job 12' });
const message = JSON.stringify({ ...handle.ticket, token: handle.fencingToken });
await scheduler.close();

const { holders } = await node.inspect('machine/7');
const isFree = (await node.tryAcquireLock('machine/7')) !== null;
console.log('the scheduler is gone; held by session', holders[0].session, '- free:', isFree);

const worker = await Holdfast.connect({ endpoints, label: 'worker' });
const mine = await worker.attachLock(JSON.parse(message));
console.log('the worker goes on with', mine.metadata, 'under token', mine.fencingToken, 'after', handle.fencingToken);

// The queue delivers the message once more: the ticket names a token that is over.
const again = await worker.attachLock(JSON.parse(message)).catch((error) => error.code);
console.log('delivered twice:', again);

await mine.release();
const next = await node.tryAcquireLock('machine/7');
console.log('released:', next !== null);

const isSound = holders[0].session === 0 && !isFree && mine.fencingToken > handle.fencingToken && again === 'NOT_HELD';
await worker.close();
await node.close();
await rm(directory, { recursive: true });
if (!isSound || next === null) process.exitCode = 1;
