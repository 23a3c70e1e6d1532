// A worker is paused at the wrong moment: it still means to write what it computed, after its lock has gone to another
// one. A value in a database without a fence would be overwritten. A register refuses it: a write is executed only while
// the hold that it names is current, at its own place in the log.
import { FencedError } from 'holdfast';
import { createTestCluster } from 'holdfast/testing';

const cluster = await createTestCluster();
const [one, two] = [cluster.node('a'), cluster.client('second-worker')];
const progress = (worker) => worker.createRegister('import/progress');

const first = await one.acquireLock('import');
await progress(one).set('row 1000', { guard: first });
const seen = await progress(one).get();

// What the first worker has in mind when it is paused: everything about its hold, as it was.
const former = { name: first.name, token: first.fencingToken };
await cluster.lose(first);

const second = await two.acquireLock('import');
const { written, version } = await progress(two).compareAndSet(seen.version, 'row 2000', { guard: second });
console.log('the second worker goes on:', written, 'version', version);

// The first one wakes up, and writes without looking whether it still holds anything.
let refused;
try {
  await progress(one).set('row 1001', { guard: former });
} catch (error) {
  if (!(error instanceof FencedError)) throw error;
  refused = error;
  console.log('refused:', error.message);
}

// Nor can it do anything else in the name of that hold, or be told that it stands.
const isCurrent = await two.verify(former);
const tried = await one.acquireLock('export', { guard: former }).catch((error) => error.code);
const entry = await progress(two).get();
console.log('stands:', isCurrent, '| acquire:', tried, '| the register says:', entry.value);

await cluster.close();
if (!refused || isCurrent || tried !== 'FENCED' || entry.value !== 'row 2000') process.exitCode = 1;
