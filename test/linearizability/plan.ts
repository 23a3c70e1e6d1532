import { grouped } from './grouped.ts';
import { type Holder, type LockSettings, type Operation, only } from './history.ts';
import type { Lifetimes } from './lifetimes.ts';
import type { Want } from './model.ts';
import type { Violation } from './verdict.ts';
import { wordsOf } from './words.ts';

/** Something that happened to a lock, or was seen of it, at one moment. */
export type Step =
  | (Want & { readonly kind: 'grant'; readonly token: number; readonly isLoose: boolean })
  | (Want & { readonly kind: 'refused'; readonly isCrowded: boolean })
  | { readonly kind: 'release'; readonly client: string; readonly token: number; readonly permits: number | undefined }
  | { readonly kind: 'absent'; readonly client: string; readonly token: number; readonly permits: number | undefined }
  | { readonly kind: 'present'; readonly client: string; readonly token: number }
  | { readonly kind: 'read'; readonly holders: readonly Holder[] }
  | { readonly kind: 'clear' }
  | { readonly kind: 'death'; readonly client: string };

/** A step and when it may have been, nanoseconds since the beginning. */
export interface Placed<S = Step> {
  readonly step: S;
  readonly from: number;
  /** Infinity where nothing says that it was ever. */
  readonly until: number;
  readonly operation: Operation | undefined;
}

/** One lock's history as the search sees it. */
export interface Plan {
  readonly settings: LockSettings;
  /** What certainly happened, by its earliest moment. */
  readonly musts: readonly Placed[];
  /** What may have happened, once or never. */
  readonly releases: readonly Placed<Step & { readonly kind: 'release' }>[];
  readonly clears: readonly Placed[];
  readonly deaths: readonly Placed<Step & { readonly kind: 'death' }>[];
  /** Grants that nothing shows: their tokens are unknown. */
  readonly ghosts: readonly Placed<Want>[];
  /** Holds may end at any moment. */
  readonly isFleeting: boolean;
  readonly violations: readonly Violation[];
  /** Which unknown request got which token was guessed among unlike ones: a rejection proves nothing. */
  readonly isAmbiguous: boolean;
}

type Request = Extract<Operation, { readonly f: 'acquire' | 'tryAcquire' }>;

/** What is known of one lock besides its operations. */
export interface Circumstances {
  readonly name: string;
  readonly settings: LockSettings;
  readonly lifetimes: Lifetimes;
  readonly isFleeting: boolean;
}

export function planOf(operations: readonly Operation[], around: Circumstances): Plan {
  const { name, settings, isFleeting } = around;
  const origin = operations[0]?.invokedAt ?? 0n;
  const ns = (at: bigint): number => Number(at - origin);
  const effective = operations.filter(({ outcome }) => outcome.kind !== 'fail');
  const bindings = bindingsOf(name, effective);
  const musts = effective.flatMap((operation) => mustsOf(operation, { operations: effective, settings, ns }));
  for (const [request, { token, at }] of bindings.tokens) {
    const step: Step = { kind: 'grant', ...wantOf(request), token, isLoose: true };
    musts.push({ step, from: ns(request.invokedAt), until: ns(at), operation: request });
  }
  const unknown = effective.filter(({ outcome }) => outcome.kind === 'unknown');
  const ghosts = only(unknown, 'acquire', 'tryAcquire').flatMap((operation): readonly Placed<Want>[] =>
    bindings.tokens.has(operation)
      ? []
      : [{ step: wantOf(operation), from: ns(operation.invokedAt), until: Number.POSITIVE_INFINITY, operation }],
  );
  const deaths = deathsOf(effective, around, ns);
  return {
    settings,
    isFleeting,
    ghosts,
    musts: [...musts, ...deaths.filter(({ until }) => until < Number.POSITIVE_INFINITY)].sort(
      (a, b) => a.from - b.from,
    ),
    deaths: deaths.filter(({ until }) => until === Number.POSITIVE_INFINITY),
    releases: only(unknown, 'release').map((operation) => ({
      step: { kind: 'release', ...givenOf(operation) },
      from: ns(operation.invokedAt),
      until: Number.POSITIVE_INFINITY,
      operation,
    })),
    clears: only(unknown, 'forceRelease').map((operation) => ({
      step: { kind: 'clear' },
      from: ns(operation.invokedAt),
      until: Number.POSITIVE_INFINITY,
      operation,
    })),
    violations: bindings.violations,
    isAmbiguous: bindings.isAmbiguous,
  };
}

interface Frame {
  readonly operations: readonly Operation[];
  readonly settings: LockSettings;
  readonly ns: (at: bigint) => number;
}

function mustsOf(operation: Operation, frame: Frame): Placed[] {
  const { outcome } = operation;
  if (outcome.kind !== 'ok') return [];
  const step = stepOf(operation, frame);
  return step === undefined
    ? []
    : [{ step, from: frame.ns(operation.invokedAt), until: frame.ns(outcome.at), operation }];
}

function stepOf(operation: Operation, frame: Frame): Step | undefined {
  if (operation.outcome.kind !== 'ok') return undefined;
  switch (operation.f) {
    case 'acquire':
    case 'tryAcquire': {
      const { result } = operation.outcome;
      if (result.granted) return { kind: 'grant', ...wantOf(operation), token: result.token, isLoose: false };
      // The other reasons say that it was not granted, and nothing of the lock.
      if (result.reason !== 'held') return undefined;
      return { kind: 'refused', ...wantOf(operation), isCrowded: isCrowded(operation, operation.outcome.at, frame) };
    }
    case 'release': {
      const { released, reason } = operation.outcome.result;
      if (released) return { kind: 'release', ...givenOf(operation) };
      return reason === 'session' ? undefined : { kind: 'absent', ...givenOf(operation) };
    }
    case 'validate': {
      const { client, token } = operation.call;
      if (operation.outcome.result.held) return { kind: 'present', client, token };
      return { kind: 'absent', client, token, permits: undefined };
    }
    case 'holder':
      if (operation.call.consistency === 'stale') return undefined;
      return { kind: 'read', holders: operation.outcome.result.holders };
    case 'forceRelease':
      return { kind: 'clear' };
    case 'open':
    case 'keepalive':
    case 'close':
    case 'guard':
      return undefined;
    default:
      return operation satisfies never;
  }
}

const wantOf = ({ call: { client, mode, permits } }: Request): Want => ({ client, mode, permits });

const givenOf = ({ call: { client, token, permits } }: Extract<Operation, { readonly f: 'release' }>) => ({
  client,
  token,
  permits,
});

/** Whether a fair lock may have refused it because somebody else waited at some moment of the call. */
function isCrowded(request: Request, at: bigint, { operations, settings }: Frame): boolean {
  if (!settings.fair || settings.kind === 'mutex') return false;
  return only(operations, 'acquire').some(
    (other) =>
      other !== request &&
      (settings.kind === 'semaphore' || other.call.mode === 'w') &&
      other.invokedAt <= at &&
      !(other.outcome.kind === 'ok' && other.outcome.at < request.invokedAt),
  );
}

function deathsOf(
  operations: readonly Operation[],
  { lifetimes }: Circumstances,
  ns: (at: bigint) => number,
): readonly Placed<Step & { readonly kind: 'death' }>[] {
  const clients = new Set(only(operations, 'acquire', 'tryAcquire').map(({ call }) => call.client));
  return [...clients].flatMap((client) => {
    const { from, until } = lifetimes.of(client);
    if (from === undefined) return [];
    const latest = until === undefined ? Number.POSITIVE_INFINITY : ns(until);
    return [{ step: { kind: 'death', client }, from: ns(from), until: latest, operation: undefined }];
  });
}

interface Bindings {
  readonly tokens: ReadonlyMap<Request, { readonly token: number; readonly at: bigint }>;
  readonly violations: readonly Violation[];
  readonly isAmbiguous: boolean;
}

interface Sight {
  readonly client: string;
  readonly token: number;
  readonly count: number | undefined;
  readonly at: bigint;
  readonly by: Operation;
}

/**
 * Tokens that were seen but never answered belong to requests of unknown outcome. Among like ones of one client the
 * earliest may stand for any: grants go by rising tokens, so an exchange never makes a possible order impossible.
 */
function bindingsOf(name: string, operations: readonly Operation[]): Bindings {
  const requests = only(operations, 'acquire', 'tryAcquire');
  const known = new Set<string>();
  const tokens = new Map<Request, { readonly token: number; readonly at: bigint }>();
  const owned = new Set<number>();
  for (const { call, outcome } of requests) {
    if (outcome.kind !== 'ok' || !outcome.result.granted) continue;
    known.add(`${outcome.result.token} ${call.client}`);
    owned.add(outcome.result.token);
  }
  const unknown = requests.filter(({ outcome }) => outcome.kind === 'unknown');
  const violations: Violation[] = [];
  let isAmbiguous = false;
  const sights = grouped(sightsOf(operations), ({ client, token }) => `${token} ${client}`);
  for (const [key, [first]] of [...sights].sort((a, b) => tokenIn(a[0]) - tokenIn(b[0]))) {
    if (first === undefined || known.has(key)) continue;
    const fitting = unknown.filter(
      (request) =>
        request.call.client === first.client &&
        request.invokedAt <= first.at &&
        !tokens.has(request) &&
        request.call.permits >= (first.count ?? 1),
    );
    const [chosen] = fitting;
    if (chosen !== undefined) tokens.set(chosen, { token: first.token, at: first.at });
    // If another client was granted that token, the search says better what is wrong.
    else if (!owned.has(first.token)) violations.push(phantom(name, first));
    if (new Set(fitting.map(({ call }) => `${call.mode} ${call.permits}`)).size > 1) isAmbiguous = true;
  }
  return { tokens, violations, isAmbiguous };
}

const tokenIn = (key: string): number => Number.parseInt(key, 10);

const phantom = (name: string, { client, token, by }: Sight): Violation => ({
  rule: 'phantom-holder',
  lock: name,
  text: `${client} was seen with token ${token}, but no request of it can have been granted that`,
  window: [wordsOf(by)],
});

/** Who was seen with which token, the earliest first. */
function sightsOf(operations: readonly Operation[]): readonly Sight[] {
  const sights = operations.flatMap((by): readonly Sight[] => {
    if (by.outcome.kind !== 'ok') return [];
    const { at } = by.outcome;
    switch (by.f) {
      case 'holder':
        return by.outcome.result.holders.map(({ client, token, count }) => ({ client, token, count, at, by }));
      case 'release':
        if (!by.outcome.result.released) return [];
        return [{ client: by.call.client, token: by.call.token, count: by.call.permits, at, by }];
      case 'validate':
        if (!by.outcome.result.held) return [];
        return [{ client: by.call.client, token: by.call.token, count: undefined, at, by }];
      default:
        return [];
    }
  });
  return [...sights].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}
