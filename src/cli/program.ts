import { createRequire } from 'node:module';
import { Command } from 'commander';
import type { ClientFlags } from './client.ts';
import type { DemoFlags } from './demo-command.ts';
import { addClientFlags, addJson, count, durationOption, type End } from './flags.ts';
import type { HealthFlags } from './health-command.ts';
import { addElect, addLock, addRelease, addSessions } from './holding.ts';
import type { LocksFlags } from './locks-command.ts';
import type { ReplaceFlags } from './replace-command.ts';
import type { ServeFlags } from './serve-settings.ts';
import type { WatchFlags } from './watch-command.ts';

// Each command is loaded when it is used: a health check that runs every few seconds must not load a whole cluster.

const demoSecondsDefault = 12;
const replaceTimeoutMs = 20_000;
const healthTimeoutMs = 2_000;
const statusTimeoutMs = 3_000;

/** All commands. They throw what they end with otherwise, and never end the process themselves. */
export function program(end: End): Command {
  const root = new Command('holdfast')
    .description('Locks for many processes, agreed on by a Raft cluster that lives inside them.')
    .version(version())
    .exitOverride()
    .showHelpAfterError('(holdfast --help, or holdfast COMMAND --help)')
    .addHelpText('after', exitCodeHelp);
  for (const add of [
    addServe,
    addLock,
    addElect,
    addStatus,
    addLocks,
    addSessions,
    addRelease,
    addWatch,
    addReplace,
    addWipe,
    addHealth,
    addDemo,
  ]) {
    add(root, end);
  }
  return root;
}

const exitCodeHelp = `
Exit codes:
  1   release, sessions --close: there was nothing to release or to close
  64  wrong arguments, names, environment or configuration
  69  no node or no quorum in time; watch: events are no longer to be had
  70  a fault in holdfast itself
  73  the data directory is in use, damaged, quarantined, or another node's
  75  the lock was not acquired in time, or would have closed a circle of owners
  76  the lock was lost and the command was killed
  128 + n  ended by signal n
  lock, elect: otherwise the command's own; 126 and 127 if it cannot be started`;

function addServe(root: Command, end: End): void {
  root
    .command('serve')
    .description('run one node')
    .option('--config <file>', 'JSON file of settings, by the names of these flags in camel case (HOLDFAST_CONFIG)')
    .option('--node-id <id>', 'which of the members this node is')
    .option('--listen <host:port>', 'for peers and clients; default 127.0.0.1:7400')
    .option('--advertise <host:port>', 'what others dial; default: as in --members, or --listen')
    .option('--data-dir <path>', 'default holdfast-data/<node id>')
    .option('--members <a=host:port,...>', 'the first members; later ones live in the log. Default: this node alone')
    .option('--insecure', 'allow plaintext beyond loopback, on a network that is private by other means')
    .option('--session-ttl <duration>', 'of locks taken by this process itself; default 10s')
    .option('--heartbeat-interval <duration>', 'how often a leader is heard; default 100ms')
    .option('--election-timeout <duration>', 'silence after which a leader is replaced; default 1s')
    .option('--close-timeout <duration>', 'how long a graceful stop may take; default 5s')
    .option('--health-listen <host:port|off>', 'HTTP /livez and /readyz; default: the port of --listen + 1000')
    .option(
      '--json',
      'say everything as JSON lines on stdout, also why it ends; otherwise that goes to stderr, for people',
    )
    .option('--checkpoint-entries <count>', 'log entries after which the table is written to disk; default 8192')
    .option('--kept-entries <count>', 'log entries kept for nodes that lag; default 4096')
    .option('--kept-events <count>', 'events kept for those who watch, 1024 to 1000000; default 32768')
    .option('--log-level <level>', 'fatal, error, warn, info, debug or silent; default info; JSON lines on stdout')
    .option('--journal <file>', 'for debugging: append what this node applies and votes, as JSON lines; default: none')
    .addHelpText('after', '\nFlags win over HOLDFAST_* variables (HOLDFAST_NODE_ID, ...), those over the file.')
    .action(async (flags: ServeFlags) => {
      const { serveSettings } = await import('./serve-settings.ts');
      const settings = serveSettings(flags, process.env);
      const { serve } = await import('./serve-command.ts');
      end(await serve(settings, { json: flags.json === true }));
    });
}

function addStatus(root: Command, end: End): void {
  const command = root
    .command('status')
    .description('show what every node says of itself; 69 if none knows a leader')
    .action(async (flags: ClientFlags & { json?: boolean }) => {
      const { showStatus } = await import('./status-command.ts');
      end(await showStatus(flags));
    });
  // Nodes that are down are what one wants to see here, soon.
  addClientFlags(addJson(command), statusTimeoutMs);
}

function addLocks(root: Command): void {
  const command = root
    .command('locks')
    .description('show the locks that are held; with a name, that lock and who waits for it')
    .argument('[name]', 'one lock')
    .option('--prefix <text>', 'only names that begin so')
    .option('--after <name>', 'only names after this one: the last name of the page before')
    .option('--limit <count>', 'at most this many, 1 to 10000', count('--limit', 10_000), 1_000)
    .option('--local', "answer from the asked node's own table, without a quorum")
    .action(async (name: string | undefined, flags: LocksFlags) => {
      const { showLocks } = await import('./locks-command.ts');
      await showLocks(name, flags);
    });
  addClientFlags(addJson(command));
}

function addWatch(root: Command): void {
  const command = root
    .command('watch')
    .description('print what happens to locks, sessions and members, until it is interrupted')
    .option('--prefix <text>', 'only locks whose names begin so, and neither sessions nor members')
    .option('--after <position>', 'only what lies behind this position or log index; default: from now on')
    .addHelpText('after', watchHelp)
    .action(async ({ after, ...flags }: Omit<WatchFlags, 'after'> & { readonly after?: string }) => {
      const { positionOf, watch } = await import('./watch-command.ts');
      await watch(after === undefined ? flags : { ...flags, after: positionOf(after) });
    });
  addClientFlags(addJson(command));
}

const watchHelp = `
Each line begins with the position of its event, the same at every node: give the last one you saw to --after to go on
without loss or repetition. A node keeps the newest events only; 69 and a message say from where on they can be had.`;

function addReplace(root: Command): void {
  const command = root
    .command('replace')
    .description('put the new, blank incarnation of a lost or quarantined node in its place')
    .argument('<node>', 'its node id')
    .addOption(durationOption('--timeout', 'how long to wait until the new one is a voter', replaceTimeoutMs))
    .addHelpText('after', replaceHelp)
    .action(async (node: string, flags: ReplaceFlags) => {
      const { replaceNode } = await import('./replace-command.ts');
      await replaceNode(node, flags);
    });
  addClientFlags(addJson(command));
}

const replaceHelp = `
In this order:
  1. stop the node, if it still runs; the others must have a quorum without it
  2. holdfast wipe <its data directory> --yes
  3. start it again, with the same node id and members; it stays blank and outside
  4. holdfast replace <node> --endpoints <a node that serves>
It joins as a learner, catches up, and then takes the old one's vote.`;

function addWipe(root: Command): void {
  const command = root
    .command('wipe')
    .description("set a stopped node's data aside, so that it starts blank; see holdfast replace --help")
    .argument('<data-dir>', 'its data directory')
    .option('--yes', 'the cluster has a quorum without this node')
    .action(async (dataDir: string, flags: { yes?: boolean; json?: boolean }) => {
      const { wipe } = await import('./replace-command.ts');
      await wipe(dataDir, flags);
    });
  addJson(command);
}

function addHealth(root: Command): void {
  root
    .command('health')
    .description("ask a node's health port, for container health checks")
    .option('--address <host:port>', 'default: as HOLDFAST_HEALTH_LISTEN or HOLDFAST_LISTEN say, else 127.0.0.1:8400')
    .option('--live', 'whether the process lives, rather than whether it can serve')
    .addOption(durationOption('--timeout', 'how long to wait for the answer', healthTimeoutMs))
    .action(async (flags: HealthFlags) => {
      const { checkHealth } = await import('./health-command.ts');
      await checkHealth(flags);
    });
}

function addDemo(root: Command, end: End): void {
  const command = root
    .command('demo')
    .description('three processes on this machine, contending for locks; their leader is killed in the middle')
    .option('--seconds <count>', 'how long the workers run, 5 to 600', count('--seconds', 600, 5), demoSecondsDefault)
    .action(async (flags: DemoFlags) => {
      const { showDemo } = await import('./demo-command.ts');
      end(await showDemo(flags));
    });
  addJson(command);
}

/** Of the package that this file was installed with; the path holds from `dist/src/cli` and from nowhere else. */
function version(): string {
  const { version: found }: { readonly version: string } = createRequire(import.meta.url)('../../../package.json');
  return found;
}
