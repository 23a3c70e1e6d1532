import { grouped } from './grouped.ts';
import { type History, type Operation, only } from './history.ts';
import { type Lifetimes, lifetimesOf } from './lifetimes.ts';

/** A time during which a hold certainly stood: from the answer to its request until the first thing that may end it. */
export interface Span {
  readonly name: string;
  readonly client: string;
  readonly token: number;
  readonly mode: 'r' | 'w';
  readonly permits: number;
  readonly from: bigint;
  /** Undefined: to the end of the history. */
  readonly until: bigint | undefined;
  readonly request: Operation<'acquire'> | Operation<'tryAcquire'>;
}

/** All of them; none where holds may end at any moment. */
export function certainHolds(history: History, lifetimes: Lifetimes = lifetimesOf(history)): readonly Span[] {
  if (history.meta.sessions === 'any') return [];
  const { operations } = history;
  const releases = grouped(only(operations, 'release'), ({ call }) => `${call.token} ${call.name}`);
  const clears = grouped(only(operations, 'forceRelease'), ({ call }) => call.name);
  const spans: Span[] = [];
  const seen = new Set<string>();
  for (const request of only(operations, 'acquire', 'tryAcquire')) {
    const { call, outcome, invokedAt } = request;
    if (outcome.kind !== 'ok' || !outcome.result.granted) continue;
    const { token } = outcome.result;
    const { name, client, mode, permits } = call;
    // A re-entry stands no longer than the first grant.
    const key = `${token} ${client} ${name}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const freed = (releases.get(`${token} ${name}`) ?? []).find(
      (release) => release.call.client === client && release.outcome.kind !== 'fail',
    );
    // One that was over before the grant was asked for cannot have ended it.
    const cleared = (clears.get(name) ?? []).find(
      (clear) => clear.outcome.kind !== 'fail' && !(clear.outcome.kind === 'ok' && clear.outcome.at < invokedAt),
    );
    const until = earliest(freed?.invokedAt, cleared?.invokedAt, lifetimes.of(client).from);
    const from = outcome.at;
    if (until === undefined || until > from) spans.push({ name, client, token, mode, permits, from, until, request });
  }
  return spans;
}

const earliest = (...times: readonly (bigint | undefined)[]): bigint | undefined => {
  let first: bigint | undefined;
  for (const time of times) if (time !== undefined && (first === undefined || time < first)) first = time;
  return first;
};
