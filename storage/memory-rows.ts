import type { SnapshotHead } from '../raft/index.ts';
import { addChunk, decodeChunk, encodeChunk, missing, noChunks, rowBytes } from './chunk.ts';
import { demand, StorageError } from './errors.ts';
import { type MemoryRows, type MemoryTable, rowName, rowsInOrder } from './memory-disk.ts';
import type {
  Chunk,
  Done,
  Outcome,
  Row,
  RowReader,
  SnapshotReader,
  SnapshotReceiver,
  SnapshotTotal,
  TakeRows,
} from './store.ts';

const rowsPerBatch = 1_000;

/** Reads rows as they were when it was made. */
export class MemoryRowReader implements RowReader {
  readonly #rows: readonly Row[];
  #at = 0;

  constructor(rows: MemoryRows) {
    this.#rows = rowsInOrder(rows);
  }

  next(done: Done<readonly Row[] | undefined>): void {
    const batch = this.#rows.slice(this.#at, this.#at + rowsPerBatch);
    this.#at += batch.length;
    done({ ok: true, value: batch.length === 0 ? undefined : batch });
  }

  /** The same rows, all at once. */
  takeAll(take: TakeRows): void {
    for (; this.#at < this.#rows.length; this.#at += rowsPerBatch) {
      take(this.#rows.slice(this.#at, this.#at + rowsPerBatch));
    }
  }

  close(): void {
    this.#at = this.#rows.length;
  }
}

/** Cuts rows into chunks, as they were when it was made. */
export class MemorySnapshotReader implements SnapshotReader {
  readonly head: SnapshotHead;
  readonly #rows: readonly Row[];
  #at = 0;
  #total: SnapshotTotal = noChunks;

  constructor(table: MemoryTable) {
    this.head = table.head;
    this.#rows = rowsInOrder(table.rows);
  }

  get total(): SnapshotTotal {
    return this.#total;
  }

  next(bytesMax: number, done: Done<Chunk | undefined>): void {
    const rows: Row[] = [];
    let bytes = 0;
    for (let row = this.#rows[this.#at]; row !== undefined && bytes < bytesMax; row = this.#rows[this.#at]) {
      if (rows.length > 0 && bytes + rowBytes(row) > bytesMax) break;
      rows.push(row);
      bytes += rowBytes(row);
      this.#at += 1;
    }
    const chunk = rows.length === 0 ? undefined : encodeChunk(rows);
    if (chunk !== undefined) this.#total = addChunk(this.#total, chunk);
    done({ ok: true, value: chunk });
  }

  close(): void {
    this.#at = this.#rows.length;
  }
}

/** Collects chunks into a table that nothing refers to until it is installed. */
export class MemorySnapshotReceiver implements SnapshotReceiver {
  readonly head: SnapshotHead;
  readonly #rows = new Map<string, Row>();
  #total: SnapshotTotal = noChunks;
  #state: 'receiving' | 'finished' | 'aborted' = 'receiving';

  constructor(head: SnapshotHead) {
    this.head = head;
  }

  /** The table, if all of it came and it was not aborted. */
  get finished(): MemoryTable | undefined {
    return this.#state === 'finished' ? { head: this.head, rows: this.#rows } : undefined;
  }

  put(chunk: Chunk, done: Done): void {
    demand(this.#state === 'receiving', 'a chunk for a snapshot that is finished or aborted');
    done(this.#add(chunk));
  }

  finish(total: SnapshotTotal, done: Done): void {
    demand(this.#state === 'receiving', 'finish of a snapshot that is finished or aborted');
    const error = missing(this.#total, total);
    this.#state = error === undefined ? 'finished' : 'aborted';
    done(error === undefined ? { ok: true, value: undefined } : { ok: false, error });
  }

  abort(): void {
    this.#state = 'aborted';
  }

  #add(chunk: Chunk): Outcome<void> {
    try {
      // Copied: a chunk is a view of a message buffer that its owner may use again.
      for (const row of decodeChunk(chunk.slice())) this.#rows.set(rowName(row.key), row);
    } catch (error) {
      this.abort();
      if (error instanceof StorageError) return { ok: false, error };
      throw error;
    }
    this.#total = addChunk(this.#total, chunk);
    return { ok: true, value: undefined };
  }
}
