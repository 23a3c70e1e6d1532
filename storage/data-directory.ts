import { randomBytes } from 'node:crypto';
import { chmod, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { translated } from './database.ts';
import { StorageError } from './errors.ts';

/** Where everything stands in a data directory. */
export interface Layout {
  readonly root: string;
  readonly identity: string;
  readonly watermarks: readonly [string, string];
  readonly log: string;
  readonly quarantine: string;
  /** Why this node was quarantined; while it is there, the node stays so. */
  readonly verdict: string;
  readonly lock: string;
  table(number: number): string;
}

export function layoutOf(dataDir: string): Layout {
  const root = resolve(dataDir);
  const quarantine = join(root, 'quarantine');
  return {
    root,
    identity: join(root, 'identity.json'),
    watermarks: [join(root, 'watermark.a'), join(root, 'watermark.b')],
    log: join(root, 'log'),
    quarantine,
    verdict: join(quarantine, 'verdict.json'),
    lock: join(root, 'lock'),
    table: (number) => join(root, `table-${number}`),
  };
}

/** The numbers of all table directories, lowest first. */
export async function tableNumbers(layout: Layout): Promise<readonly number[]> {
  const names = await readdir(layout.root);
  return names
    .flatMap((name) => (/^table-\d+$/.test(name) ? [Number.parseInt(name.slice(6), 10)] : []))
    .sort((a, b) => a - b);
}

const ownerOnly = 0o700;
const othersWrite = 0o002;

/** What may stand in a directory that is to become a node's. */
const harmless = /^(\..*|lost\+found|lock|quarantine)$/;
const ours = /^(identity\.json.*|watermark\.[ab]|log|table-\d+)$/;
/** What nobody else makes; a `log` is also in /var. */
const oursAlone = /^(identity\.json|watermark\.[ab])$/;

/**
 * Makes the directory, or checks the one that is there: a link, a file or a directory of something else is refused;
 * one that others may enter is closed to them, and refused if it is somebody else's and anybody may write to it.
 */
export async function prepareDirectory(layout: Layout): Promise<void> {
  try {
    await makeDirectories(layout.root, (path) => mkdir(path, { mode: ownerOnly }));
    const found = await lstat(layout.root);
    if (!found.isDirectory()) {
      const kind = found.isSymbolicLink() ? 'a symbolic link' : 'not a directory';
      throw new StorageError('DATA_DIR_UNSAFE', `${layout.root} is ${kind}: name the directory itself`);
    }
    const names = await readdir(layout.root);
    const foreign = names.find((name) => !harmless.test(name) && !ours.test(name));
    if (foreign !== undefined && !names.some((name) => oursAlone.test(name))) {
      const message = `${layout.root} holds other files (${foreign}): give the node an empty directory`;
      throw new StorageError('DATA_DIR_UNSAFE', message);
    }
    if ((found.mode & 0o777) !== ownerOnly) await tighten(layout.root, found.mode);
  } catch (error) {
    throw translated(error, layout.root);
  }
}

/**
 * Makes a directory, and those above it that are missing. Node's own recursive `mkdir` will not do: it says of a
 * read-only or full file system that the directory is missing.
 */
export async function makeDirectories(path: string, make: (path: string) => Promise<unknown>): Promise<void> {
  const makeOne = async (): Promise<void> => {
    try {
      await make(path);
    } catch (error) {
      // Another process may have been faster.
      if (isMissing(error) || !(await exists(path))) throw error;
    }
  };
  try {
    await makeOne();
  } catch (error) {
    const above = dirname(path);
    if (!isMissing(error) || above === path) throw error;
    await makeDirectories(above, make);
    await makeOne();
  }
}

async function tighten(root: string, mode: number): Promise<void> {
  try {
    await chmod(root, ownerOnly);
  } catch (error) {
    if ((mode & othersWrite) === 0) return;
    const message = `${root} belongs to another user and anybody may write to it: a node's directory must be its own`;
    throw new StorageError('DATA_DIR_UNSAFE', message, error);
  }
}

/** Makes the names in a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Puts a whole file in the place of another: after a crash either the old or the new one is there. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const beside = `${path}.${randomBytes(4).toString('hex')}.new`;
  try {
    const handle = await open(beside, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

/** Whether anything stands at `path`, a dangling link included. */
export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

export const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';
