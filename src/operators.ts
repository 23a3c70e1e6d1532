import type { AcquireOutcome } from './acquisition.ts';
import { awaitGrant, type LockSurroundings, type Sought } from './awaiting.ts';
import { errandOf, type Order } from './errand.ts';
import { BackendError, type ForcedBy, outOfRange, wrongType } from './errors.ts';
import { LockHandle } from './handle.ts';
import { checkName } from './names.ts';
import { ReaderWriterHandle } from './reader-writer-handle.ts';
import { refusalOf } from './refusals.ts';
import { validateActor, validateReason } from './server/index.ts';
import type { SessionEngine } from './session-engine.ts';
import type { Answer } from './table/index.ts';

/** Who does it and why: both stand in the log, in the events of the cluster, and in the error of whoever it befalls. */
export interface OperatorOptions {
  /** A person or program, in 1 to 256 bytes of UTF-8 without control characters. Nobody checks that it is true. */
  readonly actor: string;
  /** In words, at most 512 bytes of UTF-8 without control characters; may be empty. */
  readonly reason: string;
}

/** As `OperatorOptions`, for the holders of one lock. */
export interface HoldersOptions extends OperatorOptions {
  /** The fencing token of one hold; absent: all holds of the lock. */
  readonly token?: number | undefined;
}

/** Of which holds something came true. */
export interface HoldersMeant {
  /** How many; 0 when nobody held the lock, or nobody under that token: then nothing was changed. */
  readonly count: number;
  /** Their fencing tokens, rising; at most the first 1,000. */
  readonly tokens: readonly number[];
}

/** What operators may do, or whoever has to: a part of every provider. See docs/operators.md. */
export interface LockOperations {
  /**
   * Ends the holds of a lock, or the one with that token, whatever their holders do; see docs/operators.md. Their handles
   * are lost at once, with a `LockLostError` that says who did it and why, but perhaps only after somebody else has been
   * granted the lock: what they do meanwhile is stopped by fencing tokens alone. Waiters keep their places. Executed once,
   * also when it has to be sent again. A count of 0: nobody held it. Rejects with a TypeError or RangeError for wrong
   * arguments, and with `TIMEOUT` of outcome `unknown` if nobody confirmed it within a session TTL.
   */
  forceRelease(name: string, options: HoldersOptions): Promise<HoldersMeant>;
  /**
   * Takes an exclusive lock from its holder, ahead of all who wait, in one step: as `forceRelease`, but nobody can be
   * granted it in between. A free lock is simply acquired. Rejects as `forceRelease`, and with a `KindMismatchError` or
   * `LimitExceededError`; then nothing was taken.
   */
  stealLock(name: string, options: OperatorOptions): Promise<LockHandle>;
  /** As `stealLock`, of a reader-writer lock from all its readers and its writer: for writing. */
  stealWriteLock(name: string, options: OperatorOptions): Promise<ReaderWriterHandle>;
  /**
   * Asks the holders of a lock, or the one with that token, to let go: their handles tell `revokeRequested`, if their
   * processes are connected. Nothing is forced. A count of 0: nobody held it. Rejects as `forceRelease`.
   */
  requestRevoke(name: string, options: HoldersOptions): Promise<HoldersMeant>;
  /**
   * Ends another session at once, by its number in `sessions()`: all that it holds and awaits. Its process learns who did
   * it and why if it is connected, and opens a new session with its next acquire: this does not lock anybody out. False if
   * there is no such session. A RangeError for the session of this provider itself; otherwise rejects as `forceRelease`.
   */
  closeSession(session: number, options: OperatorOptions): Promise<boolean>;
}

/** See `LockOperations.forceRelease`. */
export async function forceRelease(
  engine: SessionEngine,
  name: string,
  options: HoldersOptions,
): Promise<HoldersMeant> {
  const order = { kind: 'force-release', name: checkName(name), ...checkHolders(options) } as const;
  return holdersIn(await answerTo(engine, order), order);
}

/** See `LockOperations.requestRevoke`. */
export async function requestRevoke(
  engine: SessionEngine,
  name: string,
  options: HoldersOptions,
): Promise<HoldersMeant> {
  const order = { kind: 'request-revoke', name: checkName(name), ...checkHolders(options) } as const;
  return holdersIn(await answerTo(engine, order), order);
}

/** See `LockOperations.closeSession`. */
export async function closeSession(engine: SessionEngine, session: number, options: OperatorOptions): Promise<boolean> {
  const target = checkNumber(session, 'the session');
  const answer = await answerTo(engine, { kind: 'end-session', target, ...checkOperator(options, []) });
  if (answer.kind === 'session-closed') return true;
  if (answer.kind !== 'not-closed') throw refusalOf({ name: `session ${target}` }, answer);
  if (answer.why === 'unknown') return false;
  throw outOfRange(`session ${target} is the one of this node or client: close() ends it`);
}

/** An exclusive lock, as its `acquire` seeks it. Throws an `InvalidNameError`. */
export const soughtAlone =
  (name: string) =>
  ({ logger, engine, verify }: LockSurroundings): Sought<LockHandle> => ({
    name: checkName(name),
    shown: () => `lock ${JSON.stringify(name)}`,
    handleOf: (hold) => new LockHandle(hold, { logger, ttlMs: engine.ttlMs, verify }),
  });

/** A reader-writer lock, as its `acquireWrite` seeks it. Throws an `InvalidNameError`. */
export const soughtToWrite =
  (name: string) =>
  (world: LockSurroundings): Sought<ReaderWriterHandle> => ({
    name: checkName(name),
    parts: [{ name, mode: 'W', permits: 1, limit: 0 }],
    shown: () => `lock ${JSON.stringify(name)}`,
    handleOf: (hold) => new ReaderWriterHandle(hold, world),
  });

/** See `LockOperations.stealLock` and `LockOperations.stealWriteLock`. */
export async function stealHold<H>(
  world: LockSurroundings,
  sought: (world: LockSurroundings) => Sought<H>,
  options: OperatorOptions,
): Promise<H> {
  const { engine, now } = world;
  const { name, parts, shown, handleOf } = sought(world);
  const wish = { name, parts, waits: true, limitMs: engine.ttlMs, steals: checkOperator(options, []) };
  const handle = await awaitGrant(
    { shown, signal: undefined, now },
    (done: (outcome: AcquireOutcome) => void) => engine.acquire(wish, done),
    ({ hold, others }) => handleOf(hold, others),
  );
  if (handle !== null) return handle;
  throw new BackendError(`${shown()}: a theft was answered busy`, { outcome: 'unknown' });
}

function answerTo(engine: SessionEngine, order: Order): Promise<Answer> {
  return new Promise((resolve, reject) => {
    engine.run(errandOf(order), (outcome) => {
      if (outcome.ok) resolve(outcome.answer);
      else reject(outcome.error);
    });
  });
}

function holdersIn(answer: Answer, { name }: { readonly name: string }): HoldersMeant {
  switch (answer.kind) {
    case 'force-released':
    case 'revoke-requested':
      return { count: answer.count, tokens: answer.tokens };
    case 'not-held':
      return { count: 0, tokens: [] };
    default:
      throw refusalOf({ name }, answer);
  }
}

function checkHolders(options: HoldersOptions): ForcedBy & { readonly token: number | undefined } {
  const by = checkOperator(options, ['token']);
  const { token } = options;
  return { token: token === undefined ? undefined : checkNumber(token, 'token'), ...by };
}

function checkOperator(options: OperatorOptions, others: readonly string[]): ForcedBy {
  if (typeof options !== 'object' || options === null)
    throw wrongType('options must be an object with actor and reason');
  const known = [...others, 'actor', 'reason'];
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) throw wrongType(`unknown option ${JSON.stringify(key)}; known are ${known.join(', ')}`);
  }
  const { actor, reason } = options;
  const [actorFault, reasonFault] = [validateActor(actor), validateReason(reason)];
  if (actorFault !== undefined) throw wrongType(`actor must be 1 to 256 bytes of text; it is ${actorFault}`);
  if (reasonFault !== undefined) throw wrongType(`reason must be a text of at most 512 bytes; it is ${reasonFault}`);
  return { actor, reason };
}

function checkNumber(value: unknown, what: string): number {
  if (typeof value !== 'number') throw wrongType(`${what} must be a number`);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw outOfRange(`${what} must be a whole number above 0, not ${value}`);
}
