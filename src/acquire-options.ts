import { outOfRange, wrongType } from './errors.ts';
import { checkHoldOptions } from './hold-options.ts';
import { checkHold, type HoldReference } from './hold-reference.ts';
import type { QueueListener } from './queue-place.ts';
import { validateOwner } from './server/index.ts';
import type { HoldName, HoldOptions } from './table/index.ts';

/** How long to wait, and when to stop waiting. */
export interface AcquireOptions {
  /**
   * Milliseconds to wait for the lock, 0 to 2^53 - 1; absent or `Infinity`: for ever. 0 makes one attempt. The call may
   * take up to 10 ms longer to learn what became of its request.
   */
  readonly timeout?: number | undefined;
  /** Aborting it ends the wait with a `CancelledError` whose `cause` is the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Whom the cluster treats as one party when it looks for deadlocks: 1 to 256 bytes of UTF-8, chosen so that no other
   * party of the cluster has it. Default: the owner of the surrounding `withOwner`, or else each request is its own.
   */
  readonly owner?: string | undefined;
  /**
   * Whatever helps to understand who holds or awaits the lock: `inspect` and `list` show it, and the handle has it. At
   * most 1,024 bytes of UTF-8, well-formed. Not secret.
   */
  readonly metadata?: string | undefined;
  /**
   * A hold that must be current when the cluster executes the request; anybody's, of any lock. If it is not, nothing is
   * asked for and the call rejects with a `FencedError`. A request that has to wait is not judged again at its grant.
   */
  readonly guard?: HoldReference | undefined;
  /**
   * The longest queue that this request goes behind, 0 to 2^53 - 1: if so many wait already when it would have to wait, it
   * is refused with a `QueueFullError`. 0: it never waits. Absent: no limit. A request for several locks looks at each queue.
   */
  readonly maxQueueLength?: number | undefined;
  /**
   * The longest that the lock is held, in milliseconds, 1,000 to 2^53 - 1 and above twice the margin of the session
   * (`max(sessionTtl / 10, 200)`): some time before that the handle is lost, and afterwards the cluster gives the lock to the next one,
   * however well its holder is. Absent: for as long as the session lives. See docs/hold-options.md.
   */
  readonly maxHold?: number | undefined;
  /**
   * How long nobody is granted the lock after this hold has ended against its holder's will (its session expired, was
   * superseded or closed by an operator, it was released by force, or its `maxHold` was over), in milliseconds, 0 to
   * 3,600,000. Waiters keep their places. Default 0. See docs/hold-options.md.
   */
  readonly lockDelay?: number | undefined;
  /**
   * Whether the hold can be handed to another session, by its `ticket`: `attachLock` takes it over. Default false. See
   * docs/sticky-holds.md.
   */
  readonly transferable?: boolean | undefined;
  /**
   * The secret of the hold's ticket, 32 hex digits that nobody can guess, so that the ticket can be stored before the lock is
   * acquired: however the call ends, `attachLock({ name, secret })` takes what it was granted. Implies `transferable`.
   * Absent: the library draws one.
   */
  readonly secret?: string | undefined;
  /**
   * Whether the hold outlives its session: when this process is lost, or closed, the lock stays held, by nobody, until
   * somebody attaches it by its `ticket` or an operator releases it by force. Implies `transferable`. Default false. See
   * docs/sticky-holds.md.
   */
  readonly sticky?: boolean | undefined;
  /**
   * Called once if the request has to wait, with its place in the queue and a way to ask for it again. Not called when the
   * lock is granted before the cluster has said where the request stands. The library asks nothing else by itself.
   */
  readonly onQueued?: QueueListener | undefined;
}

/** For exclusive locks. */
export interface ReentrantOptions extends AcquireOptions {
  /**
   * True: an owner that holds the lock already, by this process, enters it once more, under the same token; it is free
   * once every handle was released. Needs an owner. Default false: then such a request gets a `DeadlockError`.
   */
  readonly reentrant?: boolean | undefined;
}

/** Checked, with nothing filled in. */
export interface CheckedOptions {
  readonly timeout: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly owner: string | undefined;
  readonly reentrant: boolean;
  /** What the cluster is told of the hold; undefined if nothing. */
  readonly hold: HoldOptions | undefined;
  /** It gets a secret: */
  readonly isTransferable: boolean;
  /** this one, or one that is drawn. */
  readonly secret: string | undefined;
  readonly guard: HoldName | undefined;
  readonly onQueued: QueueListener | undefined;
}

const known: ReadonlySet<string> = new Set([
  'timeout',
  'signal',
  'owner',
  'reentrant',
  'metadata',
  'guard',
  'maxQueueLength',
  'maxHold',
  'lockDelay',
  'transferable',
  'sticky',
  'secret',
  'onQueued',
]);

/** The options of one acquire, or a TypeError or RangeError that says what is wrong with them. */
export const checkAcquireOptions = (options: ReentrantOptions | undefined): CheckedOptions => {
  if (options === undefined) return absent;
  if (typeof options !== 'object' || options === null) throw wrongType('options must be an object');
  for (const key of Object.keys(options)) {
    if (!known.has(key))
      throw wrongType(`unknown option ${JSON.stringify(key)}; an acquire takes ${[...known].join(', ')}`);
  }
  const { timeout, signal, owner, reentrant = false, guard, onQueued } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw wrongType('signal must be an AbortSignal');
  if (typeof reentrant !== 'boolean') throw wrongType('reentrant must be a boolean');
  if (onQueued !== undefined && typeof onQueued !== 'function') throw wrongType('onQueued must be a function');
  return {
    timeout: checkTimeout(timeout),
    signal,
    owner: owner === undefined ? undefined : checkOwner(owner),
    reentrant,
    hold: checkHoldOptions(options),
    isTransferable: checkTransfer(options),
    secret: options.secret === undefined ? undefined : checkSecret(options.secret),
    guard: guard === undefined ? undefined : checkHold(guard, 'guard'),
    onQueued,
  };
};

const absent: CheckedOptions = {
  timeout: undefined,
  signal: undefined,
  owner: undefined,
  reentrant: false,
  hold: undefined,
  isTransferable: false,
  secret: undefined,
  guard: undefined,
  onQueued: undefined,
};

/** What an entry of somebody's hold would be handed over as is not said: it has the ticket of the first. */
const checkTransfer = ({ transferable = false, sticky = false, secret, reentrant }: ReentrantOptions): boolean => {
  if (typeof transferable !== 'boolean') throw wrongType('transferable must be a boolean');
  const isTransferable = transferable || sticky || secret !== undefined;
  if (isTransferable && reentrant === true)
    throw wrongType('reentrant goes with neither sticky nor transferable nor secret');
  return isTransferable;
};

/** The owner, or a TypeError that says which rule it breaks. */
export const checkOwner = (owner: unknown): string => {
  const bad = validateOwner(owner);
  if (bad === undefined && typeof owner === 'string') return owner;
  throw wrongType(`an owner must be 1 to 256 bytes of text without control characters; this one is ${bad}`);
};

const checkTimeout = (timeout: unknown): number | undefined => {
  if (timeout === undefined || timeout === Number.POSITIVE_INFINITY) return undefined;
  if (typeof timeout !== 'number') throw wrongType(`timeout must be a number of milliseconds, not ${typeof timeout}`);
  if (timeout >= 0 && timeout <= Number.MAX_SAFE_INTEGER) return timeout;
  throw outOfRange(`timeout must be 0 to 2^53 - 1 milliseconds, not ${timeout}`);
};

/** The secret of a ticket, or a TypeError. */
export const checkSecret = (secret: unknown): string => {
  if (typeof secret === 'string' && /^[0-9a-f]{32}$/.test(secret)) return secret;
  throw wrongType('the secret of a ticket must be 32 hex digits, as those of randomBytes(16)');
};
