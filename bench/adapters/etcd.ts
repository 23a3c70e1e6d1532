import { setTimeout as pause } from 'node:timers/promises';
import type { Held, LockPort } from '../station/port.ts';
import type { Etcd3, Etcd3Package } from './etcd3-package.ts';
import { packageAt } from './package-at.ts';
import type { EtcdSettings } from './settings.ts';

/** The package's lock does not wait: who did not get it asks again after 5 to 10 ms. */
const retryMs = 5;

/** One lease for the whole process, or with the package's lock one for each acquire. */
export async function openEtcd(settings: EtcdSettings): Promise<LockPort> {
  const { Etcd3, EtcdLockFailedError } = packageAt<Etcd3Package>(settings.packages, 'etcd3');
  const client = new Etcd3({ hosts: `http://127.0.0.1:${settings.port}` });
  const ttlS = settings.ttlMs / 1_000;
  const lock =
    settings.lock === 'package' ? packageLock(client, ttlS, EtcdLockFailedError) : await recipeLock(client, ttlS);
  return {
    acquire: lock,
    status: async () => {
      const { leader, header } = await client.maintenance.status();
      return { isLeader: leader === header.member_id, leader };
    },
    close: async () => client.close(),
  };
}

type Acquire = LockPort['acquire'];

/** `lock(name).acquire()`: grants a lease, then a transaction; a release revokes the lease. */
function packageLock(client: Etcd3, ttlS: number, Taken: Etcd3Package['EtcdLockFailedError']): Acquire {
  return async (name, timeoutMs = Number.POSITIVE_INFINITY) => {
    const giveUpAt = performance.now() + timeoutMs;
    for (;;) {
      try {
        const lock = client.lock(name).ttl(ttlS);
        await lock.acquire();
        return { release: () => lock.release() };
      } catch (error) {
        if (!(error instanceof Taken) || performance.now() > giveUpAt) throw error;
        await pause(retryMs * (1 + Math.random()));
      }
    }
  };
}

/**
 * The recipe of etcd's own concurrency package: a key of one's own below the name, whoever's is the oldest holds, and
 * the others each wait for the one before them to go. Uncontended, acquire and release are one request each.
 */
async function recipeLock(client: Etcd3, ttlS: number): Promise<Acquire> {
  const lease = client.lease(ttlS);
  const leaseId = await lease.grant();
  let turns = 0;
  return async (name) => {
    turns += 1;
    const key = `${name}/${leaseId}-${turns}`;
    const held: Held = { release: async () => await client.delete().key(key) };
    await queue(client, { name, key, leaseId });
    return held;
  };
}

interface Turn {
  readonly name: string;
  readonly key: string;
  readonly leaseId: string;
}

async function queue(client: Etcd3, { name, key, leaseId }: Turn): Promise<void> {
  const { responses, header } = await client
    .if(key, 'Create', '==', 0)
    .then(
      client.put(key).value('').lease(leaseId),
      client.getAll().prefix(`${name}/`).sort('Create', 'Ascend').limit(1),
    )
    .commit();
  const [oldest] = responses[1]?.response_range?.kvs ?? [];
  if (oldest?.key.toString() === key) return;
  await waitForTurn(client, { name, own: header.revision });
}

async function waitForTurn(
  client: Etcd3,
  { name, own }: { readonly name: string; readonly own: string },
): Promise<void> {
  for (;;) {
    const { kvs, header } = await client
      .getAll()
      .prefix(`${name}/`)
      .maxCreateRevision(`${BigInt(own) - 1n}`)
      .sort('Create', 'Descend')
      .limit(1)
      .exec();
    const [before] = kvs;
    if (before === undefined) return;
    await deleted(client, before.key.toString(), `${BigInt(header.revision) + 1n}`);
  }
}

async function deleted(client: Etcd3, key: string, startRevision: string): Promise<void> {
  const watcher = await client.watch().key(key).startRevision(startRevision).only('delete').create();
  await new Promise<void>((resolve) => watcher.once('delete', () => resolve()));
  await watcher.cancel();
}
