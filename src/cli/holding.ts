import { type Command, Option } from 'commander';
import { durationFlag } from './duration.ts';
import type { ElectFlags } from './elect-command.ts';
import { addClientFlags, addJson, count, durationOption, type End } from './flags.ts';
import type { LockFlags } from './lock-command.ts';
import type { LocksFlags } from './locks-command.ts';
import type { OperatorFlags, ReleaseFlags } from './release-command.ts';

// The commands that hold something, or end what others hold. Each is loaded when it is used.

const ttlDefaultMs = 10_000;
const retryDelayMs = 1_000;

/** As the library has it, without loading it for the help. */
const permitsMax = 2 ** 31 - 1;

export function addLock(root: Command, end: End): void {
  const command = root
    .command('lock')
    .description('run a command while holding a lock, or several; kill it before one can pass on')
    .argument('<name>', 'the lock; several names before --: all of them in one step, or none')
    .argument('<command...>', 'after --: the command and its arguments')
    .addOption(new Option('--shared', 'hold it beside other readers: the read side of a reader-writer lock'))
    .addOption(new Option('--write', 'hold it alone, with readers locked out: its write side').conflicts('shared'))
    .addOption(
      new Option('--semaphore <count>', 'hold permits of a semaphore that has so many in all')
        .argParser(count('--semaphore', permitsMax))
        .conflicts(['shared', 'write']),
    )
    .option('--permits <count>', 'how many of them; default 1', count('--permits', permitsMax))
    .option('--owner <text>', 'on whose behalf: circles of owners who wait for each other are refused, with 75')
    .option('--timeout <duration>', 'how long to wait for the lock; default: for ever', durationFlag('--timeout'))
    .addOption(durationOption('--ttl', 'how long the lock outlives this process', ttlDefaultMs))
    .option(
      '--grace <duration>',
      'from SIGTERM to SIGKILL; default a fifth of --ttl, at most 2s',
      durationFlag('--grace'),
    )
    .option('--json', 'tell on standard error, as JSON lines, when the lock is acquired, released or lost')
    .usage('[options] <name...> -- <command...>')
    .addHelpText('after', lockHelp)
    .action(async (name: string, words: readonly string[], flags: LockFlags) => {
      const [{ runUnderLock }, { splitWords }] = await Promise.all([
        import('./lock-command.ts'),
        import('./lock-wish.ts'),
      ]);
      const { names, command: guarded } = splitWords([name, ...words], process.argv);
      end(await runUnderLock(names, guarded, flags));
    });
  addClientFlags(command);
}

const lockHelp = `
Without --shared, --write or --semaphore it is an exclusive lock. A name has one kind: who shares it with readers writes
with --write. With several names all are of that kind.

The command finds in its environment
  HOLDFAST_LOCK_NAME         the name of the lock; of several, the first
  HOLDFAST_LOCK_TOKEN        its fencing token: pass it to whatever the lock guards
  HOLDFAST_LOCKS             all of them, as JSON: [{"name":"a","token":7},{"name":"b","token":8}]
  HOLDFAST_LOCK_DEADLINE_MS  milliseconds since 1970, by this host's wall clock, until which the lock is certainly held
                             if no heartbeat gets through from now on; those that do extend it

It runs in a process group of its own, under a small guardian process that ends the whole group (SIGTERM, and SIGKILL
at the deadline) when heartbeats fail, at once when the lock is lost, and when holdfast itself is killed or stopped.
What the command leaves running in its group ends with it, before the lock is released. Processes that leave the group
are out of reach, and so is everything if the guardian is killed too, or the host suspended: that is what tokens are for.`;

export function addElect(root: Command, end: End): void {
  const command = root
    .command('elect')
    .description('run a command while this process leads an election, and campaign again when it ends')
    .argument('<name>', 'the election')
    .argument('[command...]', 'after --: the command and its arguments')
    .option('--value <text>', 'what everybody sees of the leader, such as its address; default: empty')
    .option('--once', 'end after one term, with the exit code of the command')
    .option('--observe', 'run nothing: print who leads, and each change, until it is interrupted')
    .addOption(durationOption('--ttl', 'how long the leadership outlives this process', ttlDefaultMs))
    .option(
      '--grace <duration>',
      'from SIGTERM to SIGKILL; default a fifth of --ttl, at most 2s',
      durationFlag('--grace'),
    )
    .addOption(durationOption('--retry-delay', 'from one election to the next campaign, at least', retryDelayMs))
    .option('--json', 'print JSON lines: with --observe who leads; otherwise, on standard error, how each term goes')
    .usage('[options] <name> -- <command...>')
    .addHelpText('after', electHelp)
    .action(async (name: string, words: readonly string[], flags: ElectFlags) => {
      const { elect } = await import('./elect-command.ts');
      end(await elect(name, words, flags));
    });
  addClientFlags(command);
}

const electHelp = `
The command finds HOLDFAST_LOCK_NAME, HOLDFAST_LOCK_TOKEN, HOLDFAST_LOCK_DEADLINE_MS and HOLDFAST_ELECTION_VALUE in its
environment, and is guarded as under holdfast lock: it is ended before somebody else can lead. Nobody else is elected
before it has ended. Then it campaigns again, after --retry-delay, or later if the command failed.

At a signal: gives up campaigning; or passes it on to the command, waits until that has ended, resigns, and ends with its
code. With --once, 76 says that the leadership was lost and the command was killed.`;

export function addSessions(root: Command, end: End): void {
  const command = root
    .command('sessions')
    .description('show the sessions of all nodes and clients, or close one of them')
    .option('--local', "answer from the asked node's own table, without a quorum")
    .option(
      '--close <session>',
      'end this session at once, with all that it holds; its process may open another',
      count('--close', Number.MAX_SAFE_INTEGER),
    )
    .action(async ({ close, ...flags }: LocksFlags & OperatorFlags & { readonly close?: number }) => {
      if (close !== undefined) {
        const { closeSession } = await import('./release-command.ts');
        return end(await closeSession(close, flags));
      }
      const { showSessions } = await import('./locks-command.ts');
      await showSessions(flags);
    });
  addClientFlags(addJson(addOperatorFlags(command)));
}

export function addRelease(root: Command, end: End): void {
  const command = root
    .command('release')
    .description('release a lock that somebody else holds, whatever he does; see docs/operators.md')
    .argument('<name>', 'the lock')
    .option('--force', 'its holder may be at work, and hears of it perhaps after others have the lock')
    .option('--token <token>', 'only the hold with this fencing token', count('--token', Number.MAX_SAFE_INTEGER))
    .action(async (name: string, flags: ReleaseFlags) => {
      const { releaseByForce } = await import('./release-command.ts');
      end(await releaseByForce(name, flags));
    });
  addClientFlags(addJson(addOperatorFlags(command)));
}

const addOperatorFlags = (command: Command): Command =>
  command
    .option('--actor <text>', 'who does it, for the log and for whoever it befalls; default user@host')
    .option('--reason <text>', 'why; default: nothing');
