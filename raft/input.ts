import type { Member } from './config.ts';
import type { Message } from './message.ts';
import type { LogIndex, MemberId, Term } from './types.ts';
import type { SnapshotHead } from './write.ts';

/**
 * All that can happen to a core. `now` (second argument of `Core.step`) is monotonic milliseconds and never falls.
 * The driver feeds a turn's messages first and its tick last, so that a stalled process hears its peers before it
 * concludes anything from their silence.
 */
export type Input =
  /** Time passed. The only input at which timers fire, at most one election decision each. */
  | { readonly kind: 'tick' }
  | { readonly kind: 'message'; readonly message: Message }
  /** Payloads of `commands` entries; each is answered once in `Effects.proposals` under its id. */
  | { readonly kind: 'propose'; readonly id: number; readonly payload: Uint8Array }
  /** Persist `write` and all before it are durable. May repeat or regress: ignored then (S33). */
  | { readonly kind: 'durable'; readonly write: number }
  /** The state machine has executed all entries up to `index`. */
  | { readonly kind: 'applied'; readonly index: LogIndex }
  /** A linearizable read or any other question "am I still the leader's world?"; answered once in `Effects.reads`. */
  | { readonly kind: 'read'; readonly id: number }
  /** A durable checkpoint covers `index`; the log up to it may go (what a slow peer still needs is the driver's choice). */
  | { readonly kind: 'compact'; readonly index: LogIndex }
  /** A complete, verified snapshot from the leader of `term` lies ready beside the table. */
  | { readonly kind: 'snapshot-received'; readonly from: MemberId; readonly term: Term; readonly head: SnapshotHead }
  /** The state machine now is the snapshot that `Effects.persist` installed. Applying goes on from there. */
  | { readonly kind: 'snapshot-installed'; readonly index: LogIndex }
  /** The transfer that `Effects.snapshots` asked for ended; `delivered` tells whether the peer got all of it. */
  | { readonly kind: 'snapshot-sent'; readonly to: MemberId; readonly delivered: boolean }
  /** The link to `peer` broke. `refused`: its host answered that nobody listens (RAFT.md 8.5, stickiness). */
  | { readonly kind: 'unreachable'; readonly peer: MemberId; readonly refused: boolean }
  /** The oldest write has been under way longer than the disk stall limit (true), or it ended (false). */
  | { readonly kind: 'disk-stalled'; readonly stalled: boolean }
  /** Hand leadership to `to`, or to the best voter. */
  | { readonly kind: 'transfer'; readonly to: MemberId | undefined }
  /** Put `member` in the place of `replaces`; answered once in `Effects.proposals` under `id`. */
  | { readonly kind: 'replace'; readonly id: number; readonly member: Member; readonly replaces: MemberId }
  /** Start an election now if that is possible (a node that was told so by its operator, tests). */
  | { readonly kind: 'campaign' };
