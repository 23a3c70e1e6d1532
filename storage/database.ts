import { Level } from 'level';
import { corrupt, StorageError } from './errors.ts';

export interface DatabaseOptions {
  /** A missing database is made; otherwise it is an error. */
  readonly create: boolean;
  /** What LevelDB gathers in memory, and in one write-ahead log, before it writes a table file. */
  readonly writeBufferBytes: number;
  readonly tableFileBytes: number;
}

export const defaultDatabaseOptions: Omit<DatabaseOptions, 'create'> = {
  writeBufferBytes: 16 * 1024 * 1024,
  tableFileBytes: 4 * 1024 * 1024,
};

/** LevelDB with binary keys and values. */
export type Database = Level<Buffer, Buffer>;

/** How much one step of a scan reads ahead. */
const scanBytes = 1024 * 1024;
const scanRows = 1_000;

export interface Range {
  readonly gte: Buffer;
  readonly lt: Buffer;
  readonly snapshot?: ReturnType<Database['snapshot']>;
}

/** Opens a database alone; the error of a second opener, in whatever process, is `DATA_DIR_IN_USE`. */
export async function openDatabase(path: string, options: DatabaseOptions): Promise<Database> {
  const database: Database = new Level(path, {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
    createIfMissing: options.create,
    // Its block checksums are verified on reads only because a compressed block that rots seldom decompresses.
    compression: true,
    cacheSize: 2 * 1024 * 1024,
    writeBufferSize: options.writeBufferBytes,
    maxFileSize: options.tableFileBytes,
  });
  try {
    await database.open();
  } catch (error) {
    await database.close();
    throw translated(error, path);
  }
  return database;
}

/** Entries of `range` in key order, in batches; consistent as of the first call. */
export async function* scan(database: Database, range: Range): AsyncGenerator<[Buffer, Buffer][], void, undefined> {
  const iterator = database.iterator({ ...range, fillCache: false, highWaterMarkBytes: scanBytes });
  try {
    for (let batch = await iterator.nextv(scanRows); batch.length > 0; batch = await iterator.nextv(scanRows)) {
      yield batch;
    }
  } catch (error) {
    throw translated(error, database.location);
  } finally {
    await iterator.close();
  }
}

/** The code at the root of a chain of causes, and all messages on the way to it. */
function unravel(error: unknown): { readonly codes: readonly string[]; readonly text: string } {
  const codes: string[] = [];
  const texts: string[] = [];
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'string') codes.push(cause.code);
    texts.push(cause.message);
  }
  return { codes, text: texts.join(': ') };
}

const notWritable = new Set(['EACCES', 'EPERM', 'EROFS']);

/**
 * LevelDB maps its table files into memory, and answers a block handle that points outside of one with this errno of
 * its own making: no disk said it, a rotten handle did.
 */
const handleOutsideFile = /\.(ldb|sst): Invalid argument/;

/** What an error of LevelDB or of the file system means to whoever opened `path`. */
export function translated(error: unknown, path: string): StorageError {
  if (error instanceof StorageError) return error;
  const { codes, text } = unravel(error);
  if (codes.includes('LEVEL_LOCKED')) {
    const message = `${path} is in use by another process: stop that one, or give each node a directory of its own`;
    return new StorageError('DATA_DIR_IN_USE', message, error);
  }
  if (codes.includes('LEVEL_CORRUPTION') || handleOutsideFile.test(text))
    return corrupt(`LevelDB finds ${path} damaged (${text})`, error);
  if (codes.some((code) => notWritable.has(code)) || /permission denied|read-only file system/i.test(text)) {
    return new StorageError('DATA_DIR_NOT_WRITABLE', `${path} cannot be written to (${text})`, error);
  }
  if (codes.includes('ENOTDIR') || codes.includes('EEXIST')) {
    return new StorageError('DATA_DIR_UNSAFE', `${path} is not a directory, or lies below a file (${text})`, error);
  }
  return new StorageError(
    'BACKEND',
    `storage failed at ${path} (${text}): stop this process, then look at the disk`,
    error,
  );
}
