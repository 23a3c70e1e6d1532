import type { Binding } from './bindings.ts';
import { type Circle, circlesOf } from './circles.ts';
import { type Crowd, crowdAt, waitersIn } from './crowds.ts';
import type { GroupSettings } from './group.ts';
import { type Holder, type Operation, only } from './history.ts';
import type { Lifetimes } from './lifetimes.ts';
import type { Want } from './model.ts';
import { type Acquire, acquiresIn, ownerOf, partsOf, type Request, reenters, waits } from './requests.ts';

interface OfHold {
  readonly name: string;
  readonly client: string;
  readonly token: number;
}

/** Something that may change a hold, or have changed it. */
export type Change =
  | (OfHold & { readonly kind: 'release'; readonly permits: number | undefined })
  | (OfHold & { readonly kind: 'convert'; readonly becomes: number | undefined })
  | (OfHold & { readonly kind: 'weaken'; readonly to: 'u' | 'r' });

/** Something that happens to a lock whoever holds it. */
export type Stroke =
  | { readonly kind: 'clear'; readonly name: string }
  | { readonly kind: 'limit'; readonly name: string; readonly permits: number; readonly doneBy: number };

/** Something that happened to locks, or was seen of them, at one moment. */
export type Step =
  | { readonly kind: 'grant'; readonly wants: readonly Want[]; readonly token: number; readonly isLoose: boolean }
  | { readonly kind: 'refused'; readonly wants: readonly (Want & { readonly crowd: Crowd })[] }
  | Change
  | Stroke
  | (OfHold & { readonly kind: 'absent'; readonly permits: number | undefined })
  | (OfHold & { readonly kind: 'present' })
  /** An upgrade that does not wait was refused: others read. */
  | (OfHold & { readonly kind: 'accompanied' })
  | {
      readonly kind: 'read';
      readonly name: string;
      readonly holders: readonly Holder[];
      readonly limit?: number | undefined;
    }
  | { readonly kind: 'misled'; readonly wants: readonly Want[]; readonly limit: number; readonly isCrowded: boolean }
  | { readonly kind: 'circle'; readonly circle: Circle }
  | { readonly kind: 'death'; readonly client: string };

/** A step and when it may have been, nanoseconds since the beginning. */
export interface Placed<S = Step> {
  readonly step: S;
  readonly from: number;
  /** Infinity where nothing says that it was ever. */
  readonly until: number;
  readonly operation: Operation | undefined;
}

/** A grant that nothing shows. */
export interface Ghost {
  readonly kind: 'ghost';
  readonly wants: readonly Want[];
  readonly client: string;
}

/** The history of the locks of one group as the search sees it. */
export interface Plan {
  readonly settings: GroupSettings;
  /** What certainly happened, by its earliest moment. */
  readonly musts: readonly Placed[];
  /** What may have happened, once or never. */
  readonly changes: readonly Placed<Change>[];
  readonly strokes: readonly Placed<Stroke>[];
  readonly deaths: readonly Placed<Step & { readonly kind: 'death' }>[];
  /** Grants that nothing shows: their tokens are unknown. */
  readonly ghosts: readonly Placed<Ghost>[];
  /** Somebody re-enters what it holds, so that a grant that nothing shows may be one, too. */
  readonly isReentered: boolean;
  /** Holds may end at any moment. */
  readonly isFleeting: boolean;
}

/** What is known of a group besides its operations. */
export interface Circumstances {
  readonly settings: GroupSettings;
  readonly lifetimes: Lifetimes;
  readonly isFleeting: boolean;
  readonly binding: Binding;
}

export function planOf(operations: readonly Operation[], around: Circumstances): Plan {
  const { settings, isFleeting, binding } = around;
  const origin = operations[0]?.invokedAt ?? 0n;
  const frame: Frame = {
    settings,
    waiters: waitersIn(operations),
    circles: circlesOf(operations),
    ns: (at) => Number(at - origin),
  };
  const { ns } = frame;
  const musts = operations.flatMap((operation) => mustsOf(operation, frame));
  for (const [request, { token, at }] of binding) {
    musts.push({
      step: grantStep(request, token, frame),
      from: ns(request.invokedAt),
      until: ns(at),
      operation: request,
    });
  }
  const unknown = operations.filter((operation) => operation.outcome.kind === 'unknown');
  const may = <S>(operation: Operation, step: S): Placed<S> => ({
    step,
    from: ns(operation.invokedAt),
    until: Number.POSITIVE_INFINITY,
    operation,
  });
  const ghosts = acquiresIn(unknown).flatMap((operation) =>
    binding.has(operation)
      ? []
      : [may(operation, { kind: 'ghost' as const, wants: wantsOf(operation, frame), client: operation.call.client })],
  );
  const deaths = deathsOf(operations, around, ns);
  return {
    settings,
    isFleeting,
    ghosts,
    isReentered: acquiresIn(operations).some((request) => isReentry(request, settings)),
    musts: [...musts, ...deaths.filter(({ until }) => until < Number.POSITIVE_INFINITY)].sort(
      (a, b) => a.from - b.from,
    ),
    deaths: deaths.filter(({ until }) => until === Number.POSITIVE_INFINITY),
    changes: [
      ...only(unknown, 'release').map((one) => may(one, { kind: 'release' as const, ...givenOf(one) })),
      ...only(unknown, 'downgrade').map((one) => may(one, weakening(one))),
      ...only(unknown, 'upgrade').flatMap((one) =>
        binding.has(one) ? [] : [may(one, { kind: 'convert' as const, ...holdOf(one), becomes: undefined })],
      ),
    ],
    strokes: [
      ...only(unknown, 'forceRelease').map((one) => may(one, { kind: 'clear' as const, name: one.call.name })),
      ...only(unknown, 'setLimit').map((one) => may(one, limiting(one))),
    ],
  };
}

const isReentry = (request: Acquire, { of }: GroupSettings): boolean =>
  reenters(request) || partsOf(request).some(({ name }) => of(name).reentrant !== 'no');

interface Frame {
  readonly settings: GroupSettings;
  /** Requests that may have stood in a queue, by the lock. */
  readonly waiters: ReadonlyMap<string, readonly Request[]>;
  readonly circles: (request: Request) => Circle | undefined;
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
    case 'tryAcquire':
    case 'acquireAll':
    case 'tryAcquireAll':
    case 'upgrade':
      return answered(operation, frame);
    case 'downgrade': {
      const { done, reason } = operation.outcome.result;
      if (done) return weakening(operation);
      return reason === 'gone' ? { kind: 'absent', ...holdOf(operation), permits: undefined } : undefined;
    }
    case 'setLimit':
      return operation.outcome.result.done ? limiting(operation, frame.ns(operation.outcome.at)) : undefined;
    case 'release': {
      const { released, reason } = operation.outcome.result;
      if (released) return { kind: 'release', ...givenOf(operation) };
      return reason === 'session' ? undefined : { kind: 'absent', ...givenOf(operation) };
    }
    case 'validate': {
      if (operation.outcome.result.held) return { kind: 'present', ...holdOf(operation) };
      return { kind: 'absent', ...holdOf(operation), permits: undefined };
    }
    case 'holder': {
      const { call, outcome } = operation;
      if (call.consistency === 'stale') return undefined;
      return { kind: 'read', name: call.name, holders: outcome.result.holders, limit: outcome.result.limit };
    }
    case 'forceRelease':
      return { kind: 'clear', name: operation.call.name };
    case 'open':
    case 'keepalive':
    case 'close':
    case 'guard':
      return undefined;
    default:
      return operation satisfies never;
  }
}

/** What the answer to a request says of the locks. */
function answered(request: Request, frame: Frame): Step | undefined {
  if (request.outcome.kind !== 'ok') return undefined;
  const { result, at } = request.outcome;
  if (result.granted) return grantStep(request, result.token, frame);
  switch (result.reason) {
    case 'held':
      if (request.f === 'upgrade') return { kind: 'accompanied', ...holdOf(request) };
      return {
        kind: 'refused',
        wants: wantsOf(request, frame).map((want) => ({ ...want, crowd: crowdAt(want, { request, at }, frame) })),
      };
    case 'gone':
      if (request.f !== 'upgrade') return undefined;
      return { kind: 'absent', ...holdOf(request), permits: undefined };
    case 'deadlock': {
      const circle = frame.circles(request);
      return circle === undefined ? undefined : { kind: 'circle', circle };
    }
    case 'wrong-limit': {
      if (request.f === 'upgrade') return undefined;
      const wants = wantsOf(request, frame);
      const isCrowded = wants.some((want) => crowdAt(want, { request, at }, frame) !== 'none');
      return { kind: 'misled', wants, limit: result.limit, isCrowded };
    }
    // The others say that it was not granted, and nothing of the lock.
    case 'timeout':
    case 'cancelled':
    case 'limit':
    case 'session':
    case 'mode':
      return undefined;
    default:
      return result satisfies never;
  }
}

function grantStep(request: Request, token: number, frame: Frame): Step {
  if (request.f === 'upgrade') return { kind: 'convert', ...holdOf(request), becomes: token };
  // Nobody was told of a grant that only a read shows.
  return { kind: 'grant', wants: wantsOf(request, frame), token, isLoose: request.outcome.kind !== 'ok' };
}

const wantsOf = (request: Acquire, { ns }: Pick<Frame, 'ns'>): readonly Want[] =>
  partsOf(request).map(({ name, mode, permits, limit }) => ({
    ...{ name, mode, permits, limit, client: request.call.client },
    ...{ owner: ownerOf(request), reenters: reenters(request), from: ns(request.invokedAt), waits: waits(request) },
  }));

const holdOf = ({
  call: { name, client, token },
}: Extract<Operation, { readonly f: 'release' | 'validate' | 'upgrade' | 'downgrade' }>): OfHold => ({
  name,
  client,
  token,
});

const givenOf = (release: Extract<Operation, { readonly f: 'release' }>) => ({
  ...holdOf(release),
  permits: release.call.permits,
});

const weakening = (downgrade: Extract<Operation, { readonly f: 'downgrade' }>) => ({
  kind: 'weaken' as const,
  ...holdOf(downgrade),
  to: downgrade.call.to,
});

const limiting = ({ call: { name, permits } }: Extract<Operation, { readonly f: 'setLimit' }>, doneBy = Infinity) => ({
  kind: 'limit' as const,
  ...{ name, permits, doneBy },
});

function deathsOf(
  operations: readonly Operation[],
  { lifetimes }: Circumstances,
  ns: (at: bigint) => number,
): readonly Placed<Step & { readonly kind: 'death' }>[] {
  const clients = new Set(acquiresIn(operations).map(({ call }) => call.client));
  return [...clients].flatMap((client) => {
    const { from, until } = lifetimes.of(client);
    if (from === undefined) return [];
    const latest = until === undefined ? Number.POSITIVE_INFINITY : ns(until);
    return [{ step: { kind: 'death', client }, from: ns(from), until: latest, operation: undefined }];
  });
}
