import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

const living: Set<ChildProcess> = new Set();

/** From here on `child` ends with this process at the latest, however that ends. */
export function adopt(child: ChildProcess): void {
  living.add(child);
  child.once('exit', () => living.delete(child));
}

/** SIGKILL; resolves when the process is gone. */
export async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** Makes every way out of this process take its children along, and then `tidyUp`. Call once, before the first child. */
export function dieTogether(tidyUp: () => void): void {
  process.once('exit', () => {
    for (const child of living) child.kill('SIGKILL');
    tidyUp();
  });
  // Without a listener these end the process without its exit handlers.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));
}
