import type { LogIndex, LogWrite, Position } from '../raft/index.ts';
import { demand } from './errors.ts';

/** The two ends of a stored log: it holds the entries `base.index + 1` to `last.index`. */
export interface LogBounds {
  /** The entry before the first. */
  readonly base: Position;
  /** The last entry; `base` itself when the log is empty. */
  readonly last: Position;
}

/** What a write does to the bounds. */
export interface LogPlan {
  readonly base: Position;
  readonly lastIndex: LogIndex;
  /** Absent when it must be looked up: a truncation without new entries ends the log at an older entry. */
  readonly last: Position | undefined;
  /** Stored entries of this index and above are no longer true. Above the old last index: none. */
  readonly staleFrom: LogIndex;
}

/** Genesis: nothing before, nothing in it. */
export const emptyLog: LogBounds = {
  base: { index: 0, term: 0, chain: 0 },
  last: { index: 0, term: 0, chain: 0 },
};

interface Ends {
  base: Position;
  last: Position | undefined;
  lastIndex: LogIndex;
  staleFrom: LogIndex;
}

/**
 * The effect of `write` on a log with `bounds`, checked against the contract of `LogWrite`; throws a `MISUSE` for a
 * write that would leave a hole or drop what no checkpoint up to `covered` holds.
 */
export function planWrite(bounds: LogBounds, write: LogWrite, covered: LogIndex): LogPlan {
  const ends: Ends = { ...bounds, lastIndex: bounds.last.index, staleFrom: bounds.last.index + 1 };
  planInstall(ends, write);
  planBase(ends, write, covered);
  planTruncation(ends, write);
  planEntries(ends, write);
  return ends;
}

function planInstall(ends: Ends, write: LogWrite): void {
  if (write.install === undefined) return;
  const { position } = write.install.snapshot;
  demand(position.index >= ends.base.index, `a snapshot at ${position.index} behind the base ${ends.base.index}`);
  if (write.install.keepsSuffix) {
    demand(position.index <= ends.lastIndex, `no suffix to keep above ${position.index}: last is ${ends.lastIndex}`);
  } else {
    ends.staleFrom = Math.min(ends.staleFrom, position.index + 1);
    ends.lastIndex = position.index;
  }
  ends.base = position;
  if (ends.lastIndex === position.index) ends.last = position;
}

function planBase(ends: Ends, write: LogWrite, covered: LogIndex): void {
  if (write.base === undefined || write.base.index <= ends.base.index) return;
  const reach = Math.max(covered, write.install?.snapshot.position.index ?? 0);
  demand(write.base.index <= ends.lastIndex, `base ${write.base.index} beyond the last entry ${ends.lastIndex}`);
  demand(write.base.index <= reach, `base ${write.base.index} beyond the checkpoint at ${reach}`);
  ends.base = write.base;
}

function planTruncation(ends: Ends, write: LogWrite): void {
  const from = write.truncateFrom;
  if (from === undefined || from > ends.lastIndex) return;
  demand(from > ends.base.index, `truncation from ${from} at or below the base ${ends.base.index}`);
  ends.staleFrom = Math.min(ends.staleFrom, from);
  ends.lastIndex = from - 1;
  ends.last = ends.lastIndex === ends.base.index ? ends.base : undefined;
}

function planEntries(ends: Ends, write: LogWrite): void {
  for (const entry of write.entries) {
    demand(entry.index === ends.lastIndex + 1, `entry ${entry.index} after ${ends.lastIndex} leaves a hole`);
    ends.lastIndex = entry.index;
    ends.last = entry;
  }
}
