// Ann holds the ledger and wants the archive; Bob holds the archive and wants the ledger. Without owners both would wait
// for ever; with them the one who closes the circle is told, lets go, and begins anew.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeadlockError, Holdfast } from 'holdfast';

const directory = await mkdtemp(join(tmpdir(), 'holdfast-example-'));
const node = await Holdfast.open({ dataDir: join(directory, 'data') });
let deadlocks = 0;

const withBoth = (owner, [first, second], meet) =>
  node.withOwner(owner, async () => {
    for (;;) {
      const held = await node.acquireLock(first);
      try {
        await meet();
        const other = await node.acquireLock(second);
        await other.release();
        return;
      } catch (error) {
        if (!(error instanceof DeadlockError)) throw error;
        deadlocks += 1;
        console.log(error.cycle.map((step) => `${step.owner} waits for ${step.lock}`).join(', '));
      } finally {
        await held.release();
      }
    }
  });

// Both hold their first lock before either asks for its second.
let holding = 0;
let go;
const bothHold = new Promise((resolve) => {
  go = resolve;
});
const meet = () => {
  holding += 1;
  if (holding === 2) go();
  return bothHold;
};
await Promise.all([withBoth('ann', ['ledger', 'archive'], meet), withBoth('bob', ['archive', 'ledger'], meet)]);
console.log('both are done, after', deadlocks, 'deadlock');

await node.close();
await rm(directory, { recursive: true });
if (deadlocks !== 1) process.exitCode = 1;
