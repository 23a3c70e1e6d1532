/** A number or string that cannot be mistaken for another idea of the same shape; plain literals still fit. */
type Flavor<T, Name extends string> = T & { readonly __idea?: Name };

/** A leader's reign; 0 before the first. Never falls on a node, not even across a restart. */
export type Term = Flavor<number, 'term'>;

/** A place in the log. The first entry has index 1; 0 is the empty log's genesis. */
export type LogIndex = Flavor<number, 'index'>;

/**
 * One life of one node: opaque here. The floors above make it of the node's name and the incarnation of its data
 * directory, so that a wiped node is another member and no vote or acknowledgement of its former life counts.
 */
export type MemberId = Flavor<string, 'member'>;

/** A checksum over a whole log prefix (see `EntryBody`): equal on two nodes only if the prefixes are equal. */
export type Chain = Flavor<number, 'chain'>;

/**
 * `noop` opens a leader's term, `configuration` carries an encoded `Configuration`, `commands` is opaque to this floor.
 */
export type EntryKind = 'noop' | 'configuration' | 'commands';

/** What a chain value is computed over; `chain(i) = checksum(chain(i - 1), body(i))`. */
export interface EntryBody {
  readonly index: LogIndex;
  readonly term: Term;
  readonly kind: EntryKind;
  /** Never changed after the entry was made. */
  readonly payload: Uint8Array;
}

/** One place of the log, as it is stored and sent. */
export interface Entry extends EntryBody {
  readonly chain: Chain;
}

/** One point of one log: the last entry it covers. Genesis is `{ index: 0, term: 0, chain: 0 }`. */
export interface Position {
  readonly index: LogIndex;
  readonly term: Term;
  readonly chain: Chain;
}

/** What must survive a crash besides entries. `votedFor` is absent until a vote was cast in `term`. */
export interface HardState {
  readonly term: Term;
  readonly votedFor: MemberId | undefined;
}

/** Computes the next chain value. Comes from outside because this floor has no checksum of its own. */
export type ChainOf = (previous: Chain, body: EntryBody) => Chain;
