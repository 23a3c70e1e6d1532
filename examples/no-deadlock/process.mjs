// One of the processes of ../no-deadlock.mjs: a node of the cluster, and its share of the calls.
import { setImmediate as pause } from 'node:timers/promises';
import { DeadlockError, Holdfast } from 'holdfast';
import { kindOf, names, permitsInAll } from './kinds.mjs';
import { randomFrom } from './random.mjs';

const { nodeId, members, dataDir, seed, calls, workers, isOneByOne } = JSON.parse(process.argv[2]);
const node = await Holdfast.open({ nodeId, members, dataDir, listen: members[nodeId] });
const random = randomFrom(seed);
const spans = [];
let begun = 0;
let finished = 0;
let refused = 0;

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

/** All in one step; or one after the other, for one owner, so that a circle of such calls is refused, not waited in. */
async function acquired(requests, owner) {
  if (!isOneByOne) return [await node.acquireAll(requests, { timeout: 60_000 })];
  const held = [];
  try {
    for (const request of requests) held.push(await node.acquireAll([request], { owner, timeout: 60_000 }));
    return held;
  } catch (error) {
    await Promise.all(held.map((handle) => handle.release()));
    if (!(error instanceof DeadlockError)) throw error;
    refused += 1;
    return [];
  }
}

async function work() {
  while (begun < calls) {
    begun += 1;
    const handles = await acquired(drawn(), `${nodeId}/${begun}`);
    const from = now();
    await pause();
    for (const handle of handles) handle.assertHeld();
    const to = now();
    for (const { name, mode, permits = 1, fencingToken: token } of handles.flatMap(({ parts }) => parts)) {
      spans.push({ name, mode, permits, token, from, to });
    }
    await Promise.all(handles.map((handle) => handle.release()));
    if (handles.length > 0) finished += 1;
  }
}

process.send({ kind: 'ready' });
process.once('message', async () => {
  await Promise.all(Array.from({ length: workers }, work));
  process.send({ kind: 'finished', finished, refused, spans });
  // The others need this node for their quorum until all have finished.
  process.once('message', async () => {
    await node.close();
    process.disconnect();
  });
});
