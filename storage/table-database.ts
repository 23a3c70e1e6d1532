import type { SnapshotHead } from '../raft/index.ts';
import { type Database, type DatabaseOptions, openDatabase, scan, translated } from './database.ts';
import { corrupt } from './errors.ts';
import { decodeTableHead, encodeTableHead, type TableHead } from './head-record.ts';
import { headKey, rowKey, rowsBegin, rowsEnd } from './keys.ts';
import { type Owner, seal, sealedCrc, unseal } from './record.ts';
import type { Checkpoint, Row, RowChange, TakeRows } from './store.ts';

/** Rows that a checkpoint treats before it lets others have the event loop. */
const stepRows = 1_000;

/** Whose table, and where. */
export interface TablePlace {
  readonly path: string;
  /** The number in the directory's name. */
  readonly number: number;
  readonly owner: Owner;
  readonly options: DatabaseOptions;
}

type SealedChange = readonly [key: Buffer, record: Buffer | undefined];

/** A picture of all rows as of one checkpoint, in batches of sealed records by tagged key. */
export interface TablePicture {
  readonly head: SnapshotHead;
  readonly rows: AsyncGenerator<readonly Row[], void, undefined>;
  /** Ends `rows` and frees the picture. */
  close(): Promise<void>;
}

/** One `table-N` database: rows, each with its own checksum, and the head that says what they are a picture of. */
export class TableDatabase {
  readonly place: TablePlace;
  readonly #database: Database;
  #head: TableHead;
  /** Pictures and checkpoints under way; a retired table is closed after the last. */
  #users = 0;
  #retired: (() => void) | undefined;

  private constructor(place: TablePlace, database: Database, head: TableHead) {
    this.place = place;
    this.#database = database;
    this.#head = head;
  }

  /** Makes a table without rows, durably. */
  static async create(place: TablePlace, head: SnapshotHead): Promise<TableDatabase> {
    const database = await openDatabase(place.path, place.options);
    const table = new TableDatabase(place, database, { head, rowCount: 0, rowSum: 0 });
    try {
      await table.checkpoint({ head, rows: [] });
    } catch (error) {
      await database.close();
      throw translated(error, place.path);
    }
    return table;
  }

  /**
   * Opens a table that passed its pre-flight and reads all of it once: every row must be whole, and their number and
   * sum what the head says, so that no row was lost, came back or was put in from elsewhere. `take` gets the rows meanwhile.
   */
  static async open(place: TablePlace, take: TakeRows): Promise<TableDatabase> {
    const database = await openDatabase(place.path, { ...place.options, create: false });
    try {
      const table = new TableDatabase(place, database, await readHead(database, place.owner));
      await table.#verify(take);
      return table;
    } catch (error) {
      await database.close();
      throw translated(error, place.path);
    }
  }

  get head(): SnapshotHead {
    return this.#head.head;
  }

  get rowCount(): number {
    return this.#head.rowCount;
  }

  /** Applies the changes and moves the head, all or nothing; durable when it resolves. */
  async checkpoint({ head, rows }: Checkpoint): Promise<void> {
    this.#users += 1;
    try {
      const changes = await this.#sealed(rows);
      const next = { head, ...(await this.#tallyAfter(changes)) };
      const batch = this.#database.batch();
      for (const [place, [key, record]] of changes.entries()) {
        if (record === undefined) batch.del(key);
        else batch.put(key, record);
        if (place % stepRows === stepRows - 1) await breath();
      }
      batch.put(headKey, seal(headKey, this.place.owner, encodeTableHead(next)));
      await batch.write({ sync: true });
      this.#head = next;
    } finally {
      this.#leave();
    }
  }

  /** The rows as of the newest checkpoint, whatever is written meanwhile. */
  picture(): TablePicture {
    const snapshot = this.#database.snapshot();
    // Read through the snapshot: a checkpoint that is just becoming durable must be in both or in neither.
    const record = this.#database.getSync(headKey, { snapshot });
    if (record === undefined) throw corrupt(`${this.place.path} has no head`);
    const { head } = decodeTableHead(unseal(headKey, this.place.owner, record));
    this.#users += 1;
    const rows = this.#rows(snapshot);
    let isClosed = false;
    const close = async (): Promise<void> => {
      if (isClosed) return;
      isClosed = true;
      await rows.return();
      await snapshot.close();
      this.#leave();
    };
    return { head, rows, close };
  }

  /** Resolves once the last picture and checkpoint are done with; the caller then closes. */
  async idle(): Promise<void> {
    if (this.#users === 0) return;
    await new Promise<void>((resolve) => {
      this.#retired = resolve;
    });
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  async *#rows(snapshot: ReturnType<Database['snapshot']>): AsyncGenerator<readonly Row[], void, undefined> {
    for await (const batch of scan(this.#database, { gte: rowsBegin, lt: rowsEnd, snapshot })) {
      yield batch.map(([key, record]) => ({
        key: key.subarray(1),
        value: unseal(key, this.place.owner, record),
      }));
    }
  }

  async #verify(take: TakeRows): Promise<void> {
    let rowCount = 0;
    let rowSum = 0;
    for await (const batch of scan(this.#database, { gte: rowsBegin, lt: rowsEnd })) {
      const rows = batch.map(([key, record]): Row => {
        const value = unseal(key, this.place.owner, record);
        rowSum = plus(rowSum, sealedCrc(record));
        return { key: key.subarray(1), value };
      });
      rowCount += rows.length;
      take(rows);
    }
    if (rowCount !== this.#head.rowCount || rowSum !== this.#head.rowSum) {
      throw corrupt(`${this.place.path} holds ${rowCount} rows that are not the ${this.#head.rowCount} it should hold`);
    }
  }

  /** Keys and records of the changes; of two to one row the later. */
  async #sealed(rows: readonly RowChange[]): Promise<readonly SealedChange[]> {
    const changes = new Map<string, SealedChange>();
    for (const [place, { key, value }] of rows.entries()) {
      const tagged = rowKey(key);
      changes.set(tagged.toString('latin1'), [tagged, value && seal(tagged, this.place.owner, value)]);
      if (place % stepRows === stepRows - 1) await breath();
    }
    return [...changes.values()];
  }

  /** Number and sum of the rows after `changes`, from what stands in their places now. */
  async #tallyAfter(changes: readonly SealedChange[]): Promise<{ rowCount: number; rowSum: number }> {
    let { rowCount, rowSum } = this.#head;
    for (let at = 0; at < changes.length; at += stepRows) {
      const part = changes.slice(at, at + stepRows);
      const former = rowCount === 0 ? [] : await this.#database.getMany(part.map(([key]) => key));
      for (const [place, [, record]] of part.entries()) {
        const old = former[place];
        if (old !== undefined) rowSum = plus(rowSum, 2 ** 32 - sealedCrc(old));
        if (record !== undefined) rowSum = plus(rowSum, sealedCrc(record));
        rowCount += (record === undefined ? 0 : 1) - (old === undefined ? 0 : 1);
      }
    }
    return { rowCount, rowSum };
  }

  #leave(): void {
    this.#users -= 1;
    if (this.#users === 0) this.#retired?.();
  }
}

/** Lets what waits run: a large checkpoint must not hold up a heartbeat. */
const breath = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const plus = (sum: number, crc: number): number => (sum + crc) % 2 ** 32;

async function readHead(database: Database, owner: Owner): Promise<TableHead> {
  const record = await database.get(headKey);
  if (record === undefined) throw corrupt(`${database.location} has no head`);
  return decodeTableHead(unseal(headKey, owner, record));
}
