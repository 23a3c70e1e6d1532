import { z } from 'zod';
import type { Hold } from '../../src/hold.ts';
import type { Part } from '../../src/table/index.ts';
import type { Command, Plot } from './commands.ts';
import type { Holder, MetaToWrite } from './index.ts';
import { modeOf } from './recorded.ts';
import { clientOf } from './recording-gateway.ts';

/** By how much the clocks of a world differ. */
export const rateSpread = 0.04;

/** Once faults are over: some elections, and the TTL of sessions that nobody closed. */
export const servedWithinMs = 30_000;

/** How many permits the semaphore of a world has at first. */
export const permitsInAll = 3;

const settingsOf = {
  rw: { kind: 'rw', fair: true, read_tokens: 'unique' },
  semaphore: { kind: 'semaphore', permits: permitsInAll, fair: true },
} as const;

const partOf = (kind: 'rw' | 'semaphore', how: number): Part =>
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

/** What befalls nodes, and ends. */
export const faults = ['kill', 'restart', 'isolate', 'pause', 'resume', 'cut', 'heal', 'slow-disk'] as const;

export const isCure = (kind: (typeof faults)[number]): boolean =>
  kind === 'restart' || kind === 'resume' || kind === 'heal';

/** What is asked of these locks. Undefined: the exclusive lock of that name, in a world without owners. */
export function partsIn(
  { kind, isMixed }: Plot,
  locks: readonly number[],
  { how, limit }: { readonly how: number; readonly limit: number },
): readonly Part[] | undefined {
  if (isMixed !== true) return kind !== undefined && locks[0] === 1 ? [partOf(kind, how)] : undefined;
  return locks.map((lock) => {
    if (lock === 1) return { name: 'lock-1', mode: (['R', 'U', 'W', 'U'] as const)[how % 4] ?? 'R', ...plain };
    if (lock !== 2) return { name: `lock-${lock}`, mode: 'X', ...plain };
    // Not everybody knows of the last change.
    const believed = how % 5 === 0 ? permitsInAll : limit;
    return { name: 'lock-2', mode: 'S', permits: 1 + (how % believed), limit: believed };
  });
}

/** Changes the mode of one of these holds, if any can be changed so. */
export function convertOne(
  holds: readonly Hold[],
  command: Extract<Command, { readonly kind: 'upgrade' | 'downgrade' }>,
  ttlMs: number,
): void {
  const held = holds.filter((hold) => hold.name === 'lock-1' && hold.isHeld);
  if (command.kind === 'upgrade') {
    const able = held.filter(({ mode, isConverting }) => mode === 'U' && !isConverting);
    const { waits, limitMs } = command;
    able[command.which % Math.max(1, able.length)]?.convert({ to: 'W', waits, limitMs }, () => {});
    return;
  }
  const { to } = command;
  const able = held.filter(({ mode }) => mode === 'W' || (mode === 'U' && to === 'R'));
  able[command.which % Math.max(1, able.length)]?.convert({ to, limitMs: ttlMs }, () => {});
}

/** The first line of its history. */
export const metaOf = ({ ttlMs, kind, isMixed }: Plot, rateSpread: number): MetaToWrite => ({
  sessions: 'strict',
  ttl_ms: ttlMs,
  // A leader's clock may run faster than that of the history.
  ttl_slack_ms: ttlMs * rateSpread,
  tokens: 'global',
  default: { kind: 'mutex' },
  ...(kind === undefined ? {} : { locks: { 'lock-1': settingsOf[kind] } }),
  ...(isMixed === true ? { locks: { 'lock-1': settingsOf.rw, 'lock-2': settingsOf.semaphore } } : {}),
});
