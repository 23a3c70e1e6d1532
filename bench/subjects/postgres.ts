import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, chownSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { ServerCommand } from '../processes/server.ts';
import { postgresPrograms } from './installed.ts';
import { peerSubject } from './peer.ts';
import type { Subject } from './subject.ts';

const run = promisify(execFile);

const user = 'postgres';

/** Three clients with 300 connections each, and some for itself. */
const connectionsMax = 950;

/** One server; its advisory locks are in memory, so that nothing is replicated and nothing outlives it. */
export const postgres = (packages: string): Subject =>
  peerSubject({
    name: 'postgres',
    isReplicated: false,
    places: ['leader'],
    // Each of more would be a process of the server.
    widthMax: 256,
    servers: 1,
    portsEach: 1,
    canLoseOne: false,
    missing: () => (postgresPrograms() === undefined ? 'there is no initdb (apt-get install postgresql)' : undefined),
    commands: async ([folder = ''], [ports = []]) => [await prepared(folder, ports[0])],
    adapter: ({ ports, ttlMs }) => ({ kind: 'postgres', packages, ttlMs, port: ports[0] ?? 0, user }),
  });

async function prepared(folder: string, port: number | undefined): Promise<ServerCommand> {
  const programs = postgresPrograms() ?? '';
  const owner = ownerOfServers();
  if (owner !== undefined) letIn(folder, owner);
  const cluster = join(folder, 'data');
  await run(join(programs, 'initdb'), ['-D', cluster, '-U', user, '-A', 'trust', '--no-instructions'], {
    ...(owner ?? {}),
    cwd: folder,
  });
  const args = [
    ...['-D', cluster, '-h', '127.0.0.1', '-p', `${port}`, '-k', folder],
    ...['-c', `max_connections=${connectionsMax}`],
  ];
  return { command: join(programs, 'postgres'), args, cwd: folder, log: join(folder, 'log'), owner };
}

/** PostgreSQL refuses to run as root; then it runs as the user that its package makes. */
function ownerOfServers(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number => Number(execFileSync('id', [flag, user], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** It must be able to enter the folders above its own, which begin as this user's alone. */
function letIn(folder: string, { uid, gid }: { readonly uid: number; readonly gid: number }): void {
  chownSync(folder, uid, gid);
  for (const above of [dirname(folder), dirname(dirname(folder))]) chmodSync(above, 0o711);
}
