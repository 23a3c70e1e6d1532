// How long nobody is granted a lock after the leader is killed under load: `npm run bench:failover [kills]`.
// Real `holdfast serve` processes on loopback with their default timeouts; prints one JSON object.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Holdfast } from 'holdfast';

const kills = Number(process.argv[2] ?? 20);
const ids = ['a', 'b', 'c'];
const workers = 8;
const patienceMs = 30_000;
const cli = fileURLToPath(new URL('../dist/src/cli/main.js', import.meta.url));

/** Workers that acquire and release all the time, each its own lock, so that a dead holder hides nothing. */
class Load {
  grants = 0;
  troubles = 0;
  #client;
  #recent = [];
  #stopping = false;
  #work = [];

  constructor(client) {
    this.#client = client;
  }

  start() {
    this.#work = Array.from({ length: workers }, (_, at) => this.#loop(`bench/${at}`));
  }

  /** When the first acquire that was asked for after `at` was granted. */
  firstAskedSince(at) {
    return this.#recent.find(({ askedAt }) => askedAt >= at)?.grantedAt;
  }

  async stop() {
    this.#stopping = true;
    await Promise.all(this.#work);
    await this.#client.close();
  }

  async #loop(name) {
    while (!this.#stopping) {
      const askedAt = performance.now();
      try {
        // Given up and asked again soon, so that a request that was under way at the kill does not hide the next one.
        const handle = await this.#client.acquireLock(name, { timeout: 250 });
        this.#recent.push({ askedAt, grantedAt: performance.now() });
        if (this.#recent.length > 10_000) this.#recent.splice(0, 5_000);
        this.grants += 1;
        await handle.release();
      } catch (error) {
        if (!('outcome' in error)) throw error;
        this.troubles += 1;
      }
    }
  }
}

const folder = await mkdtemp(join(tmpdir(), 'holdfast-failover-'));
const addresses = Object.fromEntries((await freePorts(ids.length)).map((port, at) => [ids[at], `127.0.0.1:${port}`]));
const nodes = new Map();
try {
  console.log(JSON.stringify(await measure(), null, 2));
} finally {
  for (const node of nodes.values()) node.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
}
process.exit();

async function measure() {
  for (const id of ids) start(id);
  await leader();
  const load = new Load(await Holdfast.connect({ endpoints: Object.values(addresses) }));
  load.start();
  await until('load', () => load.grants > 200);
  const gaps = [];
  for (let kill = 0; kill < kills; kill += 1) {
    const victim = await leader();
    const victimProcess = nodes.get(victim);
    const killedAt = performance.now();
    victimProcess.kill('SIGKILL');
    const next = await until('a grant', () => load.firstAskedSince(killedAt));
    gaps.push(next - killedAt);
    process.stderr.write(`kill ${kill + 1}: ${victim}, ${Math.round(next - killedAt)} ms\n`);
    if (victimProcess.exitCode === null && victimProcess.signalCode === null) await once(victimProcess, 'exit');
    start(victim);
    await until(`${victim} to catch up`, async () => {
      const [own, led] = [await status(victim), await status(await leader())];
      return own?.role === 'follower' && led !== undefined && own.appliedIndex + 1_000 > led.commitIndex;
    });
    // Kills at all phases of the heartbeat, under a load that has settled.
    await pause(500 + Math.random() * 500);
  }
  await load.stop();
  const sorted = gaps.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  const median = (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
  return {
    kills,
    medianMs: Math.round(median),
    worstMs: Math.round(sorted.at(-1)),
    gapsMs: gaps.map(Math.round),
    grants: load.grants,
    troubles: load.troubles,
    cores: availableParallelism(),
    node: process.version,
  };
}

function start(id) {
  const members = ids.map((each) => `${each}=${addresses[each]}`).join(',');
  const flags = ['--node-id', id, '--listen', addresses[id], '--members', members, '--data-dir', join(folder, id)];
  const quiet = ['--health-listen', 'off', '--log-level', 'error'];
  nodes.set(id, spawn(process.execPath, [cli, 'serve', ...flags, ...quiet], { stdio: ['ignore', 2, 2] }));
}

async function leader() {
  return await until('a leader', async () => {
    const answers = await Promise.all(ids.map(status));
    const led = answers.filter((answer) => answer?.role === 'leader').toSorted((a, b) => b.term - a.term)[0];
    return led !== undefined && answers.some((answer) => answer?.leader === led.nodeId && answer !== led) && led.nodeId;
  });
}

async function status(id) {
  try {
    const options = { endpoints: [addresses[id]], requireLeader: false, readyTimeout: 1_000, closeTimeout: 50 };
    const client = await Holdfast.connect(options);
    try {
      return await client.status();
    } finally {
      await client.close();
    }
  } catch {
    return undefined;
  }
}

async function until(what, look) {
  const giveUpAt = performance.now() + patienceMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > giveUpAt) throw new Error(`waited ${patienceMs} ms in vain for ${what}`);
    await pause(2);
  }
}

async function freePorts(count) {
  const servers = [];
  for (let each = 0; each < count; each += 1) {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
  }
  const ports = servers.map((server) => server.address().port);
  for (const server of servers) server.close();
  return ports;
}
