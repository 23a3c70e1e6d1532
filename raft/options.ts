import type { ChainOf, MemberId } from './types.ts';

/** Everything a core is told at birth. Times in milliseconds. */
export interface CoreOptions {
  readonly self: MemberId;
  readonly chainOf: ChainOf;
  /** Seeds the election jitter; any 32-bit integer. */
  readonly seed: number;
  readonly heartbeatInterval: number;
  /** A follower waits between one and two of these; proposals are refused after half of one without a quorum. */
  readonly electionTimeout: number;
  readonly limits: CoreLimits;
}

export interface CoreLimits {
  readonly appendEntriesMax: number;
  readonly appendBytesMax: number;
  readonly inflightMessagesMax: number;
  readonly inflightBytesMax: number;
  /** Payload bytes of the uncommitted tail; one proposal is always admitted when the tail is empty. */
  readonly uncommittedBytesMax: number;
  readonly uncommittedEntriesMax: number;
}

export const defaultCoreLimits: CoreLimits = {
  appendEntriesMax: 256,
  appendBytesMax: 256 * 1024,
  inflightMessagesMax: 64,
  inflightBytesMax: 4 * 1024 * 1024,
  uncommittedBytesMax: 32 * 1024 * 1024,
  uncommittedEntriesMax: 65_536,
};
