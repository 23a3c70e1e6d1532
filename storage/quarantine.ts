import { copyFile, mkdir, readdir, readFile, rename, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import {
  exists,
  isMissing,
  type Layout,
  layoutOf,
  prepareDirectory,
  replaceFile,
  syncDirectory,
  tableNumbers,
} from './data-directory.ts';
import { translated } from './database.ts';
import { lockDirectory } from './directory-lock.ts';
import { StorageError } from './errors.ts';
import type { Done } from './store.ts';

/** Evidence above this stays only where it was found. */
const evidenceBytesMax = 64 * 1024 * 1024;

/** Why this node was quarantined earlier, if it was. A verdict holds until the directory is reset. */
export async function readVerdict(layout: Layout): Promise<string | undefined> {
  try {
    const verdict: unknown = JSON.parse(await readFile(layout.verdict, 'utf8'));
    if (typeof verdict === 'object' && verdict !== null && 'reason' in verdict) return String(verdict.reason);
  } catch (error) {
    if (isMissing(error)) return undefined;
    // An unreadable verdict is one all the same.
    if (!(error instanceof SyntaxError)) throw error;
  }
  return 'this node was quarantined earlier, for a reason that can no longer be read';
}

/** Records, durably, that this node must not vote or answer any more. The data itself stays untouched. */
export async function passVerdict(layout: Layout, reason: string): Promise<void> {
  await mkdir(layout.quarantine, { recursive: true, mode: 0o700 });
  await replaceFile(layout.verdict, `${JSON.stringify({ reason }, null, 2)}\n`);
}

/** Copies what LevelDB would rewrite at its next open, as far as it is small; the tables stay. Says where to. */
export async function copyEvidence(layout: Layout, database: string): Promise<string> {
  await mkdir(layout.quarantine, { recursive: true, mode: 0o700 });
  const copy = await freshDirectory(layout, `evidence-${basename(database)}`);
  let bytes = 0;
  for (const name of await readdir(database)) {
    // Opening and closing LevelDB's LOCK in this process would drop the lock.
    if (!/^(CURRENT|MANIFEST-\d+|\d+\.log|LOG|LOG\.old)$/.test(name)) continue;
    const found = await stat(join(database, name));
    bytes += found.size;
    if (found.isFile() && bytes <= evidenceBytesMax) await copyFile(join(database, name), join(copy, name));
  }
  return copy;
}

/** Moves `paths` into a new directory under `quarantine/`, durably; those that are not there are left out. */
export async function moveAside(layout: Layout, name: string, paths: readonly string[]): Promise<void> {
  await mkdir(layout.quarantine, { recursive: true, mode: 0o700 });
  const aside = await freshDirectory(layout, name);
  for (const path of paths) {
    if (await exists(path)) await rename(path, join(aside, basename(path)));
  }
  await syncDirectory(aside);
  await syncDirectory(layout.quarantine);
  await syncDirectory(layout.root);
}

async function freshDirectory(layout: Layout, name: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const path = join(layout.quarantine, `${name}-${number}`);
    if (await exists(path)) continue;
    await mkdir(path, { mode: 0o700 });
    return path;
  }
}

/**
 * Makes a data directory blank again, for the replacement of its member: the next open gives it a new incarnation.
 * What it held is moved to `quarantine/reset-N`, not deleted. Fails with `DATA_DIR_IN_USE` while a node runs on it.
 * Fails with `DATA_DIR_UNSAFE`, and makes nothing, where no node ever was. After a crash midway the node still refuses
 * to serve, and this may be called again.
 */
export function resetDataDir(dataDir: string, done: Done): void {
  reset(layoutOf(dataDir)).then(
    () => done({ ok: true, value: undefined }),
    (error: unknown) => done({ ok: false, error: translated(error, dataDir) }),
  );
}

async function reset(layout: Layout): Promise<void> {
  await refuseStrangers(layout);
  await prepareDirectory(layout);
  const lock = await lockDirectory(layout);
  try {
    const tables = (await tableNumbers(layout)).map((number) => layout.table(number));
    // The identity goes last: until then it vouches that the directory was no blank one.
    const parts = [layout.log, ...tables, ...layout.watermarks, layout.verdict, layout.identity];
    if ((await Promise.all(parts.map(exists))).includes(true)) await moveAside(layout, 'reset', parts);
  } finally {
    await lock.close();
  }
}

/**
 * A typing error in the path must not look like a wiped node, nor move away what is not ours. Whatever a node entered
 * holds the database that locks it; a `log` or a `lock` alone is in /var too.
 */
async function refuseStrangers(layout: Layout): Promise<void> {
  const traces = [layout.identity, ...layout.watermarks, layout.verdict, join(layout.lock, 'CURRENT')];
  if ((await Promise.all(traces.map(exists))).includes(true)) return;
  throw new StorageError('DATA_DIR_UNSAFE', `${layout.root} holds no data of a node: look at the path`);
}
