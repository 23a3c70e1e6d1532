import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { HoldfastClient } from 'holdfast';
import type { LockPort } from '../station/port.ts';
import type { HoldfastClientSettings, HoldfastNodeSettings } from './settings.ts';

/** The library of whichever revision stands at `root`: comparing two is why it is not imported by name. */
async function libraryAt(root: string): Promise<typeof import('holdfast')> {
  return await import(pathToFileURL(join(root, 'dist/src/index.js')).href);
}

/** An embedded node with the default options: every write synced, gRPC on loopback. */
export async function openHoldfastNode(settings: HoldfastNodeSettings): Promise<LockPort> {
  const { root, nodeId, members, dataDir, limits } = settings;
  const { Holdfast } = await libraryAt(root);
  const node = await Holdfast.open({ nodeId, members, listen: members[nodeId], dataDir, limits });
  return {
    acquire: (name, timeoutMs) => node.acquireLock(name, timeoutMs === undefined ? undefined : { timeout: timeoutMs }),
    status: async () => {
      const { role, leader, commitIndex, appliedIndex } = node.status();
      return { isLeader: role === 'leader', leader, commitIndex, appliedIndex };
    },
    close: () => node.close(),
  };
}

/** Clients over the network, following the leader wherever it is. */
export async function openHoldfastClient(settings: HoldfastClientSettings): Promise<LockPort> {
  const { root, endpoints, sessionTtlMs, sessions } = settings;
  const { Holdfast } = await libraryAt(root);
  const connect = (): Promise<HoldfastClient> => Holdfast.connect({ endpoints, sessionTtl: sessionTtlMs });
  const first = await connect();
  const clients = [first];
  while (clients.length < sessions) clients.push(await connect());
  let turn = 0;
  const next = (): HoldfastClient => {
    turn += 1;
    return clients[turn % clients.length] ?? first;
  };
  return {
    acquire: (name, timeoutMs) =>
      next().acquireLock(name, timeoutMs === undefined ? undefined : { timeout: timeoutMs }),
    status: async () => ({ isLeader: false }),
    close: () => Promise.all(clients.map((client) => client.close())),
  };
}
