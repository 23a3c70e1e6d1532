// Ann holds the ledger and wants the archive; Bob holds the archive and wants the ledger. Without owners both would wait
// for ever; with them the one who closes the circle is told, and lets go.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeadlockError, Holdfast } from 'holdfast';

const directory = await mkdtemp(join(tmpdir(), 'holdfast-example-'));
const node = await Holdfast.open({ dataDir: join(directory, 'data') });
const held = {
  ann: await node.acquireLock('ledger', { owner: 'ann' }),
  bob: await node.acquireLock('archive', { owner: 'bob' }),
};
let refused = 0;

const want = async (owner, name) => {
  try {
    await node.createLock(name).use({ owner }, () => console.log(`${owner} has both`));
  } catch (error) {
    if (!(error instanceof DeadlockError)) throw error;
    refused += 1;
    console.log(`${owner} is refused:`, error.cycle.map((step) => `${step.owner} waits for ${step.lock}`).join(', '));
  } finally {
    await held[owner].release();
  }
};
await Promise.all([want('ann', 'archive'), want('bob', 'ledger')]);

await node.close();
await rm(directory, { recursive: true });
if (refused !== 1) process.exitCode = 1;
