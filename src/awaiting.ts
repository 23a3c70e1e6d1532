import type { AcquireOptions } from './acquire-options.ts';
import { type CheckedOptions, checkAcquireOptions } from './acquire-options.ts';
import type { AcquireOutcome, AcquireWish, GivingUp, NotGranted } from './acquisition.ts';
import { CancelledError, type LockOutcome, outOfRange, TimeoutError, wrongType } from './errors.ts';
import type { LockHandle, Verify } from './handle.ts';
import type { Hold } from './hold.ts';
import { boundMarginOf } from './hold-bound.ts';
import type { Logger } from './logger.ts';
import type { OwnerScope } from './owner-scope.ts';
import { queueTeller } from './queue-place.ts';
import type { SessionEngine } from './session-engine.ts';
import type { Part } from './table/index.ts';

/** What a lock works with. */
export interface LockSurroundings {
  readonly engine: SessionEngine;
  readonly logger: Logger;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** On whose behalf the code runs that calls. */
  readonly scope: OwnerScope;
  /** Whether the cluster knows that hold. */
  readonly verify: Verify;
}

/** What is awaited. */
export interface Awaited {
  /** In words for errors: `lock "x"`. */
  readonly shown: () => string;
  readonly signal: AbortSignal | undefined;
  readonly now: () => number;
  /** What became of it once it is given up, in words; absent: of an acquire. */
  readonly ends?: Readonly<Record<LockOutcome, string>> | undefined;
}

/** What is to be acquired, and how a holder sees it. */
export interface Sought<H> {
  readonly name: string;
  /** Absent: the exclusive lock of that name. */
  readonly parts?: readonly Part[] | undefined;
  /** In words for errors: `lock "x"`. */
  readonly shown: () => string;
  readonly handleOf: (hold: Hold, others: readonly Hold[]) => H;
}

/** Waits as the options say. Wrong options are thrown at once. */
export function seek<H>(world: LockSurroundings, sought: Sought<H>, options: AcquireOptions | undefined): Promise<H> {
  const asked = checkAcquireOptions(options);
  const waits = asked.timeout !== 0;
  const limitMs = waits ? asked.timeout : world.engine.ttlMs;
  return acquire(world, sought, { asked, waits, limitMs }).then((handle) => {
    if (handle !== null) return handle;
    throw new TimeoutError(`${sought.shown()} is held or waited for by others, and no time was given to wait`);
  });
}

/** One attempt: `null` when it is busy. Wrong options are thrown at once. */
export function trySeek<H>(
  world: LockSurroundings,
  sought: Sought<H>,
  options: AcquireOptions | undefined,
): Promise<H | null> {
  const asked = checkAcquireOptions(options);
  return acquire(world, sought, { asked, waits: false, limitMs: asked.timeout || world.engine.ttlMs });
}

interface Terms {
  readonly asked: CheckedOptions;
  readonly waits: boolean;
  /** An attempt that does not wait is bounded by a session TTL at least, or it would hang without a quorum. */
  readonly limitMs: number | undefined;
}

/** Every acquire passes here: nothing is copied, and what is made has one shape. */
function acquire<H>(
  { engine, logger, now, scope }: LockSurroundings,
  { name, parts, shown, handleOf }: Sought<H>,
  { asked, waits, limitMs }: Terms,
): Promise<H | null> {
  const { signal, owner = scope.owner, reentrant, hold, guard, onQueued: listener } = asked;
  if (reentrant && parts !== undefined) throw wrongType('reentrant is for exclusive locks, acquired one by one');
  if (reentrant && owner === undefined) throw wrongType('reentrant needs an owner, by option or withOwner');
  if (hold?.holdMsMax !== undefined) checkHoldMs(hold.holdMsMax, engine.ttlMs);
  const onQueued = listener === undefined ? undefined : queueTeller(listener, name, logger);
  const isPlain = owner === undefined && hold === undefined && !asked.isTransferable;
  const wish: AcquireWish = {
    name,
    parts: isPlain ? parts : (parts ?? exclusive(name)),
    waits,
    limitMs,
    owner,
    reenters: reentrant,
    options: asked.isTransferable ? { ...hold, secret: asked.secret ?? engine.newSecret() } : hold,
    guard,
    onQueued,
  };
  return awaitGrant(
    { shown, signal, now },
    (done: (outcome: AcquireOutcome) => void) => engine.acquire(wish, done),
    ({ hold, others }) => handleOf(hold, others),
  );
}

function checkHoldMs(ms: number, ttlMs: number): void {
  const min = 2 * boundMarginOf(0, ttlMs);
  if (ms < min) throw outOfRange(`maxHold must be ${min} milliseconds or more under this session TTL, not ${ms}`);
}

const exclusive = (name: string): readonly Part[] => [{ name, mode: 'X', permits: 1, limit: 0 }];

/**
 * Runs something that is granted, busy (`null`), given up or refused, and gives it up when the signal aborts. Asks nobody
 * if it has aborted already.
 */
export function awaitGrant<G extends { readonly kind: 'granted' }, H>(
  { shown, signal, now, ends = tail }: Awaited,
  start: (done: (outcome: G | NotGranted) => void) => { readonly giveUp: (why: GivingUp) => void },
  seenBy: (granted: G) => H,
): Promise<H | null> {
  const startedAt = now();
  if (signal?.aborted === true) {
    return Promise.reject(
      givenUpError(shown, { kind: 'abort', reason: signal.reason }, { outcome: 'not-applied', ends, waitedMs: 0 }),
    );
  }
  return new Promise((resolve, reject) => {
    let started: { readonly giveUp: (why: GivingUp) => void } | undefined;
    const onAbort = (): void => started?.giveUp({ kind: 'abort', reason: signal?.reason });
    const settle = (outcome: G | NotGranted): void => {
      signal?.removeEventListener('abort', onAbort);
      switch (outcome.kind) {
        case 'granted':
          return resolve(seenBy(outcome));
        case 'busy':
          return resolve(null);
        case 'given-up':
          return reject(
            givenUpError(shown, outcome.why, { outcome: outcome.outcome, ends, waitedMs: now() - startedAt }),
          );
        case 'failed':
          return reject(outcome.error);
        default:
          outcome satisfies never;
      }
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    started = start(settle);
  });
}

/** The function among the arguments of `use` and `useAll`, and its options; a TypeError if there is none. */
export function scopeOf<O extends AcquireOptions, H, T>(
  first: O | undefined | Scope<H, T>,
  second: Scope<H, T> | undefined,
): { readonly options: O | undefined; readonly fn: Scope<H, T> } {
  const fn = typeof first === 'function' ? first : second;
  if (typeof fn !== 'function')
    throw wrongType('use and useAll need a function to run, after the options if there are any');
  return { options: typeof first === 'function' ? undefined : first, fn };
}

/** What runs while a lock is held. */
export type Scope<H, T> = (handle: H) => Promise<T> | T;

/** Something that is held, and can be let go. */
type Held = Pick<LockHandle, 'name' | 'release' | typeof Symbol.asyncDispose>;

/** Runs `fn` and releases whatever happens; see `DistributedLock.use`. */
export async function runWhileHeld<H extends Held, T>(handle: H, fn: Scope<H, T>, logger: Logger): Promise<T> {
  let result: T;
  try {
    result = await fn(handle);
  } catch (error) {
    await handle[Symbol.asyncDispose]();
    throw error;
  }
  try {
    await handle.release();
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    logger.warn({ err: error, lock: handle.name }, 'the release of a lock is not confirmed yet');
  }
  return result;
}

interface GivenUp {
  readonly outcome: LockOutcome;
  readonly ends: Readonly<Record<LockOutcome, string>>;
  readonly waitedMs: number;
}

function givenUpError(
  shown: () => string,
  why: GivingUp,
  { outcome, ends, waitedMs }: GivenUp,
): TimeoutError | CancelledError {
  const waited = `after ${Math.round(waitedMs)} ms (${ends[outcome]})`;
  if (why.kind === 'timeout') {
    return new TimeoutError(`${shown()} was not acquired in time, given up ${waited}`, { outcome });
  }
  return new CancelledError(`acquiring ${shown()} was aborted by its signal ${waited}`, { outcome, cause: why.reason });
}

const tail: Readonly<Record<LockOutcome, string>> = {
  'not-applied': 'the request is out of the queue',
  applied: 'it was granted at the same moment and is given back',
  unknown: 'the cluster has not confirmed it yet; it is withdrawn in the background',
};
