import type { ConfigurationAt } from './config.ts';
import type { Entry, HardState, LogIndex, Position } from './types.ts';

/**
 * What one durable step changes, all or nothing, in one synced batch. The fields apply in the order they stand in:
 * first the base, then the truncation, then the entries.
 */
export interface LogWrite {
  readonly hardState: HardState | undefined;
  /** Set only by an installed snapshot: see `Installation`. */
  readonly install: Installation | undefined;
  /** Entries up to here are covered by a durable checkpoint and may go; the log then starts after it. */
  readonly base: Position | undefined;
  /** Every stored entry at or above this index goes, in the same batch, before `entries` are put. */
  readonly truncateFrom: LogIndex | undefined;
  /** Contiguous; may be empty. */
  readonly entries: readonly Entry[];
}

/** Makes a received, verified snapshot the current table; this write is its commit point (ARCHITECTURE.md 2). */
export interface Installation {
  readonly snapshot: SnapshotHead;
  /** True: entries above the snapshot's position stay (it stood in the log); false: the log is emptied. */
  readonly keepsSuffix: boolean;
}

/** What a snapshot or a checkpoint is a picture of. */
export interface SnapshotHead {
  /** The last applied entry it contains. */
  readonly position: Position;
  /** The configuration as of `position`, and the entry that set it. */
  readonly configuration: ConfigurationAt;
}
