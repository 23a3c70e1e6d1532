import { grouped } from './grouped.ts';
import { type History, type Mode, type Operation, only } from './history.ts';
import { type Lifetimes, lifetimesOf } from './lifetimes.ts';
import { type Grant, grantsOf, type Request } from './requests.ts';

/** A time during which a hold certainly stood: from the answer to its request until the first thing that may end it. */
export interface Span {
  readonly name: string;
  readonly client: string;
  readonly token: number;
  /** At least: perhaps it was stronger. */
  readonly mode: Mode;
  readonly permits: number;
  readonly from: bigint;
  /** Undefined: to the end of the history. */
  readonly until: bigint | undefined;
  readonly request: Request;
}

/** All of them; none where holds may end at any moment. */
export function certainHolds(history: History, lifetimes: Lifetimes = lifetimesOf(history)): readonly Span[] {
  if (history.meta.sessions === 'any') return [];
  const { operations } = history;
  const key = ({ call: { token, client, name } }: OfHold): string => `${token} ${client} ${name}`;
  const changes = grouped(
    only(operations, 'release', 'upgrade', 'downgrade').filter(({ outcome }) => outcome.kind !== 'fail'),
    key,
  );
  const clears = grouped(only(operations, 'forceRelease'), ({ call }) => call.name);
  const spans: Span[] = [];
  const seen = new Set<string>();
  for (const grant of grantsOf(operations)) {
    const { name, client, token, from: invokedAt } = grant;
    // A re-entry stands no longer than the first grant.
    const own = `${token} ${client} ${name}`;
    if (seen.has(own)) continue;
    seen.add(own);
    // One that was over before the grant was asked for cannot have ended it.
    const cleared = (clears.get(name) ?? []).find(
      (clear) => clear.outcome.kind !== 'fail' && !(clear.outcome.kind === 'ok' && clear.outcome.at < invokedAt),
    );
    const end = earliest(cleared?.invokedAt, lifetimes.of(client).from);
    spans.push(...spansOf(grant, changes.get(own) ?? [], end));
  }
  return spans;
}

type OfHold = Extract<Operation, { readonly f: 'release' | 'upgrade' | 'downgrade' }>;

/** From the answer on, each time until something may have changed the hold: with every downgrade a weaker one. */
function spansOf(grant: Grant, changes: readonly OfHold[], end: bigint | undefined): readonly Span[] {
  const { name, client, token, permits, request } = grant;
  const spans: Span[] = [];
  let { mode, at: from } = grant;
  const add = (until: bigint | undefined): void => {
    if (until === undefined || until > from) {
      spans.push({ name, client, token, mode, permits, from, until, request });
    }
  };
  for (const change of changes) {
    add(earliest(change.invokedAt, end));
    if (change.f !== 'downgrade') return spans;
    // Perhaps it was not carried out yet, and is stronger.
    mode = change.call.to;
    from = change.invokedAt > from ? change.invokedAt : from;
  }
  add(end);
  return spans;
}

const earliest = (...times: readonly (bigint | undefined)[]): bigint | undefined => {
  let first: bigint | undefined;
  for (const time of times) if (time !== undefined && (first === undefined || time < first)) first = time;
  return first;
};
