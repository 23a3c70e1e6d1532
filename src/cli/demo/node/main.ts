import { setTimeout as pause } from 'node:timers/promises';
import { Holdfast, LockError, type LockHandle } from '../../../index.ts';
import { monotonicNow } from '../../guardian/protocol.ts';
import type { DemoNodeSettings, NodeOrder, NodeReport } from '../messages.ts';

// One process of the demo: an application with a Holdfast node inside, whose workers contend for a few locks.

const settings: DemoNodeSettings = JSON.parse(process.argv[2] ?? '{}');
const stopping = new AbortController();
const asked = new Map<number, (order: NodeOrder) => void>();
let requests = 0;

const tell = (report: NodeReport): void => {
  if (process.connected) process.send?.(report);
};

process.on('message', (order: NodeOrder) => {
  if (order.kind === 'stop') {
    stopping.abort();
    return;
  }
  asked.get(order.request)?.(order);
  asked.delete(order.request);
});
// A demo that was killed must not leave its nodes behind.
const orphaned = (): never => process.exit(1);
process.once('disconnect', orphaned);

try {
  await run();
} catch (error) {
  tell({ kind: 'failed', text: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
}
process.off('disconnect', orphaned);
if (process.connected) process.disconnect();

async function run(): Promise<void> {
  const { nodeId, members, dataDir, sessionTtl, locks, workers } = settings;
  const listen = members[nodeId];
  if (listen === undefined) throw new Error(`${nodeId} is not among the members`);
  await using node = await Holdfast.open({ nodeId, listen, members, dataDir, sessionTtl });
  tell({ kind: 'ready' });
  let told: string | undefined;
  const watch = setInterval(() => {
    const { leader, term } = node.status();
    if (`${term} ${leader}` === told) return;
    told = `${term} ${leader}`;
    tell({ kind: 'leader', leader, term });
  }, 20);
  const names = Array.from({ length: workers }, (_, worker) => rotated(locks, worker));
  await Promise.all(names.map((order) => work((name) => node.acquireLock(name, { signal: stopping.signal }), order)));
  clearInterval(watch);
}

/** Each worker begins with another lock. */
function rotated(locks: readonly string[], by: number): readonly string[] {
  return [...locks.slice(by % locks.length), ...locks.slice(0, by % locks.length)];
}

async function work(acquire: (name: string) => Promise<LockHandle>, names: readonly string[]): Promise<void> {
  const lateTokens = new Map<string, number>();
  for (let turn = 0; !stopping.signal.aborted; turn += 1) {
    const name = names[turn % names.length] ?? '';
    try {
      await criticalSection(await acquire(name), lateTokens);
    } catch (error) {
      if (stopping.signal.aborted) return;
      if (!(error instanceof LockError)) throw error;
      tell({ kind: 'trouble', code: error.code, text: error.message });
    }
  }
}

/** Adds one to the counter behind the lock, as any read-modify-write of a shared thing. */
async function criticalSection(handle: LockHandle, lateTokens: Map<string, number>): Promise<void> {
  const { name: lock, fencingToken: token } = handle;
  let isInside = true;
  const leave = (lost: boolean): void => {
    if (isInside) tell({ kind: 'left', lock, token, at: monotonicNow(), lost });
    isInside = false;
  };
  handle.on('lost', () => leave(true));
  tell({ kind: 'entered', lock, token, at: monotonicNow() });
  const value = await read(lock);
  await pause(5);
  if (handle.isHeld && (await write(lock, token, value + 1))) {
    await writeLate(lock, lateTokens, value);
    lateTokens.set(lock, token);
  }
  leave(false);
  await handle.release();
}

/** Now and then, somebody wakes up who believes that the lock is still theirs: the token of their last stay is too old. */
async function writeLate(lock: string, lateTokens: Map<string, number>, value: number): Promise<void> {
  const token = lateTokens.get(lock);
  if (token === undefined || token % 10 !== 0) return;
  await write(lock, token, value);
}

async function read(lock: string): Promise<number> {
  const answer = await ask((request) => ({ kind: 'read', request, lock }));
  return answer.kind === 'value' ? answer.value : Number.NaN;
}

async function write(lock: string, token: number, value: number): Promise<boolean> {
  const answer = await ask((request) => ({ kind: 'write', request, lock, token, value }));
  return answer.kind === 'written' && answer.accepted;
}

function ask(question: (request: number) => NodeReport): Promise<NodeOrder> {
  requests += 1;
  const request = requests;
  return new Promise((resolve) => {
    asked.set(request, resolve);
    tell(question(request));
  });
}
