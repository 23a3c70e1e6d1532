import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isMissing } from '../../../storage/data-directory.ts';

/** All files of a data directory by their path in it, as they stand at one moment. Never changed in place. */
export type Image = ReadonlyMap<string, Buffer>;

/** Thousands of copies are opened and thrown away: memory bears that better than a disk. */
export const copiesRoot: string = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

export function imageOf(directory: string): Image {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return new Map(
    files.flatMap((path) => {
      const bytes = readIfThere(path);
      return bytes === undefined ? [] : [[path.slice(directory.length + 1), bytes] as const];
    }),
  );
}

/** What a living store removes behind may go while it is looked at. */
function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Writes `image` into `directory`, which is not there yet. A path that ends in a slash becomes an empty directory. */
export function unfold(image: Image, directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const made = new Set<string>();
  for (const [path, bytes] of image) {
    const folder = path.endsWith('/') ? path : dirname(path);
    if (!made.has(folder)) mkdirSync(join(directory, folder), { recursive: true, mode: 0o700 });
    made.add(folder);
    if (!path.endsWith('/')) writeFileSync(join(directory, path), bytes);
  }
}

/** `image` with some files changed; undefined removes one. */
export function changed(image: Image, changes: ReadonlyMap<string, Buffer | undefined>): Image {
  const next = new Map(image);
  for (const [path, bytes] of changes) {
    if (bytes === undefined) next.delete(path);
    else next.set(path, bytes);
  }
  return next;
}

/** What is in `path`, which must be there. */
export function fileIn(image: Image, path: string): Buffer {
  const bytes = image.get(path);
  if (bytes === undefined) throw new Error(`no file ${path} among ${[...image.keys()].join(', ')}`);
  return bytes;
}

/** The kind of a file, for the names of its byte classes: numbers and hexadecimal digits are left out. */
export function kindOf(path: string): string {
  const [folder = '', name = ''] = path.includes('/') ? path.split('/') : ['', path];
  const kind = name
    .replace(/^MANIFEST-\d+$/, 'MANIFEST')
    .replace(/^\d+\.log$/, 'write-ahead log')
    .replace(/^\d+\.ldb$/, 'table file');
  return folder === '' ? kind : `${folder.replace(/-\d+$/, '')}/${kind}`;
}
