import type { CycleStep, Operation } from './history.ts';
import { cycleOf, grantsOf, mayHaveWaited, ownerOf, partsOf, type Request, requestsIn } from './requests.ts';
import type { Violation } from './verdict.ts';
import { wordsOf } from './words.ts';

/** One wait of a circle, as far as the calls tell. */
export interface Wait {
  readonly lock: string;
  /** Whom it waits for; null: a request without an owner. */
  readonly next: string | null;
  /** The next one may have stood in the queue of that lock; otherwise he must have held it. */
  readonly mayAwait: boolean;
}

/** The waits that a request was refused for: each must have been one at the same moment of the call. */
export type Circle = readonly Wait[];

/** The circle of each request that was refused for one. */
export function circlesOf(operations: readonly Operation[]): (request: Request) => Circle | undefined {
  const waiting = waitingIn(operations);
  return (request) => {
    const cycle = cycleOf(request);
    return cycle?.map(({ lock }, at) => {
      const next = (cycle[at + 1] ?? cycle[0])?.owner ?? null;
      return { lock, next, mayAwait: waiting({ owner: next, lock }, request) };
    });
  };
}

/**
 * What needs no search: a circle is told only to a request of an owner, or to an upgrade; it begins with that request, at
 * a lock that it is for; and each other owner in it had asked for the lock at which he is said to wait.
 */
export function circleViolations(operations: readonly Operation[]): readonly Violation[] {
  const waiting = waitingIn(operations);
  return requestsIn(operations).flatMap((request): readonly Violation[] => {
    const cycle = cycleOf(request);
    if (cycle === undefined) return [];
    const fault = faultOf(request, cycle, waiting);
    if (fault === undefined) return [];
    return [{ rule: 'deadlock', lock: cycle[0]?.lock, text: fault, window: [wordsOf(request)] }];
  });
}

type Waiting = (step: CycleStep, request: Request) => boolean;

function faultOf(request: Request, cycle: readonly CycleStep[], waiting: Waiting): string | undefined {
  const [first, ...others] = cycle;
  const owner = ownerOf(request);
  if (request.f !== 'upgrade' && owner === undefined) return 'a request without an owner cannot wait for itself';
  const isItself = request.f === 'upgrade' || first?.owner === owner;
  if (!isItself || !partsOf(request).some(({ name }) => name === first?.lock)) {
    return 'the circle does not begin with the request that it is told to';
  }
  const idle = others.find((step) => !waiting(step, request));
  if (idle === undefined) return undefined;
  return `${idle.owner ?? 'somebody without an owner'} is said to wait for ${idle.lock}, but had not asked for it`;
}

/** Whether that party may have stood in the queue of that lock during a request of somebody. */
function waitingIn(operations: readonly Operation[]): Waiting {
  const requests = requestsIn(operations);
  const owners = new Map(grantsOf(operations).map(({ name, token, owner }) => [`${token} ${name}`, owner]));
  const partyOf = (request: Request): string | null =>
    (request.f === 'upgrade' ? owners.get(`${request.call.token} ${request.call.name}`) : ownerOf(request)) ?? null;
  return ({ owner, lock }, request) => {
    if (request.outcome.kind !== 'ok') return false;
    const during = { from: request.invokedAt, until: request.outcome.at };
    return requests.some(
      (other) =>
        other !== request &&
        mayHaveWaited(other, during) &&
        partyOf(other) === owner &&
        partsOf(other).some(({ name }) => name === lock),
    );
  };
}
