// Brings the compose file up on a real engine, breaks its nodes one after the other while clients contend for a lock,
// and checks that the lock stays exclusive and that waiting clients go on: `npm run test:docker`.
// Without an engine this is an error, not a skip.
import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
const project = 'holdfast-test';
const composeArgs = ['compose', '--project-name', project];
const ids = ['a', 'b', 'c'];
const clients = 3;
const ttlMs = 4_000;
/** From a fault to the next grant: an election and, when the holder was hit, the rest of its TTL, and starting a process. */
const gapMsMax = 15_000;
const patienceMs = 90_000;

/** One visit to the critical section. Containers of one host share its monotonic clock. */
const visit = `
  const now = () => Number(process.hrtime.bigint()) / 1e6;
  const { HOLDFAST_LOCK_TOKEN: token } = process.env;
  console.log(JSON.stringify({ token: Number(token), entered: now() }));
  setTimeout(() => console.log(JSON.stringify({ token: Number(token), left: now() })), 100);
`;

const stays = new Map();
const contenders = [];
const startedAt = performance.now();
const failures = [];

try {
  await main();
} catch (error) {
  failures.push(error.message);
} finally {
  for (const contender of contenders) contender.kill('SIGKILL');
  if (failures.length > 0) await compose(['logs', '--tail', '20']).then(say, () => undefined);
  await compose(['--profile', 'client', 'down', '--volumes', '--remove-orphans', '--timeout', '5']).catch((error) =>
    failures.push(error.message),
  );
}
for (const failure of failures) say(`FAILED: ${failure}`);
process.exit(failures.length === 0 ? 0 : 1);

async function main() {
  await docker(['info']).catch((error) => {
    throw new Error(`a Docker engine is needed: ${error.message}`);
  });
  say('building, and bringing three nodes up');
  await compose(['up', '--build', '--wait', '--wait-timeout', '120']);
  await check('a lock and its token from a client container', async () => {
    const out = await client([
      'lock',
      'first',
      '--timeout',
      '30s',
      '--',
      'sh',
      '-c',
      'echo "token $HOLDFAST_LOCK_TOKEN"',
    ]);
    return /^token \d+$/m.test(out);
  });
  await check('no process of a node runs as root', async () => {
    const users = await Promise.all(ids.map((id) => compose(['exec', '-T', id, 'id', '-u'])));
    return users.every((user) => user.trim() !== '0');
  });

  for (let each = 1; each <= clients; each += 1) contend(each);
  await progress('the clients contend', performance.now(), 3);

  const killed = await leader();
  await fault(`docker kill of the leader ${killed}`, () => docker(['kill', container(killed)]));
  await docker(['start', container(killed)]);
  await healthy(killed);

  const cut = await leader();
  const network = `${project}_cluster`;
  await fault(`network disconnect of the leader ${cut}`, () =>
    docker(['network', 'disconnect', network, container(cut)]),
  );
  await docker(['network', 'connect', '--alias', cut, network, container(cut)]);
  await healthy(cut);

  const paused = await leader();
  await fault(`pause of the leader ${paused}`, () => docker(['pause', container(paused)]));
  await docker(['unpause', container(paused)]);
  await healthy(paused);

  const holder = contenders[0];
  await fault('docker kill of a client that may hold the lock', () => docker(['kill', holder.container]));

  await check('a graceful stop of the leader, which ends with 0', async () => {
    const stopped = await leader();
    await compose(['stop', stopped]);
    return (await docker(['inspect', '--format', '{{.State.ExitCode}}', container(stopped)])).trim() === '0';
  });
  await progress('the clients go on with two nodes', performance.now(), 2);
  judge();
}

/** A client container that takes the lock again and again. */
function contend(number) {
  const name = `${project}-contender-${number}`;
  const loop = `while :; do holdfast lock shared --ttl ${ttlMs}ms -- node -e "$VISIT"; done`;
  const args = ['run', '--rm', '--name', name, '--env', `VISIT=${visit}`, '--entrypoint', 'sh', 'client', '-c', loop];
  const child = spawn('docker', [...composeArgs, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] });
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!line.startsWith('{')) return;
    const { token, ...time } = JSON.parse(line);
    stays.set(token, { client: name, ...stays.get(token), ...time, seenAt: performance.now() });
  });
  child.container = name;
  contenders.push(child);
}

/** Does harm, and waits until a client that was granted the lock afterwards has entered. */
async function fault(what, act) {
  await act();
  const at = performance.now();
  const next = await progress(what, at, 2);
  if (next > gapMsMax) failures.push(`${what}: the next client entered after ${Math.round(next)} ms`);
}

/** Waits for `count` visits that began after `at`; says, and answers, how long the first took to come. */
async function progress(what, at, count) {
  const tokensBefore = new Set(stays.keys());
  const fresh = () => [...stays].filter(([token]) => !tokensBefore.has(token)).map(([, stay]) => stay);
  const found = await until(`${what}: ${count} visits`, () => fresh().length >= count && fresh());
  const gap = Math.min(...found.map(({ seenAt }) => seenAt)) - at;
  say(`${what}: the next client entered after ${Math.round(gap)} ms`);
  return gap;
}

function judge() {
  const visits = [...stays]
    .map(([token, stay]) => ({ token, ...stay }))
    .toSorted((one, other) => one.entered - other.entered);
  // A client that was killed never said that it left; the guard is that nobody enters before its command is gone, and
  // a killed container has no processes left.
  const overlaps = visits.slice(1).filter(({ entered }, at) => (visits[at].left ?? visits[at].entered) > entered);
  const falling = visits.slice(1).filter(({ token }, at) => token <= visits[at].token);
  say(`${visits.length} visits, ${overlaps.length} overlaps, ${falling.length} tokens that did not rise`);
  if (overlaps.length > 0) failures.push(`overlaps: ${JSON.stringify(overlaps)}`);
  if (falling.length > 0) failures.push(`tokens that did not rise: ${JSON.stringify(falling)}`);
}

async function leader() {
  return await until('a leader', async () => {
    const { nodes } = JSON.parse(
      await client(['status', '--json', '--connect-timeout', '3s']).catch(() => '{"nodes":[]}'),
    );
    const leaders = nodes.flatMap(({ status }) => (status?.role === 'leader' ? [status] : []));
    return leaders.toSorted((one, other) => other.term - one.term)[0]?.nodeId;
  });
}

async function healthy(id) {
  await until(`${id} to be healthy`, async () => {
    const state = await docker(['inspect', '--format', '{{.State.Health.Status}}', container(id)]);
    return state.trim() === 'healthy';
  });
}

async function check(what, holds) {
  const held = await holds();
  say(`${what}: ${held ? 'yes' : 'NO'}`);
  if (!held) failures.push(what);
}

async function until(what, look) {
  const giveUpAt = performance.now() + patienceMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > giveUpAt) throw new Error(`waited ${patienceMs} ms in vain for ${what}`);
    await pause(50);
  }
}

async function compose(args) {
  return await docker([...composeArgs, ...args]);
}

async function client(args) {
  return await compose(['run', '--rm', '--no-TTY', 'client', ...args]);
}

async function docker(args) {
  const { stdout } = await promisify(execFile)('docker', args, { cwd: root, maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

function container(id) {
  return `${project}-${id}-1`;
}

function say(text) {
  console.log(`${((performance.now() - startedAt) / 1_000).toFixed(1).padStart(6)} s  ${text}`);
}
