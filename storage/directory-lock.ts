import { rm, stat } from 'node:fs/promises';
import type { Layout } from './data-directory.ts';
import { type Database, defaultDatabaseOptions, openDatabase, translated } from './database.ts';
import { StorageError } from './errors.ts';

/** A data directory that is this process's until `close`. */
export interface DirectoryLock {
  close(): Promise<void>;
}

declare global {
  /** Directories that this process has open, by device and inode; shared by all copies of this package in it. */
  var __holdfastOpenDirectories: Set<string> | undefined;
}

/**
 * Takes the directory for this process: an empty LevelDB of its own, whose lock the kernel drops with the process.
 * The log's own lock would come too late: the log must be judged before LevelDB opens it, and nobody may write then.
 * That lock is of the kind that a process loses when it closes *any* descriptor of the file, as LevelDB does when it
 * refuses a second open. So whoever is in this process already is found before LevelDB is asked, whatever the path says.
 */
export async function lockDirectory(layout: Layout): Promise<DirectoryLock> {
  const { dev, ino } = await stat(layout.root, { bigint: true });
  const key = `${dev}:${ino}`;
  globalThis.__holdfastOpenDirectories ??= new Set();
  const open = globalThis.__holdfastOpenDirectories;
  if (open.has(key)) throw inUse(layout, 'this process already');
  open.add(key);
  try {
    const database = await openLock(layout);
    return { close: () => database.close().finally(() => open.delete(key)) };
  } catch (error) {
    open.delete(key);
    throw translated(error, layout.root);
  }
}

async function openLock(layout: Layout): Promise<Database> {
  const options = { ...defaultDatabaseOptions, create: true };
  try {
    return await openDatabase(layout.lock, options);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    if (error.code === 'DATA_DIR_IN_USE') throw inUse(layout, 'another process', error);
    if (error.code !== 'CORRUPT_STORAGE') throw error;
    // Nothing is ever written to it, so whatever is wrong with it says nothing about the data.
    await rm(layout.lock, { recursive: true, force: true });
    return openDatabase(layout.lock, options);
  }
}

function inUse(layout: Layout, by: string, cause?: unknown): StorageError {
  const message = `${layout.root} is in use by ${by}: stop it, or give each node a directory of its own`;
  return new StorageError('DATA_DIR_IN_USE', message, cause);
}
