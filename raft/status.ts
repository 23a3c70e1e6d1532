import type { Configuration } from './config.ts';
import type { Role } from './effects.ts';
import type { LogIndex, MemberId, Term } from './types.ts';

/** A picture of the core for people, metrics and the driver; taken by `Core.status`. */
export interface CoreStatus {
  readonly self: MemberId;
  readonly role: Role;
  readonly term: Term;
  readonly leader: MemberId | undefined;
  readonly firstIndex: LogIndex;
  readonly lastIndex: LogIndex;
  readonly durableIndex: LogIndex;
  readonly commitIndex: LogIndex;
  readonly appliedIndex: LogIndex;
  /** Bytes of payload in memory. */
  readonly logBytes: number;
  readonly configIndex: LogIndex;
  readonly configuration: Configuration;
  /** A leader in whose term an entry of its own has been applied: its table is as fresh as any. */
  readonly leads: boolean;
  /** Only at a leader. */
  readonly progress: readonly PeerProgress[];
}

export interface PeerProgress {
  readonly id: MemberId;
  readonly match: LogIndex;
  readonly mode: 'probe' | 'replicate' | 'snapshot';
  /** Its log is shorter than what it once acknowledged: its disk lost data (S34); it counts no more. */
  readonly reverted: boolean;
}
