// Two processes stand for one election, a third one watches: the leader ends its work before the other is elected.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Holdfast } from 'holdfast';

const directory = await mkdtemp(join(tmpdir(), 'holdfast-example-'));
const node = await Holdfast.open({ dataDir: join(directory, 'data'), listen: '127.0.0.1:0' });
const endpoints = node.status().members.map((member) => member.address);

const watching = (async () => {
  for await (const { leader, value, token } of node.createElection('scheduler').observe()) {
    console.log(leader === null ? 'nobody leads' : `${leader} leads with token ${token}: ${value}`);
    if (value === 'beta, at work') return;
  }
})();

/** Another process, as far as the cluster can tell. */
async function candidate(label, done) {
  const client = await Holdfast.connect({ endpoints, label });
  const shutdown = new AbortController();
  await client.createElection('scheduler').run({
    value: label,
    signal: shutdown.signal,
    lead: async (leadership, stop) => {
      await leadership.proclaim(`${label}, at work`);
      await done(shutdown);
      if (!stop.aborted) await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }));
      console.log(`${label} has put its tools away`);
    },
  });
  await client.close();
}

let stopAlpha;
const alphaLeads = new Promise((resolve) => {
  stopAlpha = resolve;
});
const alpha = candidate('alpha', stopAlpha);
const shutdown = await alphaLeads;

// Once the other one waits, this one goes.
const beta = candidate('beta', async (its) => {
  await watching;
  its.abort();
});
while ((await node.inspect('scheduler')).waiting === 0);
shutdown.abort();
await alpha;
await beta;
console.log('at last', (await node.createElection('scheduler').leader()).leader ?? 'nobody');
await node.close();
await rm(directory, { recursive: true });
