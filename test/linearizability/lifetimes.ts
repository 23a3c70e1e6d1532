import { grouped } from './grouped.ts';
import { type History, type Meta, type Operation, only } from './history.ts';
import type { Violation } from './verdict.ts';
import { wordsOf } from './words.ts';

/** When the session of a client ended, as far as the history knows. */
export interface Lifetime {
  /** Not earlier; undefined: it never ends. */
  readonly from: bigint | undefined;
  /** Not later; undefined: perhaps never. */
  readonly until: bigint | undefined;
}

/** Those of all clients. */
export interface Lifetimes {
  of(client: string): Lifetime;
  readonly violations: readonly Violation[];
}

interface Sign {
  readonly at: bigint;
  readonly operation: Operation;
}

/** What the history tells of one session. */
interface Signs {
  /** It lived at some moment from then on. */
  readonly life: readonly Sign[];
  /** It cannot have expired before. */
  readonly safeUntil: readonly (Sign & { readonly invokedAt: bigint })[];
  /** Its client may have ended it from then on. */
  readonly closedAt: bigint | undefined;
  /** It was dead by then. */
  readonly death: { readonly at: bigint; readonly words: string } | undefined;
}

const forEver: Lifetime = { from: undefined, until: undefined };

/** Of strict sessions, one life for each client; early expiries and signs of life after death are violations. */
export function lifetimesOf(history: History): Lifetimes {
  if (history.meta.sessions !== 'strict') return { of: () => forEver, violations: [] };
  const lifetimes = new Map<string, Lifetime>();
  const violations: Violation[] = [];
  const groups = grouped(history.operations, (operation) => clientOf(operation));
  const clients = new Set([...groups.keys(), ...history.notices.map(({ client }) => client)]);
  for (const client of clients) {
    if (client === undefined) continue;
    const signs = signsOf(history, client, groups.get(client) ?? []);
    lifetimes.set(client, lifetimeOf(signs));
    violations.push(...troubles(client, signs));
  }
  return { of: (client) => lifetimes.get(client) ?? { from: 0n, until: undefined }, violations };
}

function lifetimeOf({ life, safeUntil, closedAt, death }: Signs): Lifetime {
  const bySign = life.reduce((latest, { at }) => max(latest, at), 0n);
  const byTtl = safeUntil.reduce((latest, { at }) => max(latest, at), 0n);
  const from = max(bySign, closedAt !== undefined && closedAt < byTtl ? closedAt : byTtl);
  // Signs that contradict each other are reported; what follows from them must not be.
  return { from: death !== undefined && death.at < from ? death.at : from, until: death?.at };
}

function troubles(client: string, { life, safeUntil, closedAt, death }: Signs): readonly Violation[] {
  if (death === undefined) return [];
  const violations: Violation[] = [];
  const early = safeUntil.find(({ at, invokedAt }) => invokedAt <= death.at && death.at < at);
  if (early !== undefined && !(closedAt !== undefined && closedAt <= death.at)) {
    violations.push({
      rule: 'early-expiry',
      client,
      text: `its session was dead at ${death.at}, but lives until ${early.at} at least by its TTL`,
      window: [wordsOf(early.operation), death.words],
    });
  }
  const zombie = life.find(({ at }) => at > death.at);
  if (zombie !== undefined) {
    violations.push({
      rule: 'zombie-session',
      client,
      text: 'its session was dead, and something was still done in it afterwards',
      window: [death.words, wordsOf(zombie.operation)],
    });
  }
  return violations;
}

function signsOf(history: History, client: string, operations: readonly Operation[]): Signs {
  const life = operations.flatMap((operation) => (livesBy(operation) ? [{ at: operation.invokedAt, operation }] : []));
  const ttlMs = only(operations, 'open').find(({ call }) => call.ttl_ms !== undefined)?.call.ttl_ms;
  const ttl = nanoseconds(history.meta, ttlMs ?? history.meta.ttlMs);
  const safeUntil = operations.flatMap((operation) =>
    renews(operation) ? [{ at: operation.invokedAt + ttl, invokedAt: operation.invokedAt, operation }] : [],
  );
  const closes = only(operations, 'close').filter(({ outcome }) => outcome.kind !== 'fail');
  const deaths = [
    ...operations.flatMap((operation) => {
      const at = deadBy(operation);
      return at === undefined ? [] : [{ at, words: wordsOf(operation) }];
    }),
    ...history.notices
      .filter((notice) => notice.client === client)
      .map(({ at, line }) => ({ at, words: `line ${line}: notice: the session of ${client} has expired` })),
  ].sort((a, b) => (a.at < b.at ? -1 : 1));
  return { life, safeUntil, closedAt: closes[0]?.invokedAt, death: deaths[0] };
}

const nanoseconds = (meta: Meta, ttlMs: number): bigint =>
  BigInt(Math.max(0, Math.round((ttlMs - meta.ttlSlackMs) * 1e6)));

function renews({ f, outcome }: Operation): boolean {
  if (outcome.kind !== 'ok' || (f !== 'open' && f !== 'keepalive')) return false;
  return !('reason' in outcome.result && outcome.result.reason === 'session');
}

/** Whether it proves that the session lived at some moment of the call. */
function livesBy(operation: Operation): boolean {
  if (renews(operation)) return true;
  const { outcome } = operation;
  if (outcome.kind !== 'ok') return false;
  const { result } = outcome;
  if ('granted' in result) return result.granted;
  if ('done' in result) return result.done;
  if ('released' in result) return result.released;
  return 'held' in result && result.held;
}

function deadBy({ f, outcome }: Operation): bigint | undefined {
  if (outcome.kind !== 'ok') return undefined;
  const isRefused = 'reason' in outcome.result && outcome.result.reason === 'session';
  return f === 'close' || isRefused ? outcome.at : undefined;
}

const clientOf = ({ call }: Operation): string | undefined => ('client' in call ? call.client : undefined);

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
