import { setTimeout as pause } from 'node:timers/promises';

/** What `performance.now` is behind the host's monotonic clock in this process. */
const offsetMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** Milliseconds of the host's monotonic clock, the same in all processes of one machine. */
export const nowMs = (): number => performance.now() + offsetMs;

export async function sleepUntil(atMs: number): Promise<void> {
  const leftMs = atMs - nowMs();
  if (leftMs > 0) await pause(leftMs);
}

/** The first answer of `look` that is neither undefined nor false; an error after `patienceMs`. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  patienceMs = 30_000,
): Promise<T> {
  const giveUpAt = nowMs() + patienceMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (nowMs() > giveUpAt) throw new Error(`waited ${patienceMs} ms in vain for ${what}`);
    await pause(5);
  }
}
