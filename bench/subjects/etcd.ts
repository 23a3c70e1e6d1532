import { join } from 'node:path';
import type { EtcdSettings } from '../adapters/settings.ts';
import { programNamed } from './installed.ts';
import { type Peer, peerSubject } from './peer.ts';
import type { Subject } from './subject.ts';

const ids = ['e0', 'e1', 'e2'] as const;

/** Three servers with their default settings: every write synced, heartbeats of 100 ms, elections after 1 s. */
const etcd = (name: string, packages: string, lock: EtcdSettings['lock']): Peer => ({
  name,
  isReplicated: true,
  places: ['leader', 'follower'],
  servers: ids.length,
  portsEach: 2,
  canLoseOne: true,
  missing: () => (programNamed('etcd') === undefined ? 'there is no etcd (apt-get install etcd-server)' : undefined),
  commands: async (folders, ports) => {
    const peerUrl = (at: number): string => `http://127.0.0.1:${ports[at]?.[1]}`;
    const cluster = ids.map((id, at) => `${id}=${peerUrl(at)}`).join(',');
    return ids.map((id, at) => {
      const folder = folders[at] ?? '';
      const clientUrl = `http://127.0.0.1:${ports[at]?.[0]}`;
      const args = [
        ...['--name', id, '--data-dir', join(folder, 'data'), '--log-level', 'error', '--logger', 'zap'],
        ...['--listen-client-urls', clientUrl, '--advertise-client-urls', clientUrl],
        ...['--listen-peer-urls', peerUrl(at), '--initial-advertise-peer-urls', peerUrl(at)],
        ...['--initial-cluster', cluster, '--initial-cluster-state', 'new'],
      ];
      return { command: 'etcd', args, cwd: folder, log: join(folder, 'log') };
    });
  },
  adapter: ({ ports, at, ttlMs }) => ({ kind: 'etcd', packages, ttlMs, port: ports[at] ?? 0, lock }),
});

/** The recipe of etcd's own concurrency package, over the transactions of the `etcd3` package. */
export const etcdRecipe = (packages: string): Subject => peerSubject(etcd('etcd', packages, 'recipe'));

/** `lock()` of the `etcd3` package. */
export const etcdPackage = (packages: string): Subject => peerSubject(etcd('etcd3-lock', packages, 'package'));
