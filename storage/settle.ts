import { translated } from './database.ts';
import type { Done, Outcome } from './store.ts';

/** Tells `done` how `work` at `path` ended. What `done` throws is the caller's bug and goes unhandled on purpose. */
export function settle<T>(work: Promise<T>, path: string, done: Done<T>): void {
  void outcomeOf(work, path).then(done);
}

async function outcomeOf<T>(work: Promise<T>, path: string): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work };
  } catch (error) {
    return { ok: false, error: translated(error, path) };
  }
}

/** Runs all of `closings` in order, whatever becomes of the others; rejects with the first error. */
export async function closeAll(closings: readonly (() => Promise<void> | undefined)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const close of closings) {
    try {
      await close();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}
