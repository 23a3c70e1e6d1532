import type { CoreStatus, Effects, Entry, Input, Restored, SnapshotHead } from '../../raft/index.ts';
import type { Table, TableEvent } from '../table/index.ts';

/**
 * Looks over one node's shoulder: a simulator judges by it. Called inside the node's turns, in the order of events. It
 * must change nothing; what it throws ends the node like a broken invariant.
 */
export interface Observer {
  /** A member starts from what its disk held; `run` counts the starts of its data directory. */
  began(status: CoreStatus, restored: Restored, run: number): void;
  /** The core took in one input. Its status is made when it is looked at. */
  stepped(input: Input, core: { readonly status: CoreStatus }): void;
  /** The core asks for `effects`; nothing of them has been done yet. */
  asked(effects: Effects, status: CoreStatus): void;
  /** One entry was executed, and `events` came of it. */
  applied(entry: Entry, events: readonly TableEvent[], table: Table): void;
  /** A snapshot took the table's place. */
  installed(head: SnapshotHead, table: Table): void;
}
