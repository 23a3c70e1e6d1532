import { hostname } from 'node:os';
import { Holdfast, type HoldfastClient } from '../index.ts';
import { type EndpointFlags, endpointsFrom } from './endpoints.ts';
import { usageFailure } from './exit-codes.ts';

/** Flags of every command that talks to a cluster. */
export interface ClientFlags extends EndpointFlags {
  readonly insecure?: boolean;
  readonly connectTimeout: number;
}

/** What one command wants of its connection beyond what its flags say. */
export interface ConnectionWish {
  readonly sessionTtl?: number;
  readonly requireLeader?: boolean;
  readonly endpoints?: readonly string[];
}

/** Connects as the flags and the environment say. The caller closes it. */
export async function connectWith(flags: ClientFlags, wish: ConnectionWish = {}): Promise<HoldfastClient> {
  const connecting = Holdfast.connect({
    endpoints: wish.endpoints ?? endpointsFrom(flags, process.env),
    insecure: isInsecure(flags, process.env),
    label: `holdfast@${hostname()}:${process.pid}`.slice(0, 128),
    readyTimeout: Math.max(1, flags.connectTimeout),
    requireLeader: wish.requireLeader ?? true,
    closeTimeout: closeTimeoutMs,
    sessionTtl: wish.sessionTtl,
  });
  return await connecting.catch((error: unknown) => {
    throw inTermsOfFlags(error);
  });
}

/** The library names its own option; whoever typed the flag knows it by another name. */
const inTermsOfFlags = (error: unknown): unknown =>
  error instanceof RangeError && error.message.startsWith('sessionTtl ')
    ? usageFailure(error.message.replace('sessionTtl', '--ttl (in ms)'))
    : error;

/** A goodbye that takes longer is of no use to somebody who waits at a prompt; the session ends by its TTL then. */
const closeTimeoutMs = 3_000;

function isInsecure(flags: ClientFlags, environment: NodeJS.ProcessEnv): boolean {
  const given = environment['HOLDFAST_INSECURE'];
  if (flags.insecure !== undefined || given === undefined) return flags.insecure ?? false;
  if (['true', '1'].includes(given)) return true;
  if (['false', '0', ''].includes(given)) return false;
  throw usageFailure(`HOLDFAST_INSECURE: expected true or false, got "${given}"`);
}
