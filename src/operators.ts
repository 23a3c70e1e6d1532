import { type ForcedBy, outOfRange, wrongType } from './errors.ts';
import { checkName } from './names.ts';
import type { Order } from './operator-call.ts';
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

/** See `LockProvider.forceRelease`. */
export async function forceRelease(
  engine: SessionEngine,
  name: string,
  options: HoldersOptions,
): Promise<HoldersMeant> {
  const order = { kind: 'force-release', name: checkName(name), ...checkHolders(options) } as const;
  return holdersIn(await answerTo(engine, order), order);
}

/** See `LockProvider.requestRevoke`. */
export async function requestRevoke(
  engine: SessionEngine,
  name: string,
  options: HoldersOptions,
): Promise<HoldersMeant> {
  const order = { kind: 'request-revoke', name: checkName(name), ...checkHolders(options) } as const;
  return holdersIn(await answerTo(engine, order), order);
}

/** See `LockProvider.closeSession`. */
export async function closeSession(engine: SessionEngine, session: number, options: OperatorOptions): Promise<boolean> {
  const target = checkNumber(session, 'the session');
  const answer = await answerTo(engine, { kind: 'end-session', target, ...checkOperator(options, []) });
  if (answer.kind === 'session-closed') return true;
  if (answer.kind !== 'not-closed') throw refusalOf({ name: `session ${target}` }, answer);
  if (answer.why === 'unknown') return false;
  throw outOfRange(`session ${target} is the one of this node or client: close() ends it`);
}

function answerTo(engine: SessionEngine, order: Order): Promise<Answer> {
  return new Promise((resolve, reject) => {
    engine.order(order, (outcome) => {
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
