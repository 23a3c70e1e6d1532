import type { Entry, HardState, LogIndex, Position, SnapshotHead } from '../raft/index.ts';
import type { Identity, Row, RowChange } from './store.ts';

/** Rows by key, the key as a string of bytes (latin1), whose order is byte order. */
export type MemoryRows = ReadonlyMap<string, Row>;

/** What a memory disk holds durably. Entries and rows are never changed in place, so a copy of the frame is a copy. */
export interface MemoryImage {
  readonly identity: Identity | undefined;
  readonly log: MemoryLog | undefined;
  readonly table: MemoryTable | undefined;
  /** How far the log is known to have reached; kept apart from it, as the watermark file is. */
  readonly watermark: { readonly hardState: HardState; readonly index: LogIndex } | undefined;
  /** Set by damage: whoever opens the disk is quarantined for this reason. */
  readonly damage: string | undefined;
}

export interface MemoryLog {
  readonly hardState: HardState;
  readonly base: Position;
  readonly entries: readonly Entry[];
}

export interface MemoryTable {
  readonly head: SnapshotHead;
  readonly rows: MemoryRows;
}

export type MemoryWriteKind = 'open' | 'form' | 'write' | 'checkpoint' | 'condemn';

/** Handed to the disk, not yet durable. */
export interface MemoryWrite {
  readonly kind: MemoryWriteKind;
  readonly bytes: number;
}

/** How the next write of a kind fails. `reachesDisk`: it is there after a restart although it was refused. */
export interface MemoryFault {
  readonly kind: 'write' | 'checkpoint';
  readonly error: Error;
  readonly reachesDisk: boolean;
}

/** A write and what it makes of the durable image. */
export interface MemoryChange extends MemoryWrite {
  readonly change: (image: MemoryImage) => MemoryImage;
}

const blank: MemoryImage = {
  identity: undefined,
  log: undefined,
  table: undefined,
  watermark: undefined,
  damage: undefined,
};

/**
 * What outlives the process of a `MemoryStore`: the durable image, and the writes that a power cut may or may not let
 * through. Its faults are switches; it draws no random numbers, the caller decides.
 */
export class MemoryDisk {
  /** What `Store.bytesFree` answers. */
  bytesFree: number | undefined = undefined;
  #image: MemoryImage = blank;
  #pending: MemoryChange[] = [];
  #faults: MemoryFault[] = [];
  #owner: object | undefined;

  /** What a process that opened the disk now would find. A value: later writes do not change it. */
  get image(): MemoryImage {
    return this.#image;
  }

  /** Writes under way, oldest first. */
  get pending(): readonly MemoryWrite[] {
    return this.#pending;
  }

  /**
   * Cuts the power: the store on this disk is dead and calls nobody back. Of the writes under way the oldest
   * `keepPending` are durable all the same, or those that `keepPending` names (the log and the table are separate
   * files, so a later checkpoint may survive an earlier log write).
   */
  powerOff(keepPending: number | ((write: MemoryWrite, place: number) => boolean) = 0): void {
    const keeps =
      typeof keepPending === 'number' ? (_: MemoryWrite, place: number) => place < keepPending : keepPending;
    const kept = this.#pending.filter(keeps);
    this.#pending = [];
    this.#owner = undefined;
    for (const write of kept) this.#image = write.change(this.#image);
  }

  /** The next write of `fault.kind` fails so; several faults queue up. */
  failNext(fault: MemoryFault): void {
    this.#faults.push(fault);
  }

  /** Faults that have not struck yet never will. */
  mend(): void {
    this.#faults = [];
  }

  /** Everything is gone, the identity too: a new disk. Cuts the power. */
  wipe(): void {
    this.powerOff();
    this.#image = blank;
  }

  /** Log and table are gone, the identity is not: no blank node, and no member. Cuts the power. */
  loseLog(): void {
    this.powerOff();
    this.#image = { ...this.#image, log: undefined, table: undefined };
  }

  /** The log is as it was in `image`, what is kept beside it is newer. Cuts the power. */
  rollBackLog(image: MemoryImage): void {
    this.powerOff();
    this.#image = { ...this.#image, log: image.log, table: image.table };
  }

  /** The whole disk is as it was in `image`: a restored backup. No store can see that by itself. Cuts the power. */
  restore(image: MemoryImage): void {
    this.powerOff();
    this.#image = image;
  }

  /** A checksum no longer holds: whoever opens the disk from now on is quarantined. Cuts the power. */
  damage(reason: string): void {
    this.powerOff();
    this.#image = { ...this.#image, damage: reason };
  }

  /** Takes the disk for `owner`; false if another has it. */
  take(owner: object): boolean {
    if (this.#owner !== undefined && this.#owner !== owner) return false;
    this.#owner = owner;
    return true;
  }

  /** True until the power was cut or `owner` left. */
  isOwnedBy(owner: object): boolean {
    return this.#owner === owner;
  }

  /** Lets the next store have the disk. */
  leave(owner: object): void {
    if (this.#owner === owner) this.#owner = undefined;
  }

  /** Hands a write to the disk; the answer makes it durable, or fails it, and returns the error. */
  submit(write: MemoryChange): () => Error | undefined {
    this.#pending.push(write);
    return () => {
      const place = this.#pending.indexOf(write);
      if (place < 0) return undefined;
      this.#pending.splice(place, 1);
      const faulty = this.#faults.findIndex((fault) => fault.kind === write.kind);
      const fault = faulty < 0 ? undefined : this.#faults.splice(faulty, 1)[0];
      if (fault === undefined || fault.reachesDisk) this.#image = write.change(this.#image);
      return fault?.error;
    };
  }
}

export const rowName = (key: Uint8Array): string =>
  Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');

/** `rows` with the changes made; the original stays. */
export function changedRows(rows: MemoryRows, changes: readonly RowChange[]): MemoryRows {
  const changed = new Map(rows);
  for (const { key, value } of changes) {
    if (value === undefined) changed.delete(rowName(key));
    else changed.set(rowName(key), { key, value });
  }
  return changed;
}

/** All rows in key order. */
export const rowsInOrder = (rows: MemoryRows): readonly Row[] =>
  [...rows].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, row]) => row);
