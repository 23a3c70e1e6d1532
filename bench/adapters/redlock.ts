import type { LockPort } from '../station/port.ts';
import { packageAt } from './package-at.ts';
import type { RedlockSettings } from './settings.ts';

/** What the bench uses of the packages `ioredis` and `redlock`. */
type RedisPackage = new (options: {
  readonly port: number;
  readonly host: string;
  readonly enableOfflineQueue: boolean;
  readonly maxRetriesPerRequest: number;
}) => RedisClient;

interface RedisClient {
  once(event: 'ready', listener: () => void): unknown;
  on(event: 'error', listener: () => void): unknown;
  disconnect(): void;
}

type RedlockPackage = new (
  clients: readonly RedisClient[],
  settings: { readonly retryCount: number; readonly retryDelay: number; readonly retryJitter: number },
) => { lock(name: string, ttlMs: number): Promise<{ unlock(): Promise<unknown> }> };

/** Who did not get it asks again after 5 to 10 ms, for ever: the default of 200 ms would measure the waiting. */
const retry = { retryCount: -1, retryDelay: 5, retryJitter: 5 } as const;

/** One lock over all servers; a majority of them decides. */
export async function openRedlock({ packages, ports, ttlMs }: RedlockSettings): Promise<LockPort> {
  const Redis = packageAt<RedisPackage>(packages, 'ioredis');
  const Redlock = packageAt<RedlockPackage>(packages, 'redlock');
  // The package waits for an answer of every server: one that is gone must say no at once, not when it is back.
  const manners = { host: '127.0.0.1', enableOfflineQueue: false, maxRetriesPerRequest: 0 } as const;
  const clients = ports.map((port) => new Redis({ port, ...manners }));
  // A server that is killed on purpose; the other two go on.
  for (const client of clients) client.on('error', () => undefined);
  await Promise.all(clients.map((client) => new Promise<void>((resolve) => client.once('ready', resolve))));
  const redlock = new Redlock(clients, retry);
  return {
    acquire: async (name) => {
      const lock = await redlock.lock(name, ttlMs);
      return { release: () => lock.unlock() };
    },
    status: async () => ({ isLeader: true }),
    close: async () => {
      for (const client of clients) client.disconnect();
    },
  };
}
