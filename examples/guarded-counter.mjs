// Three nodes in one process contend for a lock that guards a counter. The counter refuses stale tokens: that is what
// protects it from a holder that was paused at the wrong moment, which no lock alone can do.
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Holdfast } from 'holdfast';
import { createFence } from 'holdfast/fencing';

class GuardedCounter {
  #value = 0;
  #fence = createFence();

  add(token) {
    this.#fence.admit('counter', token);
    this.#value += 1;
    return this.#value;
  }
}

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

const directory = await mkdtemp(join(tmpdir(), 'holdfast-example-'));
const members = {};
for (const id of ['a', 'b', 'c']) members[id] = `127.0.0.1:${await freePort()}`;
const nodes = await Promise.all(
  Object.entries(members).map(([nodeId, listen]) =>
    Holdfast.open({ nodeId, listen, members, dataDir: join(directory, nodeId) }),
  ),
);

const counter = new GuardedCounter();
let count = 0;
await Promise.all(
  nodes.map(async (node) => {
    const lock = node.createLock('counter');
    for (let round = 0; round < 5; round += 1) {
      await lock.use({ timeout: 10_000 }, (handle) => {
        count = counter.add(handle.fencingToken);
      });
    }
  }),
);
console.log('counted to', count);

await Promise.all(nodes.map((node) => node.close()));
await rm(directory, { recursive: true });
if (count !== 15) process.exitCode = 1;
