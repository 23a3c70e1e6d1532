import type { GroupSettings } from './group.ts';
import type { Operation } from './history.ts';
import type { Want } from './model.ts';
import { mayHaveWaited, partsOf, type Request, requestsIn, waits } from './requests.ts';

/**
 * Who else may have stood in the queue of a lock: nobody, somebody who wants it alone, or somebody who waits for
 * another lock besides, so that this one need not be held at all.
 */
export type Crowd = 'none' | 'there' | 'elsewhere';

interface Lines {
  readonly settings: GroupSettings;
  readonly waiters: ReadonlyMap<string, readonly Request[]>;
}

/** Whether a fair lock may have refused a request because somebody else waited at some moment of the call. */
export function crowdAt(
  { name }: Want,
  { request, at }: { readonly request: Request; readonly at: bigint },
  { waiters, settings }: Lines,
): Crowd {
  const { fair, kind } = settings.of(name);
  if (!fair) return 'none';
  let crowd: Crowd = 'none';
  for (const other of waiters.get(name) ?? []) {
    if (other === request || !mayHaveWaited(other, { from: request.invokedAt, until: at })) continue;
    const wanted = partsOf(other).find((part) => part.name === name);
    if (wanted === undefined) continue;
    if ('parts' in other.call && other.call.parts.length > 1) return 'elsewhere';
    if (kind === 'semaphore' || (kind === 'rw' && wanted.mode !== 'r')) crowd = 'there';
  }
  return crowd;
}

/** Requests that may have stood in a queue, by the lock. */
export function waitersIn(operations: readonly Operation[]): ReadonlyMap<string, readonly Request[]> {
  const byName = new Map<string, Request[]>();
  for (const request of requestsIn(operations)) {
    if (!waits(request)) continue;
    for (const { name } of partsOf(request)) {
      const there = byName.get(name);
      if (there === undefined) byName.set(name, [request]);
      else there.push(request);
    }
  }
  return byName;
}
