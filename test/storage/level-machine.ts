import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Level } from 'level';
import type { Entry } from '../../raft/index.ts';
import { defaultDatabaseOptions, openDatabase, scan } from '../../storage/database.ts';
import { LevelStore, type LevelStoreOptions, StorageError } from '../../storage/index.ts';
import { rowsBegin, rowsEnd } from '../../storage/keys.ts';
import {
  asked,
  checkpoint,
  entriesAfter,
  type Found,
  genesis,
  openStore,
  positionOf,
  start,
  write,
} from './samples.ts';

/** A data directory on a real disk, with the process that may use it. */
export class LevelMachine {
  readonly root: string;
  readonly #options: Partial<LevelStoreOptions>;
  #stores: LevelStore[] = [];

  constructor(root: string, options: Partial<LevelStoreOptions> = {}) {
    this.root = root;
    this.#options = options;
  }

  static async make(options: Partial<LevelStoreOptions> = {}): Promise<LevelMachine> {
    return new LevelMachine(await mkdtemp(join(tmpdir(), 'holdfast-store-')), options);
  }

  get dataDir(): string {
    return join(this.root, 'node');
  }

  path(...parts: readonly string[]): string {
    return join(this.dataDir, ...parts);
  }

  store(options: Partial<LevelStoreOptions> = {}): LevelStore {
    const store = new LevelStore({ dataDir: this.dataDir, nodeId: 'n1', ...this.#options, ...options });
    this.#stores.push(store);
    return store;
  }

  async open(options: Partial<LevelStoreOptions> = {}): Promise<{ store: LevelStore; found: Found }> {
    const store = this.store(options);
    return { store, found: await openStore(store) };
  }

  /** Closes what is open, like a process that ends in good order. */
  async stop(): Promise<void> {
    for (const store of this.#stores.splice(0)) await asked<void>((done) => store.close(done));
  }

  /** What a crash at this moment would leave, as a machine of its own: all files as they stand. */
  async crashed(): Promise<LevelMachine> {
    const copy = await LevelMachine.make(this.#options);
    await cp(this.dataDir, copy.dataDir, { recursive: true });
    return copy;
  }

  /** The newest file in `directory` whose name ends so. */
  async newest(directory: string, ending: string): Promise<string> {
    const names = (await readdir(this.path(directory))).filter((name) => name.endsWith(ending)).sort();
    const name = names.at(-1);
    if (name === undefined) throw new Error(`no *${ending} in ${directory}`);
    return this.path(directory, name);
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.root, { recursive: true, force: true });
  }
}

/** Changes a file's bytes in place. */
export async function alter(path: string, change: (bytes: Buffer) => Buffer | undefined): Promise<void> {
  const bytes = await readFile(path);
  await writeFile(path, change(bytes) ?? bytes);
}

export const flipBit = (path: string, offset: number): Promise<void> =>
  alter(path, (bytes) => {
    bytes[offset] = (bytes[offset] ?? 0) ^ 0x10;
    return undefined;
  });

/** A stopped member with `writes` entries of 1 KiB, each in a synced write of its own, and a checkpoint with 50 rows. */
export async function usedMachine(writes = 120): Promise<{ machine: LevelMachine; entries: readonly Entry[] }> {
  const machine = await LevelMachine.make();
  const { store } = await machine.open();
  await asked((done) => store.form(genesis, done));
  const entries = entriesAfter(start, writes, { bytes: 1_024 });
  await write(store, { hardState: { term: 1, votedFor: 'a/1' } });
  for (const entry of entries) await write(store, { entries: [entry] });
  const rows = Object.fromEntries(
    Array.from({ length: 50 }, (_, number) => [`row-${number}`, `value ${number}`.repeat(20)]),
  );
  const middle = entries[Math.floor(writes / 2)];
  if (middle !== undefined) await checkpoint(store, positionOf(middle), rows);
  await machine.stop();
  return { machine, entries };
}

/** Opens and stops `machine`; why it is quarantined, or what it is instead. */
export async function reasonOf(machine: LevelMachine): Promise<string> {
  const { found } = await machine.open();
  await machine.stop();
  return found.kind === 'quarantined' ? found.reason : `opened as ${found.kind}`;
}

/** LevelDB without any of our checks. */
export async function openBare(path: string): Promise<Level<Buffer, Buffer>> {
  const level = new Level<Buffer, Buffer>(path, { keyEncoding: 'buffer', valueEncoding: 'buffer' });
  await level.open();
  return level;
}

/** What our own way of opening and reading makes of the database at `path`. */
export async function opensBare(path: string): Promise<string> {
  try {
    const database = await openDatabase(path, { ...defaultDatabaseOptions, create: false });
    try {
      let rows = 0;
      for await (const batch of scan(database, { gte: rowsBegin, lt: rowsEnd })) rows += batch.length;
      return rows === 50 ? 'whole' : `${rows} rows`;
    } finally {
      await database.close();
    }
  } catch (error) {
    return error instanceof StorageError ? error.code : String(error);
  }
}
