import type { Binding, Request } from './bindings.ts';
import { type Holder, type LockSettings, type Operation, only } from './history.ts';
import type { Lifetimes } from './lifetimes.ts';
import type { Want } from './model.ts';

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
}

/** What is known of one lock besides its operations. */
export interface Circumstances {
  readonly settings: LockSettings;
  readonly lifetimes: Lifetimes;
  readonly isFleeting: boolean;
  readonly binding: Binding;
}

export function planOf(operations: readonly Operation[], around: Circumstances): Plan {
  const { settings, isFleeting, binding } = around;
  const origin = operations[0]?.invokedAt ?? 0n;
  const ns = (at: bigint): number => Number(at - origin);
  const musts = operations.flatMap((operation) => mustsOf(operation, { operations, settings, ns }));
  for (const [request, { token, at }] of binding) {
    const step: Step = { kind: 'grant', ...wantOf(request), token, isLoose: true };
    musts.push({ step, from: ns(request.invokedAt), until: ns(at), operation: request });
  }
  const unknown = operations.filter(({ outcome }) => outcome.kind === 'unknown');
  const ghosts = only(unknown, 'acquire', 'tryAcquire').flatMap((operation): readonly Placed<Want>[] =>
    binding.has(operation)
      ? []
      : [{ step: wantOf(operation), from: ns(operation.invokedAt), until: Number.POSITIVE_INFINITY, operation }],
  );
  const deaths = deathsOf(operations, around, ns);
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
