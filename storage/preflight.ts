import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { corrupt, StorageError } from './errors.ts';
import { type LogContents, type LogRecord, readLog } from './leveldb-log.ts';
import { batchHead, type Manifest, readManifest } from './manifest.ts';
import { checkTableFile } from './table-file.ts';

/**
 * Judges the files of a closed LevelDB database before LevelDB sees them: it would skip damaged parts of its
 * write-ahead log in silence, delete the evidence, and believe its table files whatever they say. Throws
 * `CORRUPT_STORAGE` for anything but a clean end or a last write cut short by a crash, which LevelDB is going to drop:
 * that is `torn`. Reads only; calls `progress` after each file.
 */
export async function preflight(directory: string, progress: () => void): Promise<'clean' | 'torn'> {
  const names = await readdir(directory);
  const manifest = await readCurrentManifest(directory, names);
  for (const path of await tablesIn(directory, names, manifest)) {
    checkTableFile(await readFile(path), path);
    progress();
  }
  const logs = names
    .map((name) => ({ name, number: /^\d+\.log$/.test(name) ? Number.parseInt(name, 10) : -1 }))
    .filter(({ number }) => number >= Math.max(manifest.logNumber, 1))
    .sort((a, b) => a.number - b.number);
  if (manifest.logNumber > 0 && logs[0]?.number !== manifest.logNumber) {
    throw corrupt(`write-ahead log ${manifest.logNumber} is missing in ${directory}`);
  }
  let expected: number | undefined;
  let torn: StorageError | undefined;
  for (const { name } of logs) {
    const path = join(directory, name);
    const { records, damage } = await contentsOf(path);
    progress();
    // A recovery that was killed leaves an empty log behind the torn one: only records prove that the tail was whole once.
    if (torn !== undefined && records.length > 0) throw torn;
    expected = sequenceAfter(records, { path, expected, lastSequence: manifest.lastSequence });
    if (damage === undefined) continue;
    const error = corrupt(`${path} is damaged at byte ${damage.offset}: ${damage.what}`);
    if (!damage.isTail) throw error;
    torn ??= error;
  }
  return torn !== undefined || manifest.isTorn ? 'torn' : 'clean';
}

async function readCurrentManifest(directory: string, names: readonly string[]): Promise<Manifest> {
  if (!names.includes('CURRENT')) throw corrupt(`CURRENT is missing in ${directory}`);
  const current = (await readFile(join(directory, 'CURRENT'), 'latin1')).trim();
  if (!/^MANIFEST-\d+$/.test(current)) throw corrupt(`CURRENT in ${directory} names no MANIFEST`);
  if (!names.includes(current)) throw corrupt(`${current} is missing in ${directory}`);
  return readManifest(await readFile(join(directory, current)));
}

/** All live table files; each is there, with the size it was made with. */
async function tablesIn(directory: string, names: readonly string[], manifest: Manifest): Promise<readonly string[]> {
  const present = new Map(
    names.flatMap((name) => (/^\d+\.(ldb|sst)$/.test(name) ? [[Number.parseInt(name, 10), name] as const] : [])),
  );
  const paths: string[] = [];
  for (const [number, bytes] of manifest.tables) {
    const name = present.get(number);
    if (name === undefined) throw corrupt(`table file ${number} is missing in ${directory}`);
    const { size } = await stat(join(directory, name));
    if (size !== bytes) throw corrupt(`table file ${name} in ${directory} has ${size} bytes instead of ${bytes}`);
    paths.push(join(directory, name));
  }
  return paths;
}

interface LogPlace {
  readonly path: string;
  /** The sequence number that the first batch must have, as far as an older log tells. */
  readonly expected: number | undefined;
  /** Without an older log, the first batch may not lie beyond this. */
  readonly lastSequence: number;
}

async function contentsOf(path: string): Promise<LogContents> {
  const file = await stat(path);
  if (!file.isFile()) throw corrupt(`${path} is no file`);
  return readLog(await readFile(path));
}

/** The sequence number that follows these records, each of which is a batch that begins where the one before ends. */
function sequenceAfter(records: readonly LogRecord[], place: LogPlace): number | undefined {
  let { expected } = place;
  for (const { offset, bytes } of records) {
    const { sequence, count } = batchHead(bytes);
    const fits = expected === undefined ? sequence <= place.lastSequence + 1 : sequence === expected;
    if (!fits) {
      const gap = `batch ${sequence} after ${(expected ?? place.lastSequence + 1) - 1}`;
      throw corrupt(`${place.path} misses writes before byte ${offset}: ${gap}`);
    }
    expected = sequence + count;
  }
  return expected;
}

/** Whether the database in `directory` was written to after the one batch that made it. Opens nothing. */
export async function wasUsed(directory: string): Promise<boolean> {
  for (const name of await readdir(directory)) {
    if (/^\d+\.(ldb|sst)$/.test(name)) return true;
    if (!/^\d+\.log$/.test(name)) continue;
    const { records } = await contentsOf(join(directory, name));
    if (records.length > 1) return true;
  }
  return false;
}

/** Whether `error` is the verdict that stored bytes are not what was written. */
export const isDamage = (error: unknown): error is StorageError =>
  error instanceof StorageError && error.code === 'CORRUPT_STORAGE';
