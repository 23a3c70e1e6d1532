// A thousand acquireAll calls over twenty names of all kinds, drawn at random, from three processes that are a cluster
// together. All of them finish, and no two holds that exclude each other overlap:
//   node examples/no-deadlock.mjs [seed [calls [one-by-one]]]
// With one-by-one each call takes its locks one after the other, and those that close a circle are refused.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { names } from './no-deadlock/kinds.mjs';
import { overlapsIn } from './no-deadlock/overlaps.mjs';

const [seed = Math.floor(Math.random() * 1e9), calls = 1_000] = process.argv.slice(2, 4).map(Number);
const isOneByOne = process.argv[4] === 'one-by-one';
const ids = ['a', 'b', 'c'];
const directory = await mkdtemp(join(tmpdir(), 'holdfast-example-'));
console.log(`seed ${seed}: ${calls} calls over ${names.length} names from ${ids.length} processes`);

const servers = ids.map(() => createServer().listen(0, '127.0.0.1'));
await Promise.all(servers.map((server) => once(server, 'listening')));
const members = Object.fromEntries(ids.map((id, at) => [id, `127.0.0.1:${servers[at].address().port}`]));
await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));

const share = (at) => Math.floor((calls + at) / ids.length);
const children = ids.map((nodeId, at) => {
  const shared = { members, workers: 8, isOneByOne };
  const order = { ...shared, nodeId, dataDir: join(directory, nodeId), seed: seed + at, calls: share(at) };
  return fork(fileURLToPath(new URL('no-deadlock/process.mjs', import.meta.url)), [JSON.stringify(order)]);
});

/** The next message of each; a process that ends without one has failed. */
const heard = () =>
  Promise.all(
    children.map(async (child) => {
      const [message] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
      if (message?.kind === undefined) throw new Error(`a process ended with ${message ?? 'a signal'}`);
      return message;
    }),
  );

try {
  await heard();
  const startedAt = performance.now();
  const results = heard();
  for (const child of children) child.send('begin');
  const told = await results;
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  const ended = children.map((child) => once(child, 'exit'));
  for (const child of children) child.send('end');
  await Promise.all(ended);

  const spans = told.flatMap((message) => message.spans);
  const finished = told.reduce((sum, message) => sum + message.finished, 0);
  const refused = told.reduce((sum, message) => sum + message.refused, 0);
  const wrong = overlapsIn(spans);
  console.log(`${finished} of ${calls} calls finished in ${seconds} s: ${spans.length} grants, ${wrong.length} wrong`);
  for (const line of wrong.slice(0, 10)) console.error(line);
  if (isOneByOne) console.log(`${refused} calls were refused, as each would have closed a circle`);
  if (finished + refused !== calls || wrong.length > 0) process.exitCode = 1;
} finally {
  for (const child of children) child.kill('SIGKILL');
  await rm(directory, { recursive: true });
}
