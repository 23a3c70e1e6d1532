// One of the processes of ../no-deadlock.mjs: a node of the cluster, and its share of the calls.
import { setImmediate as pause } from 'node:timers/promises';
import { Holdfast } from 'holdfast';
import { kindOf, names, permitsInAll } from './kinds.mjs';
import { randomFrom } from './random.mjs';

const { nodeId, members, dataDir, seed, calls, workers } = JSON.parse(process.argv[2]);
const node = await Holdfast.open({ nodeId, members, dataDir, listen: members[nodeId] });
const random = randomFrom(seed);
const spans = [];
let begun = 0;
let finished = 0;

/** One to five names in random order, each with a mode or permits that its kind allows. */
function drawn() {
  const left = [...names];
  const chosen = Array.from({ length: 1 + random.below(5) }, () => left.splice(random.below(left.length), 1)[0]);
  return chosen.map((name) => {
    if (kindOf(name) === 'exclusive') return { lock: name };
    if (kindOf(name) === 'reader-writer')
      return { lock: name, mode: ['read', 'upgradeable', 'write'][random.below(3)] };
    return { semaphore: node.createSemaphore(name, permitsInAll), permits: 1 + random.below(permitsInAll) };
  });
}

/** Microseconds of the clock that all processes of this host share. */
const now = () => Number(process.hrtime.bigint() / 1_000n);

async function work() {
  while (begun < calls) {
    begun += 1;
    const handle = await node.acquireAll(drawn(), { timeout: 60_000 });
    const from = now();
    await pause();
    handle.assertHeld();
    const to = now();
    for (const { name, mode, permits = 1, fencingToken: token } of handle.parts) {
      spans.push({ name, mode, permits, token, from, to });
    }
    await handle.release();
    finished += 1;
  }
}

process.send({ kind: 'ready' });
process.once('message', async () => {
  await Promise.all(Array.from({ length: workers }, work));
  process.send({ kind: 'finished', finished, spans });
  // The others need this node for their quorum until all have finished.
  process.once('message', async () => {
    await node.close();
    process.disconnect();
  });
});
