import { constants } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { HoldfastClient } from '../index.ts';
import { type ClientFlags, connectWith } from './client.ts';
import { CommandFailure, codeOf, exitCodes, messageFor, usageFailure } from './exit-codes.ts';
import { GuardedCommand, type GuardedEnd } from './guarded-command.ts';
import { type ForwardedSignal, forwardedSignals } from './guardian/protocol.ts';
import { acquireAs, type Held, type KindFlags, locksOf, shown } from './lock-wish.ts';
import { complain } from './output.ts';

export interface LockFlags extends ClientFlags, KindFlags {
  /** Milliseconds; absent: wait for ever. */
  readonly timeout?: number;
  readonly ttl: number;
  /** Milliseconds between SIGTERM and SIGKILL; absent: a fifth of the TTL, at most two seconds. */
  readonly grace?: number;
  /** Tell what happens to the lock as JSON lines on standard error. */
  readonly json?: boolean;
}

const graceMsMax = 2_000;

const goodbyeMs = 500;

/** Runs a command while holding a lock, or several at once, and answers the exit code to end with. */
export async function runUnderLock(
  names: readonly [string, ...string[]],
  command: readonly [string, ...string[]],
  flags: LockFlags,
): Promise<number> {
  const grace = graceOf(flags);
  if (flags.permits !== undefined && flags.semaphore === undefined) {
    throw usageFailure('--permits: expected --semaphore, whose permits they are, beside it');
  }
  const signals = new Signals();
  try {
    const connecting = connectWith(flags, { sessionTtl: flags.ttl });
    // Nothing is held yet: a connection that still comes about after a signal ends with the process.
    const client = await Promise.race([connecting, signals.came]);
    if (client === undefined) return signalCode(signals.first);
    try {
      const handle = await acquired(client, names, { flags, signals });
      if (handle === undefined) return signalCode(signals.first);
      const tell = teller(handle, flags);
      tell('acquired', { deadlineMs: Math.floor(Date.now() + handle.remaining()) });
      const end = await guarded(handle, command, grace, signals);
      return await concluded(end, handle, tell);
    } finally {
      await goodbye(client);
    }
  } finally {
    signals.close();
  }
}

/** Milliseconds from SIGTERM to SIGKILL. */
export function graceOf({ grace, ttl }: Pick<LockFlags, 'grace' | 'ttl'>): number {
  const ms = grace ?? Math.min(graceMsMax, ttl / 5);
  // More would leave no time between the start and the first SIGTERM when one heartbeat is late.
  if (ms > ttl / 3) throw usageFailure(`--grace: expected at most a third of --ttl, ${ttl / 3} ms`);
  return ms;
}

/** Undefined: a signal came first. */
async function acquired(
  client: HoldfastClient,
  names: readonly [string, ...string[]],
  { flags, signals }: { readonly flags: LockFlags; readonly signals: Signals },
): Promise<Held | undefined> {
  const { timeout, owner } = flags;
  try {
    return await acquireAs(client, names, { kind: flags, options: { timeout, owner, signal: signals.aborted } });
  } catch (error) {
    if (codeOf(error) === 'CANCELLED' && signals.first !== undefined) return undefined;
    throw error;
  }
}

async function guarded(
  handle: Held,
  [command, ...args]: readonly [string, ...string[]],
  graceMs: number,
  signals: Signals,
): Promise<GuardedEnd> {
  const [first] = locksOf(handle);
  const ours = {
    HOLDFAST_LOCK_NAME: first?.name,
    HOLDFAST_LOCK_TOKEN: String(first?.fencingToken),
    HOLDFAST_LOCKS: JSON.stringify(namesAndTokens(handle)),
    HOLDFAST_LOCK_DEADLINE_MS: String(Math.floor(Date.now() + handle.remaining())),
  };
  const environment = { ...process.env, ...ours };
  const running = new GuardedCommand(handle, { command, args, environment, graceMs, lookEveryMs: lookEveryMs(handle) });
  // A signal that came between the grant and now was meant for the command too.
  if (signals.first !== undefined) running.forward(signals.first);
  signals.forwardTo((signal) => running.forward(signal));
  return await running.ended;
}

/** Fine enough to pass on every heartbeat: those come a fifth of the TTL apart. */
export const lookEveryMs = (handle: Held): number => Math.min(250, Math.max(10, handle.remaining() / 40));

type Tell = (event: 'acquired' | 'released' | 'lost', more?: Readonly<Record<string, unknown>>) => void;

/** One JSON line an event, for programs that run `holdfast lock --json`: of the first lock, and of all. */
const teller =
  (handle: Held, { json }: LockFlags): Tell =>
  (event, more = {}) => {
    const locks = namesAndTokens(handle);
    if (json === true) process.stderr.write(`${JSON.stringify({ event, ...locks[0], locks, ...more })}\n`);
  };

const namesAndTokens = (handle: Held): readonly { readonly name: string; readonly token: number }[] =>
  locksOf(handle).map(({ name, fencingToken }) => ({ name, token: fencingToken }));

async function concluded(end: GuardedEnd, handle: Held, tell: Tell): Promise<number> {
  if (end.kind === 'exited' && end.cause !== 'itself') {
    tell('lost');
    complain(`${shown(handle)} was lost while the command ran; it was killed`);
    // What cannot be confirmed in a moment ends with the session.
    await Promise.race([handle.release().catch(() => undefined), moment()]);
    return exitCodes.lost;
  }
  await released(handle, tell);
  switch (end.kind) {
    case 'failed':
      complain(`${end.text}`);
      return end.code === 'ENOENT' ? exitCodes.notFound : exitCodes.notExecutable;
    case 'unguarded':
      throw new CommandFailure(exitCodes.internal, 'the guardian of the command ended first; the command was killed');
    case 'exited':
      return end.code ?? signalCode(end.signal);
    default:
      return end satisfies never;
  }
}

/** The command has ended in time whatever comes of the release; what is not released ends with the session. */
async function released(handle: Held, tell: Tell): Promise<void> {
  try {
    await handle.release();
    tell('released');
  } catch (error) {
    if (codeOf(error) !== 'LOCK_LOST') return complain(messageFor(error));
    tell('lost');
  }
}

/** Takes leave of the cluster; whoever waits for the exit code does not wait for a cluster that is gone. */
export async function goodbye(client: HoldfastClient): Promise<void> {
  await Promise.race([client.close(), moment()]);
}

/** Enough for a round trip to a cluster that is well. */
const moment = (): Promise<void> => pause(goodbyeMs);

export const signalCode = (signal: NodeJS.Signals | undefined): number =>
  signal === undefined ? exitCodes.internal : 128 + constants.signals[signal];

/** The signals that this process gets, from its first moment to its last. */
export class Signals {
  readonly #abort: AbortController = new AbortController();
  readonly #came: Promise<undefined> = new Promise((resolve) => {
    this.#abort.signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  readonly #listeners: readonly (readonly [ForwardedSignal, () => void])[];
  #first: ForwardedSignal | undefined;
  #forward: ((signal: ForwardedSignal) => void) | undefined;

  constructor() {
    this.#listeners = forwardedSignals.map((signal) => [signal, () => this.#take(signal)] as const);
    for (const [signal, listener] of this.#listeners) process.on(signal, listener);
  }

  /** The first one that came. */
  get first(): ForwardedSignal | undefined {
    return this.#first;
  }

  /** Aborts at the first one: who waits for a lock gives up. */
  get aborted(): AbortSignal {
    return this.#abort.signal;
  }

  /** Resolves to nothing at the first one. */
  get came(): Promise<undefined> {
    return this.#came;
  }

  /** From now on they are somebody else's. */
  forwardTo(forward: (signal: ForwardedSignal) => void): void {
    this.#forward = forward;
  }

  close(): void {
    for (const [signal, listener] of this.#listeners) process.off(signal, listener);
  }

  #take(signal: ForwardedSignal): void {
    this.#first ??= signal;
    this.#abort.abort(signal);
    this.#forward?.(signal);
  }
}
