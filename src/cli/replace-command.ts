import { setTimeout as pause } from 'node:timers/promises';
import { resetDataDir } from '../index.ts';
import { type ClientFlags, connectWith } from './client.ts';
import { CommandFailure, exitCodes, messageFor, usageFailure } from './exit-codes.ts';
import { print, printJson } from './output.ts';

export interface ReplaceFlags extends ClientFlags {
  readonly json?: boolean;
  /** How long to ask again while the new incarnation has not been seen or another change is under way. */
  readonly timeout: number;
}

const askAgainMs = 250;

/** Puts the new incarnation of a node, running on an empty directory, in the place of its lost one. */
export async function replaceNode(nodeId: string, flags: ReplaceFlags): Promise<void> {
  await using client = await connectWith(flags);
  const { members } = await client.status();
  if (!members.some(({ id }) => id === nodeId)) {
    throw usageFailure(`expected one of ${members.map(({ id }) => id).join(', ')}, got "${nodeId}"`);
  }
  const giveUpAt = performance.now() + flags.timeout;
  for (;;) {
    try {
      await client.replace(nodeId);
      break;
    } catch (error) {
      // A node that was started a moment ago is not known to the leader yet.
      if (performance.now() >= giveUpAt) throw error;
      await pause(askAgainMs);
    }
  }
  if (flags.json === true) printJson({ replaced: nodeId });
  else print(`${nodeId} is a voter again, under a new incarnation`);
}

/** Sets a stopped node's directory aside, so that the node starts blank and can be put in its own place. */
export async function wipe(dataDir: string, flags: { readonly yes?: boolean; readonly json?: boolean }): Promise<void> {
  if (flags.yes !== true) {
    throw usageFailure(
      `the node of ${dataDir} will forget its log and its votes; say --yes if the cluster has a quorum without it`,
    );
  }
  try {
    await resetDataDir(dataDir);
  } catch (error) {
    throw new CommandFailure(exitCodes.dataDir, messageFor(error), { cause: error });
  }
  if (flags.json === true) printJson({ wiped: dataDir });
  else print(`${dataDir} is blank; what it held is kept in its folder quarantine`);
}
