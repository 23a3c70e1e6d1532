// Two transfers between the same accounts, in opposite directions, again and again: each takes both accounts in one step,
// so neither ever holds one and waits for the other.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Holdfast } from 'holdfast';

const directory = await mkdtemp(join(tmpdir(), 'holdfast-example-'));
const node = await Holdfast.open({ dataDir: join(directory, 'data') });
const balance = { alice: 100, bob: 100 };

const transfer = async (from, to, amount) => {
  const both = await node.acquireAll([{ lock: `account/${from}` }, { lock: `account/${to}` }], { timeout: 10_000 });
  try {
    both.assertHeld();
    balance[from] -= amount;
    await new Promise((resolve) => setImmediate(resolve));
    balance[to] += amount;
  } finally {
    await both.release();
  }
};

await Promise.all(
  Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? transfer('alice', 'bob', 5) : transfer('bob', 'alice', 5))),
);
console.log('balances:', balance);

await node.close();
await rm(directory, { recursive: true });
if (balance.alice !== 100 || balance.bob !== 100) process.exitCode = 1;
