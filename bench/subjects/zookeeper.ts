import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { programNamed } from './installed.ts';
import { peerSubject } from './peer.ts';
import type { Subject } from './subject.ts';

const jar = '/usr/share/java/zookeeper.jar';

/**
 * As the defaults, in absolute time: the tick, in which sessions are counted, is a quarter of the usual 2 s, so that a
 * session can be as short as 2 s, and what is counted in ticks is four times as many. Every write is synced.
 */
const settings = ['tickTime=500', 'initLimit=40', 'syncLimit=20', 'minSessionTimeout=1000', 'maxSessionTimeout=60000'];

/** Three servers. */
export const zookeeper = (packages: string): Subject =>
  peerSubject({
    name: 'zookeeper',
    isReplicated: true,
    places: ['leader', 'follower'],
    servers: 3,
    portsEach: 3,
    canLoseOne: true,
    missing: () => {
      if (!existsSync(jar)) return `${jar} is not there (apt-get install zookeeper)`;
      return programNamed('java') === undefined ? 'there is no java (apt-get install default-jre-headless)' : undefined;
    },
    commands: async (folders, ports) => {
      const servers = ports.map(([, quorum, election], at) => `server.${at + 1}=127.0.0.1:${quorum}:${election}`);
      await Promise.all(folders.map((folder, at) => configure(folder, { id: at + 1, port: ports[at]?.[0], servers })));
      return folders.map((folder) => ({
        command: 'java',
        args: ['-Xmx1g', '-cp', `${folder}:${jar}`, 'org.apache.zookeeper.server.quorum.QuorumPeerMain', 'zoo.cfg'],
        cwd: folder,
        log: join(folder, 'log'),
      }));
    },
    adapter: ({ ports, at, ttlMs }) => ({ kind: 'zookeeper', packages, ttlMs, port: ports[at] ?? 0 }),
  });

async function configure(
  folder: string,
  {
    id,
    port,
    servers,
  }: { readonly id: number; readonly port: number | undefined; readonly servers: readonly string[] },
): Promise<void> {
  await mkdir(join(folder, 'data'), { recursive: true });
  await writeFile(join(folder, 'data/myid'), `${id}\n`);
  const lines = [
    ...settings,
    ...[`dataDir=${join(folder, 'data')}`, 'clientPortAddress=127.0.0.1', `clientPort=${port}`],
    ...['admin.enableServer=false', '4lw.commands.whitelist=srvr', ...servers],
  ];
  await writeFile(join(folder, 'zoo.cfg'), `${lines.join('\n')}\n`);
}
