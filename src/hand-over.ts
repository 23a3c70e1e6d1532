import { type AcquireOptions, checkAcquireOptions, checkSecret } from './acquire-options.ts';
import type { AcquireOutcome } from './acquisition.ts';
import { awaitGrant, type LockSurroundings } from './awaiting.ts';
import { handleOf, type PartHandle } from './composite.ts';
import { BackendError, wrongType } from './errors.ts';
import { checkToken } from './fencing/token.ts';
import { checkName } from './names.ts';

/** Names a hold, and proves the right to it: from `LockHandle.ticket`. Plain values, so that JSON carries it. */
export interface HoldTicket {
  /** Of the lock. */
  readonly name: string;
  /** 32 hex digits. */
  readonly secret: string;
  /**
   * Only the hold with this fencing token: if somebody has attached it since, nobody else can. Absent: whichever it has, so
   * that a ticket which is delivered twice takes the hold from whoever came first.
   */
  readonly token?: number | undefined;
}

/** How long to wait for the cluster's answer, and when to stop waiting. */
export type AttachOptions = Pick<AcquireOptions, 'timeout' | 'signal'>;

/** See `LockProvider.attachLock`. */
export async function attachHold(
  world: LockSurroundings,
  ticket: HoldTicket,
  options: AttachOptions | undefined,
): Promise<PartHandle> {
  const { name, secret, token } = checkTicket(ticket);
  const { timeout, signal } = checkAttachOptions(options);
  const { engine, now } = world;
  const shown = (): string => `lock ${JSON.stringify(name)}`;
  const wish = { name, waits: true, limitMs: timeout || engine.ttlMs, takesOver: { secret, token } };
  const handle = await awaitGrant(
    { shown, signal, now, ends },
    (done: (outcome: AcquireOutcome) => void) => engine.acquire(wish, done),
    ({ hold }) => handleOf(hold, world),
  );
  if (handle !== null) return handle;
  throw new BackendError(`${shown()}: an attachment was answered busy`, { outcome: 'unknown' });
}

/** It is not given back: then the lock would be lost with it. */
const ends = {
  'not-applied': 'it was not attached',
  applied: 'it was attached at the same moment; attach it again, by a ticket without a token',
  unknown: 'the cluster has not confirmed it; attach it again, by a ticket without a token',
} as const;

const known = ['timeout', 'signal'];

function checkAttachOptions(options: AttachOptions | undefined): ReturnType<typeof checkAcquireOptions> {
  const checked = checkAcquireOptions(options);
  for (const key of Object.keys(options ?? {})) {
    if (!known.includes(key)) throw wrongType(`attachLock takes ${known.join(' and ')}; the hold keeps all else`);
  }
  return checked;
}

function checkTicket(ticket: HoldTicket): HoldTicket {
  if (typeof ticket !== 'object' || ticket === null) throw wrongType('a ticket must be an object with name and secret');
  const { name, secret, token } = ticket;
  return {
    name: checkName(name),
    secret: checkSecret(secret),
    token: token === undefined ? undefined : checkToken(token),
  };
}
