import type { ChainOf, CoreLimits } from '../../raft/index.ts';
import { defaultCoreLimits } from '../../raft/index.ts';
import type { Store } from '../../storage/index.ts';
import type { Clock, Random } from '../clock/index.ts';
import type { TableLimits } from '../table/index.ts';
import { defaultTableLimits } from '../table/index.ts';
import type { PeerHandlers, PeerTransport } from '../transport/index.ts';
import type { Failure } from './gateway.ts';
import type { Observer } from './observer.ts';

/** Where a node says what an operator should know; any pino-shaped logger fits. */
export interface Logger {
  debug(context: object, text: string): void;
  info(context: object, text: string): void;
  warn(context: object, text: string): void;
  error(context: object, text: string): void;
}

/** Milliseconds. */
export interface Timings {
  readonly heartbeatInterval: number;
  readonly electionTimeout: number;
  /** A write under way longer than this makes a leader stop its heartbeats (S77). */
  readonly diskStallTimeout: number;
}

export interface NodeLimits {
  readonly core: CoreLimits;
  readonly table: TableLimits;
  /** Bytes of commands in one log entry, and in one forwarded batch. */
  readonly batchBytesMax: number;
  /** Requests without an answer, over all sessions of this node; beyond it they are refused as overloaded. */
  readonly openRequestsMax: number;
  /** A checkpoint is taken after this many changed rows, */
  readonly checkpointRows: number;
  /** or this many applied entries, */
  readonly checkpointEntries: number;
  /** or this many bytes of log, whichever comes first. */
  readonly checkpointBytes: number;
  /** Entries that stay in the log behind a checkpoint, so that a peer that lags a little needs no snapshot, */
  readonly keptEntries: number;
  /** within this many bytes. */
  readonly keptBytes: number;
  /** Events kept for whoever reads them later, */
  readonly keptEvents: number;
  /** within about this many bytes. */
  readonly keptEventBytes: number;
  readonly snapshotChunkBytes: number;
  /** With less room than this on the data directory's disk, this node takes no new acquires; releases go on. */
  readonly diskFreeBytesMin: number;
}

export const defaultNodeLimits: NodeLimits = {
  core: defaultCoreLimits,
  table: defaultTableLimits,
  batchBytesMax: 1024 * 1024,
  openRequestsMax: 50_000,
  checkpointRows: 20_000,
  checkpointEntries: 8_192,
  checkpointBytes: 16 * 1024 * 1024,
  keptEntries: 4_096,
  keptBytes: 64 * 1024 * 1024,
  keptEvents: 32_768,
  keptEventBytes: 16 * 1024 * 1024,
  snapshotChunkBytes: 256 * 1024,
  diskFreeBytesMin: 64 * 1024 * 1024,
};

/** All that a node takes from outside: the same node runs on a real machine and in a simulated one. */
export interface RuntimeOptions {
  readonly nodeId: string;
  readonly store: Store;
  /** The store's own: what the core computes and what the store verifies must be the same. */
  readonly chainOf: ChainOf;
  /** Called once, after the store is open. */
  readonly transport: (handlers: PeerHandlers) => PeerTransport;
  readonly clock: Clock;
  readonly random: Random;
  /** The first members by node id, this node among them; serves only while the node is blank. Absent: a single node. */
  readonly members: Readonly<Record<string, string>> | undefined;
  /** Where peers and clients reach this node. */
  readonly address: string;
  readonly timings: Timings;
  readonly limits: NodeLimits;
  readonly logger: Logger;
  /** The node has stopped for good: a storage error, a broken invariant, a second process on a copy of its data. */
  readonly onFailed: (failure: Failure) => void;
  /** Sees all that this node does. */
  readonly observer?: Observer | undefined;
}
