import type { Configuration, LogWrite, Restored, SnapshotHead } from '../raft/index.ts';

/** Called exactly once. An error from a write is fail-stop: what was asked may or may not be on disk (RAFT.md 8.4). */
export type Done<T = void> = (outcome: Outcome<T>) => void;

export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Error };

/** Who this data directory is. */
export interface Identity {
  /** Absent while the node is blank: it has never belonged to a cluster. */
  readonly clusterId: string | undefined;
  readonly nodeId: string;
  /** 128 random bits in hex, made once per data directory. */
  readonly incarnation: string;
  /** Raised and synced at each open; the first is 1. */
  readonly run: number;
}

/** One persisted row of the table: opaque here. A value of `undefined` deletes the row. */
export interface RowChange {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

export interface Row {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** The rows changed since the last checkpoint, frozen at `head.position`; becomes durable whole or not at all. */
export interface Checkpoint {
  readonly head: SnapshotHead;
  readonly rows: readonly RowChange[];
}

/** All rows of a table, in key order, in batches. */
export interface RowReader {
  /** The next rows; `undefined` after the last. Calls never overlap. */
  next(done: Done<readonly Row[] | undefined>): void;
  /** Frees what reading holds; also after the last batch or an error. */
  close(): void;
}

/** What a blank node becomes a member of. */
export interface Genesis {
  readonly clusterId: string;
  /** Empty voters for a node that joins a cluster that already lives. */
  readonly configuration: Configuration;
}

/** Takes rows of a table, in key order, as they are read. Must not throw. */
export type TakeRows = (rows: readonly Row[]) => void;

/** What `open` found. */
export type Opened =
  | { readonly kind: 'blank'; readonly identity: Identity }
  | { readonly kind: 'member'; readonly identity: Identity; readonly restored: Restored }
  /** The data is damaged, rolled back or lost: this node must not vote, acknowledge or answer (RAFT.md 8.3.8). */
  | { readonly kind: 'quarantined'; readonly identity: Identity; readonly reason: string };

/** A part of a snapshot's rows, in key order, opaque and self-checked. */
export type Chunk = Uint8Array;

/** Reads the table as of one checkpoint, whatever is written meanwhile. */
export interface SnapshotReader {
  readonly head: SnapshotHead;
  /** Of the chunks given out so far; the whole once `next` has given `undefined`. */
  readonly total: SnapshotTotal;
  /** The next chunk of about `bytesMax` (one row may exceed it); `undefined` after the last. Calls never overlap. */
  next(bytesMax: number, done: Done<Chunk | undefined>): void;
  close(): void;
}

/** Builds a table beside the current one. */
export interface SnapshotReceiver {
  readonly head: SnapshotHead;
  /** Chunks come in order, each once. A damaged chunk is an error that leaves the current table as it was. */
  put(chunk: Chunk, done: Done): void;
  /** All chunks are here: verifies count and checksum against what was sent, syncs. Only then may it be installed. */
  finish(total: SnapshotTotal, done: Done): void;
  /** Throws away what was received, if it was not installed. */
  abort(): void;
}

/** What the sender says of the whole, with its last chunk. */
export interface SnapshotTotal {
  readonly chunks: number;
  readonly checksum: number;
}

/**
 * Keeps one node's log and table. One `write` at a time; one `checkpoint` at a time; the two may overlap each other.
 * After any error of `write` or `checkpoint` the store refuses everything but `close`.
 */
export interface Store {
  /**
   * Takes the directory for this process alone, verifies everything, raises the run. Never repairs. `take` gets the rows of
   * the table while they are verified; they count only if `done` then says `member`, for until the last one is read nobody
   * knows whether one is missing.
   */
  open(take: TakeRows, done: Done<Opened>): void;
  /** Makes a blank node a member, durably. After it the node is what `Opened.kind = 'member'` describes, with no rows. */
  form(genesis: Genesis, done: Done<{ readonly identity: Identity; readonly restored: Restored }>): void;
  /** Durable, watermark included, when `done` says ok. With `write.install`, the finished receiver becomes the table. */
  write(write: LogWrite, done: Done): void;
  /** Durable when `done` says ok. The caller has made its own log durable up to `head.position` before. */
  checkpoint(checkpoint: Checkpoint, done: Done): void;
  /** The newest durable checkpoint. */
  readSnapshot(): SnapshotReader;
  /** At most one at a time; a new one aborts the old. */
  receiveSnapshot(head: SnapshotHead): SnapshotReceiver;
  /** All rows of the current table, after an installation: what the state machine is rebuilt from. */
  rows(): RowReader;
  /** Bytes free for this store's files, or undefined where nobody can say. */
  bytesFree(): number | undefined;
  /**
   * This data must not be used any more, whatever its checksums say: every later `open` finds it quarantined for
   * `reason`. Durable when `done` says ok; from the call on the store refuses everything but `close`.
   */
  condemn(reason: string, done: Done): void;
  close(done: Done): void;
}
