// A lock in one process, kept on disk: the smallest use there is.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Holdfast } from 'holdfast';

const directory = await mkdtemp(join(tmpdir(), 'holdfast-example-'));
const node = await Holdfast.open({ dataDir: join(directory, 'data') });

const lock = node.createLock('invoices/2026-11');
const total = await lock.use({ timeout: 5_000 }, async (handle) => {
  console.log(`holding ${handle.name} with token ${handle.fencingToken}`);
  // Whoever holds the lock already keeps others out.
  console.log('a second attempt:', await lock.tryAcquire());
  return 42;
});
console.log('result:', total);

await node.close();
await rm(directory, { recursive: true });
