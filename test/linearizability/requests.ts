import { type CycleStep, type Mode, type Operation, only, type Part } from './history.ts';

/** Asks for one lock, or for several at once. */
export type Acquire = Extract<Operation, { readonly f: 'acquire' | 'tryAcquire' | 'acquireAll' | 'tryAcquireAll' }>;

/** Whatever may be answered with a token. */
export type Request = Acquire | Extract<Operation, { readonly f: 'upgrade' }>;

/** One lock that a request was granted. */
export interface Grant {
  readonly name: string;
  readonly client: string;
  readonly owner: string | undefined;
  readonly reenters: boolean;
  readonly token: number;
  readonly mode: Mode;
  readonly permits: number;
  readonly from: bigint;
  readonly at: bigint;
  readonly request: Request;
}

export const acquiresIn = (operations: readonly Operation[]): readonly Acquire[] =>
  only(operations, 'acquire', 'tryAcquire', 'acquireAll', 'tryAcquireAll');

export const requestsIn = (operations: readonly Operation[]): readonly Request[] =>
  only(operations, 'acquire', 'tryAcquire', 'acquireAll', 'tryAcquireAll', 'upgrade');

/** What is wanted of which lock; an upgrade wants to write. */
export function partsOf(request: Request): readonly Part[] {
  if (request.f === 'upgrade') return [{ name: request.call.name, mode: 'w', permits: 1 }];
  return 'parts' in request.call ? request.call.parts : [request.call];
}

/** Absent: it is a party of its own. An upgrade has the owner of its hold, which the history may know. */
export const ownerOf = (request: Request): string | undefined =>
  request.f === 'upgrade' ? undefined : request.call.owner;

export const reenters = ({ call }: Request): boolean => 'reenters' in call && call.reenters === true;

export const waits = ({ f }: Request): boolean => f === 'acquire' || f === 'acquireAll' || f === 'upgrade';

export function tokenOf({ outcome }: Request): number | undefined {
  return outcome.kind === 'ok' && outcome.result.granted ? outcome.result.token : undefined;
}

/** The circle that a request was refused for. */
export function cycleOf({ outcome }: Request): readonly CycleStep[] | undefined {
  if (outcome.kind !== 'ok' || outcome.result.granted || outcome.result.reason !== 'deadlock') return undefined;
  return outcome.result.cycle;
}

/** All grants that are known, lock by lock, in the order of their requests. */
export const grantsOf = (operations: readonly Operation[]): readonly Grant[] =>
  requestsIn(operations).flatMap((request) => {
    const { call, outcome, invokedAt: from } = request;
    const token = tokenOf(request);
    if (outcome.kind !== 'ok' || token === undefined) return [];
    const common = { client: call.client, owner: ownerOf(request), reenters: reenters(request), from, at: outcome.at };
    return partsOf(request).map(({ name, mode, permits }, at) => ({
      ...common,
      ...{ name, mode, permits, token: token + at, request },
    }));
  });

/** Whether a request may have stood in a queue at some moment of another call. */
export const mayHaveWaited = (request: Request, during: { readonly from: bigint; readonly until: bigint }): boolean =>
  waits(request) &&
  request.outcome.kind !== 'fail' &&
  request.invokedAt <= during.until &&
  !(request.outcome.kind === 'ok' && request.outcome.at < during.from);
