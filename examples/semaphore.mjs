// Seven jobs share four connections to a database; a large job takes three of them at once and is not overtaken for ever
// by the small ones.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Holdfast } from 'holdfast';

const directory = await mkdtemp(join(tmpdir(), 'holdfast-example-'));
const node = await Holdfast.open({ dataDir: join(directory, 'data') });

const connections = node.createSemaphore('db/connections', 4);
let inUse = 0;
let most = 0;
const job = (permits) =>
  connections.use({ permits, timeout: 10_000 }, async (handle) => {
    inUse += handle.permits;
    most = Math.max(most, inUse);
    await new Promise((resolve) => setImmediate(resolve));
    inUse -= handle.permits;
  });

await Promise.all([1, 1, 3, 1, 1, 2, 1].map(job));
console.log('at most', most, 'connections were in use');

await node.close();
await rm(directory, { recursive: true });
if (most > 4 || inUse !== 0) process.exitCode = 1;
