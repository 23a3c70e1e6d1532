// Watches what happens to locks from another process, and goes on behind an event that it has seen, at another provider.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Holdfast } from 'holdfast';

const directory = await mkdtemp(join(tmpdir(), 'holdfast-example-'));
const node = await Holdfast.open({ dataDir: join(directory, 'data'), listen: '127.0.0.1:0' });
const endpoints = node.status().members.map((member) => member.address);
const client = await Holdfast.connect({ endpoints, label: 'watcher' });

const events = client.events({ prefix: 'report/' });
const held = await node.acquireLock('report/nightly');
const waiting = node.acquireLock('report/nightly', { timeout: 5_000 });
while ((await node.inspect('report/nightly')).waiting === 0);
await held.release();
await (await waiting).release();

let seen;
for await (const event of events) {
  console.log(`${event.index}.${event.place}`, event.kind, event.name, `session ${event.session}`);
  seen = event;
  if (event.kind === 'queued') break;
}

console.log('at the node, behind', seen.kind);
for await (const event of node.events({ prefix: 'report/', after: seen })) {
  console.log(`${event.index}.${event.place}`, event.kind, `token ${event.token}`);
  // The second hold, which was queued before, is released last.
  if (event.kind === 'released' && event.token !== held.fencingToken) break;
}

await client.close();
await node.close();
await rm(directory, { recursive: true });
