import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { SnapshotHead } from '../raft/index.ts';
import { addChunk, decodeChunk, encodeChunk, missing, noChunks, rowBytes } from './chunk.ts';
import { syncDirectory } from './data-directory.ts';
import { demand } from './errors.ts';
import { emptyLog } from './log-plan.ts';
import { settle } from './settle.ts';
import type { Chunk, Done, Row, RowReader, SnapshotReader, SnapshotReceiver, SnapshotTotal } from './store.ts';
import { TableDatabase, type TablePicture, type TablePlace } from './table-database.ts';

/** Rows as of the newest checkpoint. A row that fails its checksum is a `CORRUPT_STORAGE` from `next`. */
export class LevelRowReader implements RowReader {
  readonly #picture: TablePicture;
  readonly #path: string;

  constructor(table: TableDatabase) {
    this.#picture = table.picture();
    this.#path = table.place.path;
  }

  next(done: Done<readonly Row[] | undefined>): void {
    settle(nextRows(this.#picture), this.#path, done);
  }

  close(): void {
    closeQuietly(this.#picture);
  }
}

/** Cuts the rows of the newest checkpoint into chunks. */
export class LevelSnapshotReader implements SnapshotReader {
  readonly #picture: TablePicture;
  readonly #path: string;
  /** Read from the table, not yet in a chunk. */
  #rows: readonly Row[] = [];
  #at = 0;
  #total: SnapshotTotal = noChunks;

  constructor(table: TableDatabase) {
    this.#picture = table.picture();
    this.#path = table.place.path;
  }

  get head(): SnapshotHead {
    return this.#picture.head;
  }

  get total(): SnapshotTotal {
    return this.#total;
  }

  next(bytesMax: number, done: Done<Chunk | undefined>): void {
    settle(this.#cut(bytesMax), this.#path, done);
  }

  close(): void {
    closeQuietly(this.#picture);
  }

  async #cut(bytesMax: number): Promise<Chunk | undefined> {
    const rows: Row[] = [];
    let bytes = 0;
    for (;;) {
      if (this.#at === this.#rows.length) {
        this.#rows = (await nextRows(this.#picture)) ?? [];
        this.#at = 0;
      }
      const row = this.#rows[this.#at];
      if (row === undefined || (rows.length > 0 && bytes + rowBytes(row) > bytesMax)) break;
      rows.push(row);
      bytes += rowBytes(row);
      this.#at += 1;
    }
    if (rows.length === 0) return undefined;
    const chunk = encodeChunk(rows);
    this.#total = addChunk(this.#total, chunk);
    return chunk;
  }
}

async function nextRows(picture: TablePicture): Promise<readonly Row[] | undefined> {
  const { value } = await picture.rows.next();
  // A picture that nobody closes would keep a replaced table on the disk.
  if (value === undefined) await picture.close();
  return value ?? undefined;
}

/** Nothing that was read depends on whether its reader could be closed; an error here would have shown there. */
function closeQuietly(picture: TablePicture): void {
  picture.close().catch(() => undefined);
}

/**
 * What a table says of itself until its last chunk is there. Every chunk is a batch of its own, so the newest can be
 * lost to damage that looks like a torn write; were the head final from the first on, nobody would miss its rows.
 */
const unfinished = ({ configuration }: SnapshotHead): SnapshotHead => ({ position: emptyLog.base, configuration });

/** Builds `table-N` beside the current table; nothing refers to it before it is installed. */
export class LevelSnapshotReceiver implements SnapshotReceiver {
  readonly head: SnapshotHead;
  readonly #place: TablePlace;
  #table: TableDatabase | undefined;
  #total: SnapshotTotal = noChunks;
  #state: 'receiving' | 'finished' | 'installed' | 'aborted' = 'receiving';
  #tail: Promise<void>;

  constructor(head: SnapshotHead, place: TablePlace) {
    this.head = head;
    this.#place = place;
    this.#tail = this.#begin();
    // Whoever puts the first chunk is told.
    this.#tail.catch(() => undefined);
  }

  put(chunk: Chunk, done: Done): void {
    demand(this.#state === 'receiving', 'a chunk for a snapshot that is finished or aborted');
    // Copied: a chunk is a view of a message buffer that its owner may use again before the disk is ready for it.
    const own = chunk.slice();
    this.#then(done, async (table) => {
      // Synced, every one: an unsynced write may be lost where a later, synced one is not.
      await table.checkpoint({ head: unfinished(this.head), rows: decodeChunk(own) });
      this.#total = addChunk(this.#total, own);
    });
  }

  finish(total: SnapshotTotal, done: Done): void {
    demand(this.#state === 'receiving', 'finish of a snapshot that is finished or aborted');
    this.#then(done, async (table) => {
      const error = missing(this.#total, total);
      if (error !== undefined) throw error;
      await table.checkpoint({ head: this.head, rows: [] });
      await syncDirectory(this.#place.path);
      await syncDirectory(dirname(this.#place.path));
      this.#state = 'finished';
    });
  }

  abort(): void {
    if (this.#state === 'installed' || this.#state === 'aborted') return;
    this.#state = 'aborted';
    // What cannot be removed now is removed at the next open.
    this.#tail = this.#tail.catch(() => undefined).then(() => this.#discard());
    this.#tail.catch(() => undefined);
  }

  /** The verified table, or undefined if it is not complete. */
  get finished(): TableDatabase | undefined {
    return this.#state === 'finished' ? this.#table : undefined;
  }

  /** The store has made it the current table. */
  installed(): void {
    this.#state = 'installed';
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    await this.#tail.catch(() => undefined);
  }

  async #begin(): Promise<void> {
    await rm(this.#place.path, { recursive: true, force: true });
    this.#table = await TableDatabase.create(this.#place, unfinished(this.head));
  }

  async #discard(): Promise<void> {
    await this.#table?.close();
    await rm(this.#place.path, { recursive: true, force: true });
  }

  /** Runs `step` after all before it; the first that fails fails the rest, and the whole snapshot. */
  #then(done: Done, step: (table: TableDatabase) => Promise<void>): void {
    const work = this.#tail.then(async () => {
      demand(this.#table !== undefined && this.#state === 'receiving', 'this snapshot was aborted');
      await step(this.#table);
    });
    this.#tail = work;
    settle(work, this.#place.path, (outcome) => {
      if (!outcome.ok) this.abort();
      done(outcome);
    });
  }
}
