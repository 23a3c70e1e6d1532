import type { ChainOf, Entry, HardState, LogIndex, LogWrite, Position } from '../raft/index.ts';
import { type Database, type DatabaseOptions, openDatabase, scan, translated } from './database.ts';
import { corrupt } from './errors.ts';
import { boundsKey, entriesEnd, entryIndexOf, entryKey, hardStateKey, nameOf } from './keys.ts';
import { emptyLog, type LogPlan, planWrite } from './log-plan.ts';
import {
  decodeBounds,
  decodeEntry,
  decodeHardState,
  encodeBounds,
  encodeEntry,
  encodeHardState,
  type Owner,
  type StoredBounds,
  seal,
  unseal,
} from './record.ts';

/** Entries below the base that one write deletes besides its own work, and that many more for each entry it adds. */
const sweepMin = 64;
const sweepPerEntry = 4;

/** Whose log, and where. */
export interface LogPlace {
  readonly path: string;
  readonly owner: Owner;
  readonly options: DatabaseOptions;
}

/** What a write must say and do besides itself. */
export interface WriteContext {
  readonly plan: LogPlan;
  /** The number of the table directory that counts after the write. */
  readonly table: number;
  /** Called and awaited before the batch that drops entries at `from` and above. */
  readonly beforeTruncation: (from: LogIndex) => Promise<void>;
}

/** The `log` database: hard state, entries, and the record that says where they begin and end. */
export class LogDatabase {
  readonly #database: Database;
  readonly #owner: Owner;
  #bounds: StoredBounds;
  #hardState: HardState;
  /** Stored entries below this are gone; from here to the base they may linger, and mean nothing. */
  #sweptTo: LogIndex;

  private constructor(database: Database, owner: Owner, found: { bounds: StoredBounds; hardState: HardState }) {
    this.#database = database;
    this.#owner = owner;
    this.#bounds = found.bounds;
    this.#hardState = found.hardState;
    this.#sweptTo = found.bounds.base.index + 1;
  }

  /** Makes an empty log at term 0, durably. */
  static async create(place: LogPlace, table: number): Promise<LogDatabase> {
    const { owner } = place;
    const found = { bounds: { ...emptyLog, table }, hardState: { term: 0, votedFor: undefined } };
    const database = await openDatabase(place.path, place.options);
    try {
      const batch = database.batch();
      batch.put(hardStateKey, seal(hardStateKey, owner, encodeHardState(found.hardState)));
      batch.put(boundsKey, seal(boundsKey, owner, encodeBounds(found.bounds)));
      await batch.write({ sync: true });
    } catch (error) {
      await database.close();
      throw translated(error, place.path);
    }
    return new LogDatabase(database, owner, found);
  }

  /** Opens a log that passed its pre-flight. Throws `CORRUPT_STORAGE` unless hard state and bounds check out. */
  static async open(place: LogPlace): Promise<LogDatabase> {
    const { owner } = place;
    const database = await openDatabase(place.path, { ...place.options, create: false });
    try {
      const hardState = decodeHardState(unseal(hardStateKey, owner, await must(database, hardStateKey)));
      const bounds = decodeBounds(unseal(boundsKey, owner, await must(database, boundsKey)));
      return new LogDatabase(database, owner, { bounds, hardState });
    } catch (error) {
      await database.close();
      throw translated(error, place.path);
    }
  }

  get bounds(): StoredBounds {
    return this.#bounds;
  }

  get hardState(): HardState {
    return this.#hardState;
  }

  /**
   * All entries after the base. Throws `CORRUPT_STORAGE` unless they are contiguous, whole, in one chain, of terms that
   * never fall, and end where the bounds say.
   */
  async readEntries(chainOf: ChainOf, progress: () => void): Promise<readonly Entry[]> {
    const { base, last } = this.#bounds;
    const entries: Entry[] = [];
    let before: Position = base;
    for await (const batch of scan(this.#database, { gte: entryKey(base.index + 1), lt: entriesEnd })) {
      progress();
      for (const [key, value] of batch) {
        const index = entryIndexOf(key);
        if (index !== before.index + 1) throw corrupt(`the log has a hole after entry ${before.index}`);
        if (index > last.index) throw corrupt(`the log goes on after its last entry ${last.index}`);
        const entry = decodeEntry(this.#owner, index, value);
        if (entry.chain !== chainOf(before.chain, entry))
          throw corrupt(`log entry ${index} does not continue its chain`);
        if (entry.term < before.term) throw corrupt(`log entry ${index} is of a lower term than the one before`);
        entries.push(entry);
        before = entry;
      }
    }
    if (before.index !== last.index) throw corrupt(`the log ends at ${before.index} instead of ${last.index}`);
    if (before.chain !== last.chain || before.term !== last.term) throw corrupt('the log ends with another entry');
    if (this.#hardState.term < last.term) {
      throw corrupt(`the log holds entries of term ${last.term}, the hard state is of term ${this.#hardState.term}`);
    }
    await this.#findLeftovers();
    return entries;
  }

  /** What `write` would do; throws `MISUSE` for one that its contract forbids. `covered`: the newest checkpoint. */
  plan(write: LogWrite, covered: LogIndex): LogPlan {
    return planWrite(this.#bounds, write, covered);
  }

  /** Makes `write` durable in one synced batch. */
  async write(write: LogWrite, context: WriteContext): Promise<void> {
    const before = this.#bounds;
    const { plan } = context;
    const last = plan.last ?? (await this.#positionAt(plan.lastIndex));
    if (plan.staleFrom <= before.last.index) await context.beforeTruncation(plan.staleFrom);
    const batch = this.#database.batch();
    const swept = this.#sweep(batch, plan.base.index, write.entries.length);
    for (let index = Math.max(plan.staleFrom, plan.lastIndex + 1); index <= before.last.index; index += 1) {
      batch.del(entryKey(index));
    }
    for (const entry of write.entries) batch.put(entryKey(entry.index), encodeEntry(this.#owner, entry));
    const hardState = write.hardState ?? this.#hardState;
    if (write.hardState !== undefined) {
      batch.put(hardStateKey, seal(hardStateKey, this.#owner, encodeHardState(hardState)));
    }
    const bounds: StoredBounds = { base: plan.base, last, table: context.table };
    batch.put(boundsKey, seal(boundsKey, this.#owner, encodeBounds(bounds)));
    await batch.write({ sync: true });
    this.#bounds = bounds;
    this.#hardState = hardState;
    this.#sweptTo = swept;
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  /**
   * Deletes some of what the base has passed, as part of a batch that is synced anyway: a whole prefix at once would
   * stall the writes, and a batch of its own, unsynced, could be missing after a power loss where its successor is not.
   */
  #sweep(batch: ReturnType<Database['batch']>, base: LogIndex, entries: number): LogIndex {
    const end = Math.min(base, this.#sweptTo + sweepMin + sweepPerEntry * entries - 1);
    for (let index = this.#sweptTo; index <= end; index += 1) batch.del(entryKey(index));
    return Math.max(this.#sweptTo, end + 1);
  }

  /** Where sweeping must go on after a restart. */
  async #findLeftovers(): Promise<void> {
    const range = { gte: entryKey(0), lt: entryKey(this.#bounds.base.index + 1), limit: 1 };
    const [first] = await this.#database.keys(range).all();
    if (first !== undefined) this.#sweptTo = entryIndexOf(first) ?? this.#sweptTo;
  }

  async #positionAt(index: LogIndex): Promise<Position> {
    const { base, last } = this.#bounds;
    if (index === base.index) return base;
    if (index === last.index) return last;
    return decodeEntry(this.#owner, index, await must(this.#database, entryKey(index)));
  }
}

async function must(database: Database, key: Buffer): Promise<Buffer> {
  const value = await database.get(key);
  if (value === undefined) throw corrupt(`${database.location} lacks the record ${nameOf(key)}`);
  return value;
}
