import { join } from 'node:path';
import { programNamed } from './installed.ts';
import { peerSubject } from './peer.ts';
import type { Subject } from './subject.ts';

/** Three independent servers that append every write to a file, and sync it each time or once a second. */
export const redlock = (packages: string, fsync: 'always' | 'everysec'): Subject =>
  peerSubject({
    name: `redlock-${fsync}`,
    // A majority grants, but nothing is ordered, and with `everysec` a crash forgets: not what ratios are taken of.
    isReplicated: false,
    places: ['leader'],
    servers: 3,
    portsEach: 1,
    canLoseOne: true,
    missing: () =>
      programNamed('redis-server') === undefined
        ? 'there is no redis-server (apt-get install redis-server)'
        : undefined,
    commands: async (folders, ports) =>
      folders.map((folder, at) => ({
        command: 'redis-server',
        args: [
          ...['--port', `${ports[at]?.[0]}`, '--bind', '127.0.0.1', '--dir', folder, '--save', ''],
          ...['--appendonly', 'yes', '--appendfsync', fsync],
        ],
        cwd: folder,
        log: join(folder, 'log'),
      })),
    adapter: ({ ports, ttlMs }) => ({ kind: 'redlock', packages, ttlMs, ports }),
  });
