#!/usr/bin/env node
import { CommanderError } from 'commander';
import { exitCodeFor, exitCodes, messageFor } from './exit-codes.ts';
import { complain } from './output.ts';
import { program } from './program.ts';

// Whoever reads our output may have seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? 0 : exitCodes.internal),
);
process.on('uncaughtException', (error) => {
  complain(error.stack ?? error.message);
  process.exit(exitCodes.internal);
});
process.exit(await end());

/** The exit code of the whole program. Standard streams that are pipes or files are written synchronously. */
async function end(): Promise<number> {
  let code = 0;
  try {
    await program((given) => {
      code = given;
    }).parseAsync();
    return code;
  } catch (error) {
    // Commander has printed what it had to say: help, version, or what is wrong with the arguments.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage;
    complain(messageFor(error));
    return exitCodeFor(error);
  }
}
