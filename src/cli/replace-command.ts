import { setTimeout as pause } from 'node:timers/promises';
import { resetDataDir } from '../index.ts';
import { type ClientFlags, connectWith } from './client.ts';
import { CommandFailure, exitCodes, messageFor, usageFailure } from './exit-codes.ts';
import { print, printJson } from './output.ts';

export interface ReplaceFlags extends ClientFlags {
  readonly json?: boolean;
  /** How long it may take until the new incarnation is a voter; it is asked for again meanwhile. */
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
      await within(giveUpAt - performance.now(), client.replace(nodeId));
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

/** The cluster goes on with what it has begun, whether or not somebody waits for it here. */
async function within(leftMs: number, replacing: Promise<void>): Promise<void> {
  const waiting = new AbortController();
  const tooLate = pause(Math.max(askAgainMs, leftMs), undefined, { signal: waiting.signal }).then(() => {
    const text = 'the new incarnation is not a voter yet; if it was let in, the cluster goes on with it';
    throw new CommandFailure(exitCodes.unavailable, `${text}: see "holdfast status"`);
  });
  try {
    await Promise.race([replacing, tooLate]);
  } finally {
    waiting.abort();
  }
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
