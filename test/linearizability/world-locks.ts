import { z } from 'zod';
import type { Part } from '../../src/table/index.ts';
import type { Holder } from './index.ts';
import { modeOf } from './recorded.ts';
import { clientOf } from './recording-gateway.ts';

/** How many permits the semaphore of a world has at first. */
export const permitsInAll = 3;

/** What a history says of the locks that are not exclusive. */
export const settingsOf = {
  rw: { kind: 'rw', fair: true, read_tokens: 'unique' },
  semaphore: { kind: 'semaphore', permits: permitsInAll, fair: true },
} as const;

export const partOf = (kind: 'rw' | 'semaphore', how: number): Part =>
  kind === 'semaphore'
    ? { name: 'lock-1', mode: 'S', permits: 1 + (how % permitsInAll), limit: permitsInAll }
    : { name: 'lock-1', mode: how % 3 === 0 ? 'W' : 'R', permits: 1, limit: 0 };

/** Of locks without permits. */
export const plain = { permits: 1, limit: 0 } as const;

export const ownerOf = (owner: number | undefined): string | undefined =>
  owner === undefined ? undefined : ['ann', 'bob', 'cid'][owner % 3];

/** Who holds a lock by the answer to `inspect`, and how many permits it has. */
export function seenIn(value: unknown): { readonly holders: readonly Holder[]; readonly limit?: number } {
  const view = inspected.parse(value);
  const holders = (view?.holders ?? []).map(({ session, token, mode, permits, entries }) => ({
    ...{ client: clientOf(session), token, mode: modeOf(mode) },
    count: mode === 'S' ? permits : entries,
  }));
  return typeof view?.limit === 'number' ? { holders, limit: view.limit } : { holders };
}

const holder = {
  session: z.number(),
  token: z.number(),
  mode: z.enum(['X', 'R', 'U', 'W', 'S']),
  permits: z.number(),
  entries: z.number(),
};
const inspected = z.object({ holders: z.array(z.object(holder)), limit: z.number().nullable() }).nullable();
