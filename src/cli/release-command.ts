import { hostname, userInfo } from 'node:os';
import type { OperatorOptions } from '../index.ts';
import { type ClientFlags, connectWith } from './client.ts';
import { exitCodes, usageFailure } from './exit-codes.ts';
import { complain, print, printJson } from './output.ts';

/** Who does it and why, as the flags say. */
export interface OperatorFlags extends ClientFlags {
  readonly json?: boolean;
  readonly actor?: string;
  readonly reason?: string;
}

export interface ReleaseFlags extends OperatorFlags {
  readonly force?: boolean;
  /** Of one hold; absent: all holds of the lock. */
  readonly token?: number;
}

/** Ends what others hold. Gives the exit code. */
export async function releaseByForce(name: string, flags: ReleaseFlags): Promise<number> {
  if (flags.force !== true) {
    throw usageFailure(
      `the holder of ${JSON.stringify(name)} may be at work, and others will have the lock: say --force`,
    );
  }
  const by = operatorOf(flags);
  await using client = await connectWith(flags);
  const released = await client.forceRelease(name, { ...by, token: flags.token });
  if (flags.json === true) printJson({ name, ...released });
  else if (released.count > 0) print(`released ${JSON.stringify(name)}, token ${released.tokens.join(', ')}`);
  else complain(`nobody holds ${JSON.stringify(name)}${flags.token === undefined ? '' : ` with token ${flags.token}`}`);
  return released.count > 0 ? 0 : exitCodes.nothingDone;
}

/** Ends the session of another process. Gives the exit code. */
export async function closeSession(session: number, flags: OperatorFlags): Promise<number> {
  const by = operatorOf(flags);
  await using client = await connectWith(flags);
  const isClosed = await client.closeSession(session, by);
  if (flags.json === true) printJson({ session, closed: isClosed });
  else if (isClosed) print(`session ${session} is closed`);
  else complain(`there is no session ${session}`);
  return isClosed ? 0 : exitCodes.nothingDone;
}

const operatorOf = ({ actor = whoIsThere(), reason = '' }: OperatorFlags): OperatorOptions => ({ actor, reason });

/** Of this machine, whoever that is. */
function whoIsThere(): string {
  return `${userName()}@${hostname()}`.slice(0, 128);
}

/** A container may run as a user without a name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
