import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import type { GuardReport, ServerCommand } from '../processes/server.ts';

// Stands between the bench and a server that is not ours: it takes the server along when the bench ends, however that
// ends. A server has no channel to the bench that would tell it.

const { command, args, cwd, env, log, owner }: ServerCommand = JSON.parse(process.argv[2] ?? '{}');

const tell = (report: GuardReport): void => {
  if (process.connected) process.send?.(report);
};

const output = openSync(log, 'a');
const server = spawn(command, args, {
  ...{ cwd, stdio: ['ignore', output, output], env: { ...process.env, ...env } },
  ...(owner === undefined ? {} : { uid: owner.uid, gid: owner.gid }),
});
const disconnected = (): void => {
  server.kill('SIGKILL');
};
process.once('disconnect', disconnected);
// What the terminal sends to all of its processes: the end of the bench tells when to go.
process.on('SIGINT', () => undefined);
server.once('spawn', () => tell({ kind: 'started', pid: server.pid ?? 0 }));
server.once('error', (error) => {
  tell({ kind: 'failed', text: error.message });
  process.exit(1);
});
server.once('exit', () => process.exit(0));
