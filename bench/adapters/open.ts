import type { LockPort } from '../station/port.ts';
import { openEtcd } from './etcd.ts';
import { openHoldfastClient, openHoldfastNode } from './holdfast.ts';
import { openPostgres } from './postgres.ts';
import { openRedlock } from './redlock.ts';
import type { AdapterSettings } from './settings.ts';
import { openZooKeeper } from './zookeeper.ts';

/** Opens whichever service the settings name. */
export async function openPort(settings: AdapterSettings): Promise<LockPort> {
  switch (settings.kind) {
    case 'holdfast-node':
      return await openHoldfastNode(settings);
    case 'holdfast-client':
      return await openHoldfastClient(settings);
    case 'etcd':
      return await openEtcd(settings);
    case 'zookeeper':
      return await openZooKeeper(settings);
    case 'redlock':
      return await openRedlock(settings);
    case 'postgres':
      return await openPostgres(settings);
    default:
      return settings satisfies never;
  }
}
