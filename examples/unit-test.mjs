// How to unit-test code that uses locks, with Node's own test runner: a whole cluster in this process, in virtual time.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { createTestCluster } from 'holdfast/testing';

/** The code under test: works off a queue, one worker at a time, and stops when its lock is lost. */
const workOff = async (locks, queue, work) => {
  const handle = await locks.acquireLock('queue', { timeout: 30_000 });
  let done = 0;
  try {
    while (queue.length > 0 && handle.isHeld) {
      await work(queue.shift(), handle.fencingToken);
      done += 1;
    }
  } finally {
    await handle[Symbol.asyncDispose]();
  }
  return done;
};

let cluster;
beforeEach(async () => {
  cluster = await createTestCluster();
});
afterEach(() => cluster.close());

test('one worker does everything, the other finds nothing left', async () => {
  const done = await Promise.all([
    workOff(cluster.node('a'), ['x', 'y', 'z'], async () => {}),
    workOff(cluster.node('b'), [], async () => {}),
  ]);

  assert.deepEqual(done, [3, 0]);
});

test('a worker gives up after thirty seconds', async () => {
  await cluster.client().acquireLock('queue');
  const before = cluster.now;

  const working = cluster.settle(workOff(cluster.node('a'), ['x'], async () => {}));

  await assert.rejects(working, { code: 'TIMEOUT' });
  assert.ok(cluster.now - before >= 30_000);
});

test('a worker that loses its lock stops, and its successor has a higher token', async () => {
  const tokens = [];
  const queue = ['x', 'y', 'z'];
  const first = cluster.node('a');
  const working = workOff(first, queue, async (_, token) => {
    tokens.push(token);
    // In the middle of its work the worker is cut off from the cluster, for longer than its session lives.
    cluster.isolate('a');
    await cluster.advance(15_000);
  });
  const done = await cluster.settle(working);
  cluster.heal();

  await cluster.settle(workOff(cluster.node('b'), queue, async (_, token) => tokens.push(token)));

  assert.equal(done, 1);
  assert.equal(queue.length, 0);
  assert.ok(tokens[1] > tokens[0]);
});

test('a lock is passed on when the process of its holder dies', async () => {
  const dying = cluster.nodeIds.find((id) => id !== cluster.leader);
  await cluster.node(dying).acquireLock('queue');

  cluster.kill(dying);
  const done = await cluster.settle(workOff(cluster.client(), ['x'], async () => {}));

  assert.equal(done, 1);
});
