import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Serving } from './serving.ts';
import { until } from './waiting.ts';

const program = fileURLToPath(new URL('programs/blocking.mjs', import.meta.url));

const blockMs = 5_000;

interface Told {
  readonly kind: 'holding' | 'awake' | 'released';
  readonly token?: number;
}

/** A process that holds a lock and blocks its event loop once it is told to. */
class Blocking implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #told: Told[] = [];

  constructor(door: 'open' | 'connect', options: object, name: string) {
    this.#child = fork(program, [door, JSON.stringify(options), name, String(blockMs)]);
    this.#child.on('message', (message: Told) => this.#told.push(message));
  }

  async heard(kind: Told['kind']): Promise<Told> {
    return await until(`"${kind}" from the process`, () => this.#told.find((told) => told.kind === kind), 60_000);
  }

  block(): void {
    this.#child.send('now');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}

let serving: Serving;
beforeAll(async () => {
  serving = await Serving.of(['a', 'b', 'c']);
});
afterAll(() => serving[Symbol.asyncDispose]());

describe.concurrent('a process that blocks its event loop for five seconds', () => {
  it('says first of all that a lock with a shorter TTL is lost, and others have it', async () => {
    await using holder = new Blocking('connect', { endpoints: serving.endpoints, sessionTtl: 2_000 }, 'short');
    await using other = await serving.connect();
    const { token } = await holder.heard('holding');

    holder.block();
    const next = await other.acquireLock('short', { timeout: 60_000 });

    expect(next.fencingToken).toBeGreaterThan(token ?? Number.NaN);
    expect(await holder.heard('awake')).toMatchObject({ isHeld: false, abortedBefore: false, abortedAfter: true });
    expect(await holder.heard('released')).toMatchObject({ error: 'LOCK_LOST', wasLost: true });
    expect(next.isHeld).toBe(true);
  });

  it('keeps a lock with a longer TTL', async () => {
    await using holder = new Blocking('connect', { endpoints: serving.endpoints, sessionTtl: 60_000 }, 'long');
    await holder.heard('holding');

    holder.block();

    expect(await holder.heard('awake')).toMatchObject({ isHeld: true, abortedAfter: false });
    expect(await holder.heard('released')).toMatchObject({ wasLost: false });
  });
});

describe('a node that is stopped', () => {
  it('as the leader is replaced, and follows when it goes on; nobody loses a lock', async () => {
    const leader = await serving.leader(['a', 'b']);
    await using client = await serving.connect(60_000);
    const held = await client.acquireLock('kept');

    serving.node(leader).child.kill('SIGSTOP');
    const during = await client.acquireLock('during', { timeout: 60_000 });
    serving.node(leader).child.kill('SIGCONT');
    await until('the old leader to follow', async () => (await serving.status(leader))?.role === 'follower');

    const { locks } = await client.list();
    const tokens = [during, held].map(({ name, fencingToken }) => [name, fencingToken]);
    expect(locks.map(({ name, holders }) => [name, holders[0]?.token])).toEqual(expect.arrayContaining(tokens));
    expect([held.isHeld, during.isHeld]).toEqual([true, true]);
  });
});

describe('a node whose program blocks its event loop for five seconds', () => {
  it('says first of all that its lock is lost, and then lets go of nothing that others have', async () => {
    await serving.node('c').kill('SIGTERM');
    const { addresses } = serving;
    const options = { nodeId: 'c', listen: addresses['c'], dataDir: serving.dataDir('c'), members: addresses };
    await using holder = new Blocking('open', { ...options, sessionTtl: 2_000 }, 'node');
    const { token } = await holder.heard('holding');
    await using other = await serving.connect();

    holder.block();
    const next = await other.acquireLock('node', { timeout: 60_000 });

    expect(next.fencingToken).toBeGreaterThan(token ?? Number.NaN);
    expect(await holder.heard('awake')).toMatchObject({ isHeld: false, abortedAfter: true });
    expect(await holder.heard('released')).toMatchObject({ error: 'LOCK_LOST' });
    expect(next.isHeld).toBe(true);
  });
});
