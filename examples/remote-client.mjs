// A process without a node of its own takes a lock over the network, gives up waiting, and learns when a lock is free.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Holdfast, TimeoutError } from 'holdfast';

const directory = await mkdtemp(join(tmpdir(), 'holdfast-example-'));
const node = await Holdfast.open({ dataDir: join(directory, 'data'), listen: '127.0.0.1:0' });
const endpoints = node.status().members.map((member) => member.address);
const client = await Holdfast.connect({ endpoints, label: 'example' });

const held = await node.acquireLock('report');
held.signal.addEventListener('abort', () => console.log('lost:', held.signal.reason.message));

try {
  await client.acquireLock('report', { timeout: 200 });
} catch (error) {
  if (!(error instanceof TimeoutError)) throw error;
  console.log('not yet:', error.code, error.outcome);
}

const { holders } = await client.inspect('report');
console.log('held by', holders.map((holder) => holder.label).join());

const next = client.acquireLock('report', { timeout: 5_000 });
await held.release();
const handle = await next;
console.log('passed on with a higher token:', handle.fencingToken > held.fencingToken);

await handle.release();
await client.close();
await node.close();
await rm(directory, { recursive: true });
