import type { AcquireAll, Answer, Cancel, Mode, Part, SessionRequest } from '../../src/table/index.ts';
import type { CallToWrite, Mode as ModeToWrite, PartToWrite, ResultToWrite } from './index.ts';

/** What the workloads of recorded runs ask: a history knows of nothing else. */
export type RecordedRequest = Exclude<SessionRequest, { readonly kind: (typeof unrecorded)[number] }>;

const unrecorded = [
  ...(['begun', 'proclaim', 'guarded'] as const),
  ...(['force-release', 'end-session', 'request-revoke', 'steal', 'take-over'] as const),
] as const;

export function recordedOf(request: SessionRequest): RecordedRequest {
  if (isRecorded(request)) return request;
  throw new Error(`a recorded run asks for what no history tells: ${request.kind}`);
}

const isRecorded = (request: SessionRequest): request is RecordedRequest =>
  !unrecorded.some((kind) => kind === request.kind);

/** How a history says what a session asks. */
export function callOf(request: Exclude<RecordedRequest, Cancel>, client: string): CallToWrite {
  switch (request.kind) {
    case 'acquire':
      return { f: request.waits ? 'acquire' : 'tryAcquire', name: request.name, client };
    case 'acquire-all':
      return acquireOf(request, client);
    case 'upgrade':
      return { f: 'upgrade', name: request.name, client, token: request.token };
    case 'downgrade':
      return {
        ...{ f: 'downgrade', name: request.name, client, token: request.token },
        to: request.to === 'U' ? 'u' : 'r',
      };
    case 'limit':
      return { f: 'setLimit', name: request.name, client, permits: request.limit };
    case 'release':
      return { f: 'release', name: request.name, client, token: request.token };
    default:
      return request satisfies never;
  }
}

/** How a history says what came of it; undefined where that is not known. */
export function resultOf(request: RecordedRequest, answer: Answer): ResultToWrite | undefined {
  switch (request.kind) {
    case 'acquire':
    case 'acquire-all':
    case 'upgrade':
      return grantingOf(answer);
    case 'downgrade':
    case 'limit':
      return doneBy(answer);
    case 'release':
      return releaseOf(answer);
    case 'cancel':
      return undefined;
    default:
      return request satisfies never;
  }
}

/** How histories call a mode; `w` of all but reader-writer locks. */
export const modeOf = (mode: Mode): ModeToWrite => (mode === 'R' ? 'r' : mode === 'U' ? 'u' : 'w');

function acquireOf({ parts, waits, owner, reenters }: AcquireAll, client: string): CallToWrite {
  const asker = owner === undefined ? { client } : { client, owner };
  const [part, ...others] = parts.map(partOf);
  if (part === undefined || others.length > 0) {
    return { f: waits ? 'acquireAll' : 'tryAcquireAll', ...asker, parts: parts.map(partOf) };
  }
  return { f: waits ? 'acquire' : 'tryAcquire', ...asker, ...part, ...(reenters ? { reenters } : {}) };
}

function partOf({ name, mode, permits, limit }: Part): PartToWrite {
  if (mode === 'S') return { name, permits, limit };
  return mode === 'X' ? { name } : { name, mode: modeOf(mode) };
}

function grantingOf(answer: Answer): ResultToWrite | undefined {
  switch (answer.kind) {
    case 'granted':
      return { granted: true, token: answer.token };
    case 'busy':
      return { granted: false, reason: 'held' };
    case 'cancelled':
      return { granted: false, reason: 'cancelled' };
    case 'limit-exceeded':
      return { granted: false, reason: 'limit' };
    case 'session-expired':
      return { granted: false, reason: 'session' };
    case 'not-held':
      return { granted: false, reason: 'gone' };
    case 'wrong-mode':
      return { granted: false, reason: 'mode' };
    case 'deadlock':
      return { granted: false, reason: 'deadlock', cycle: answer.cycle };
    case 'semaphore-limit':
      return { granted: false, reason: 'wrong-limit', limit: answer.limit };
    default:
      return undefined;
  }
}

function doneBy(answer: Answer): ResultToWrite | undefined {
  switch (answer.kind) {
    case 'downgraded':
    case 'limit-changed':
      return { done: true };
    case 'not-held':
      return { done: false, reason: 'gone' };
    case 'wrong-mode':
      return { done: false, reason: 'mode' };
    case 'session-expired':
      return { done: false, reason: 'session' };
    default:
      return undefined;
  }
}

function releaseOf(answer: Answer): ResultToWrite | undefined {
  switch (answer.kind) {
    case 'released':
      return { released: true };
    case 'not-held':
      return { released: false };
    case 'session-expired':
      return { released: false, reason: 'session' };
    default:
      return undefined;
  }
}
