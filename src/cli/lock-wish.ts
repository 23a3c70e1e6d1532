import {
  CompositeHandle,
  type HoldfastClient,
  type LockHandle,
  type LockRequest,
  type SemaphoreOptions,
} from '../index.ts';
import { usageFailure } from './exit-codes.ts';

/** As which kind of lock the names are meant, and for whom. */
export interface KindFlags {
  /** The read side of reader-writer locks, */
  readonly shared?: boolean;
  /** or their write side, */
  readonly write?: boolean;
  /** or semaphores with so many permits in all; without any of these, exclusive locks. */
  readonly semaphore?: number;
  /** Of each semaphore; absent: 1. */
  readonly permits?: number;
  readonly owner?: string;
}

/** What `holdfast lock` holds: one lock, or several as one. */
export type Held = LockHandle | CompositeHandle;

/** The locks of which it consists. */
export const locksOf = (held: Held): readonly LockHandle[] => (held instanceof CompositeHandle ? held.parts : [held]);

/** For people: `lock "a" (token 7)`; the loss of one of several is the loss of all. */
export function shown(held: Held): string {
  const locks = locksOf(held).map(({ name, fencingToken }) => `${JSON.stringify(name)} (token ${fencingToken})`);
  return `${locks.length > 1 ? 'one of the locks' : 'lock'} ${locks.join(', ')}`;
}

/**
 * The names before `--` and the command after it, out of all words; commander tells them no apart. Without `--`, the
 * first word is the name.
 */
export function splitWords(
  words: readonly string[],
  argv: readonly string[],
): { readonly names: readonly [string, ...string[]]; readonly command: readonly [string, ...string[]] } {
  const dashes = argv.indexOf('--');
  const at = dashes === -1 ? 1 : words.length - (argv.length - dashes - 1);
  const [name, ...names] = words.slice(0, Math.max(0, at));
  const [command, ...args] = words.slice(Math.max(0, at));
  if (name === undefined) throw usageFailure('expected the name of a lock before --');
  if (command === undefined) throw usageFailure('expected a command after --');
  return { names: [name, ...names], command: [command, ...args] };
}

/** Acquires one lock as what it is, and several in one step, all or none. */
export async function acquireAs(
  client: HoldfastClient,
  [name, ...others]: readonly [string, ...string[]],
  { kind, options }: { readonly kind: KindFlags; readonly options: SemaphoreOptions },
): Promise<Held> {
  if (others.length > 0) {
    const requests = [name, ...others].map((each) => requestFor(client, each, kind));
    return await client.acquireAll(requests, options);
  }
  if (kind.semaphore !== undefined) {
    return await client.acquireSemaphore(name, kind.semaphore, { ...options, permits: kind.permits ?? 1 });
  }
  if (kind.shared === true) return await client.acquireReadLock(name, options);
  if (kind.write === true) return await client.acquireWriteLock(name, options);
  return await client.acquireLock(name, options);
}

function requestFor(client: HoldfastClient, name: string, kind: KindFlags): LockRequest {
  if (kind.semaphore !== undefined) {
    return { semaphore: client.createSemaphore(name, kind.semaphore), permits: kind.permits ?? 1 };
  }
  if (kind.shared === true) return { lock: name, mode: 'read' };
  return kind.write === true ? { lock: name, mode: 'write' } : { lock: name };
}
