import { describe, expect, it } from 'vitest';
import type { CompositeHandle, HoldfastClient, LockHandle } from '../../src/index.ts';
import { kinds } from '../api/conformance-hazards.ts';
import { start } from './start.ts';

type Taken = LockHandle | CompositeHandle;

const partOf = (taken: Taken): LockHandle => {
  const part = 'parts' in taken ? taken.parts[0] : taken;
  if (part === undefined) throw new Error('nothing is held');
  return part;
};

describe.each(kinds)('%s', (_kind, take, rival) => {
  it('is not touched by the end of the session that held it before', async () => {
    const cluster = await start({ nodes: 1 });
    const [former, current] = [cluster.client('former'), cluster.client('current')];
    await cluster.settle((await cluster.settle(take(former, 'x'))).release());
    const held = await cluster.settle(take(current, 'x'));

    await cluster.settle(former.close());
    await cluster.advance(1_000);
    const late = rival(cluster.node('a'), 'x', { timeout: 0 }).catch((error: unknown) => error);

    expect(held.isHeld).toBe(true);
    expect(await cluster.settle(late)).toMatchObject({ code: 'TIMEOUT' });
  });

  it('is said to be lost when it is, once, before anybody else is granted, and not sooner', async () => {
    const cluster = await start({ sessionTtl: 5_000 });
    const leader = cluster.leader ?? 'a';
    const client = cluster.client('holder');
    const held = await cluster.settle(take(client, 'x'));
    let losses = 0;
    held.signal.addEventListener('abort', () => {
      losses += 1;
    });
    await cluster.advance(60_000);
    const before = losses;

    cluster.isolate('holder');
    const next = rival(cluster.node(leader), 'x').then(() => ({ losses, isHeld: held.isHeld }));
    const atGrant = await cluster.settle(next);
    await cluster.advance(60_000);

    expect(before).toBe(0);
    expect(atGrant).toEqual({ losses: 1, isHeld: false });
    expect(losses).toBe(1);
    expect(held.signal.reason).toMatchObject({ code: 'LOCK_LOST' });
  });
});

type Using = (provider: HoldfastClient, run: (handle: Taken) => Promise<string>) => Promise<string>;

const scopes: readonly (readonly [string, Using])[] = [
  ['use of a lock', (of, run) => of.createLock('x').use(run)],
  ['useRead', (of, run) => of.createReaderWriterLock('x').useRead(run)],
  ['useUpgradeableRead', (of, run) => of.createReaderWriterLock('x').useUpgradeableRead(run)],
  ['useWrite', (of, run) => of.createReaderWriterLock('x').useWrite(run)],
  ['use of a semaphore', (of, run) => of.createSemaphore('x', 2).use({ permits: 2 }, run)],
  ['useAll', (of, run) => of.useAll([{ lock: 'x' }, { lock: 'y', mode: 'read' }], run)],
];

describe.each(scopes)('%s', (_kind, use) => {
  it('does not hide the error of its function behind that of a release', async () => {
    const cluster = await start({ nodes: 1 });
    const mine = new Error('mine');

    const using = use(cluster.client(), async (handle) => {
      await cluster.lose(partOf(handle));
      throw mine;
    });

    expect(await cluster.settle(using.catch((error: unknown) => error))).toBe(mine);
  });

  it('says when its function ran to its end without protection', async () => {
    const cluster = await start({ nodes: 1 });

    const using = use(cluster.client(), async (handle) => {
      await cluster.lose(partOf(handle));
      return 'done';
    });

    expect(await cluster.settle(using.catch((error: unknown) => error))).toMatchObject({ code: 'LOCK_LOST' });
  });
});
