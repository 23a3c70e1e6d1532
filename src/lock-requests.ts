import { KindMismatchError, outOfRange, SemaphoreLimitError, wrongType } from './errors.ts';
import { DistributedLock } from './lock.ts';
import { checkName } from './names.ts';
import type { ReaderWriterMode } from './reader-writer-handle.ts';
import { DistributedReaderWriterLock } from './reader-writer-lock.ts';
import { checkPermits, DistributedSemaphore } from './semaphore.ts';
import { kindOf, partsMax } from './server/index.ts';
import type { Mode, Part } from './table/index.ts';

/** One of several locks that are wanted together. */
export type LockRequest =
  /** An exclusive lock, or the name of one. */
  | { readonly lock: DistributedLock | string; readonly mode?: undefined }
  /** A reader-writer lock, or the name of one, and how it is wanted. */
  | { readonly lock: DistributedReaderWriterLock | string; readonly mode: ReaderWriterMode }
  /** Permits of a semaphore; 1 when absent. */
  | { readonly semaphore: DistributedSemaphore; readonly permits?: number | undefined };

const modes: ReadonlyMap<unknown, Mode> = new Map([
  ['read', 'R'],
  ['upgradeable', 'U'],
  ['write', 'W'],
]);

/**
 * What is wanted of each name, in the order in which the names came. Duplicates are merged: the strongest mode counts, and
 * permits are added up. A TypeError, RangeError or `InvalidNameError` for what is no list of 1 to 64 such requests, a
 * `KindMismatchError` or `SemaphoreLimitError` when one name is wanted as two things.
 */
export function partsOf(requests: readonly LockRequest[]): readonly Part[] {
  if (!Array.isArray(requests)) throw wrongType('acquireAll takes a list of locks');
  if (requests.length === 0) throw outOfRange('acquireAll takes at least one lock, not an empty list');
  const parts = new Map<string, Part>();
  for (const request of requests) {
    const part = partOf(request);
    const before = parts.get(part.name);
    parts.set(part.name, before === undefined ? part : merged(before, part));
  }
  if (parts.size > partsMax) throw outOfRange(`acquireAll takes at most ${partsMax} locks, not ${parts.size}`);
  return [...parts.values()];
}

function partOf(request: LockRequest): Part {
  if (typeof request !== 'object' || request === null) throw wrongType('each lock of acquireAll must be an object');
  for (const key of Object.keys(request)) {
    if (!['lock', 'mode', 'semaphore', 'permits'].includes(key)) {
      throw wrongType(`unknown key ${JSON.stringify(key)}; a request has lock and mode, or semaphore and permits`);
    }
  }
  if ('semaphore' in request) return permitsOf(request);
  const { lock, mode } = request;
  const isReaderWriter =
    lock instanceof DistributedReaderWriterLock || (typeof lock === 'string' && mode !== undefined);
  if (!isReaderWriter && !(lock instanceof DistributedLock) && typeof lock !== 'string') {
    throw wrongType('lock must be a lock of this package, or a name');
  }
  const name = typeof lock === 'string' ? checkName(lock) : lock.name;
  if (!isReaderWriter && mode === undefined) return { name, mode: 'X', permits: 1, limit: 0 };
  const wanted = modes.get(mode);
  if (wanted !== undefined && isReaderWriter) return { name, mode: wanted, permits: 1, limit: 0 };
  throw wrongType(
    `mode must be "read", "upgradeable" or "write" of a reader-writer lock, and absent of an exclusive one`,
  );
}

function permitsOf(request: Extract<LockRequest, { readonly semaphore: unknown }>): Part {
  const { semaphore, permits = 1 } = request;
  if (!(semaphore instanceof DistributedSemaphore) || 'lock' in request || 'mode' in request) {
    throw wrongType('semaphore must be a semaphore of this package, with permits or nothing beside it');
  }
  return { name: semaphore.name, mode: 'S', permits: checkPermits(permits, semaphore), limit: semaphore.maxCount };
}

const strength: readonly Mode[] = ['R', 'U', 'W'];

function merged(one: Part, other: Part): Part {
  const [wanted, actual] = [kindOf(other.mode), kindOf(one.mode)];
  const shown = JSON.stringify(one.name);
  if (wanted !== actual) {
    throw new KindMismatchError(`${shown} is asked for as ${actual} and as ${wanted} in one call`, { wanted, actual });
  }
  if (one.limit !== other.limit) {
    const text = `semaphore ${shown} is asked for with ${one.limit} and with ${other.limit} permits in all in one call`;
    throw new SemaphoreLimitError(text, { wanted: other.limit, actual: one.limit });
  }
  if (one.mode === 'S') {
    const permits = checkPermits(one.permits + other.permits, { name: one.name, maxCount: one.limit });
    return { ...one, permits };
  }
  return strength.indexOf(other.mode) > strength.indexOf(one.mode) ? other : one;
}
