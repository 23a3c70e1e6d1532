import type { Logger } from './logger.ts';

/** How an embedded node is opened. Times are whole milliseconds. An option that is not listed here is a TypeError. */
export interface HoldfastOptions {
  /** Where the node keeps everything, made with mode 0700 if absent; one process and one node each. */
  readonly dataDir: string;
  /** 1 to 64 of `A-Z a-z 0-9 . _ -`; the same for the life of the data directory. Default `node`. */
  readonly nodeId?: string | undefined;
  /**
   * `host:port` or `[ipv6]:port` where peers and clients reach this node. Needed with more than one member; without it
   * a single node listens nowhere. Port 0, any free one, is for a single node only.
   */
  readonly listen?: string | undefined;
  /** What others dial. Default: `listen`, or this node's entry in `members` when `listen` is a wildcard address. */
  readonly advertise?: string | undefined;
  /**
   * The first members, node id to address, this node among them: 1 to 9. Counts only while the data directory is new;
   * later members live in the replicated log. Absent: a cluster of this node alone.
   */
  readonly members?: Readonly<Record<string, string>> | undefined;
  /**
   * How long the cluster keeps the locks of a process that it does not hear, 1,000 to 3,600,000. Default 10,000. A
   * holder gives up its locks a tenth (at least 200 ms) earlier.
   */
  readonly sessionTtl?: number | undefined;
  /** How often a leader is heard, 10 to 60,000. Default 100. */
  readonly heartbeatInterval?: number | undefined;
  /** A leader not heard for one to two of these is replaced: 5 heartbeats to 600,000. Default 1,000. */
  readonly electionTimeout?: number | undefined;
  /** How long `open` waits for a leader, 1 to 3,600,000. Default 30,000. */
  readonly readyTimeout?: number | undefined;
  /** How long `close` may take to say goodbye, 0 to 600,000. Default 5,000. */
  readonly closeTimeout?: number | undefined;
  /** A leader whose disk takes longer than this for one write stops leading, 10 to 600,000. Default `electionTimeout`. */
  readonly diskStallTimeout?: number | undefined;
  /** Any pino-shaped logger. Default: silence. */
  readonly logger?: Logger | undefined;
  /** Allows plaintext beyond loopback, for networks that are private by other means. Default false. */
  readonly insecure?: boolean | undefined;
  /** `host:port` for `/livez` and `/readyz` over HTTP. Default: none. */
  readonly healthListen?: string | undefined;
  /**
   * For debugging: a file, made with mode 0600 if absent, that gets a JSON line for each entry which this node applies,
   * and for each of its votes, terms as leader and installed snapshots. It is never shortened; one node each. If it
   * cannot be written any more, that is logged once, and the node goes on without. Default: none, at no cost.
   */
  readonly journal?: string | undefined;
  /** Bounds of this node's own resources; see there. */
  readonly limits?: LimitOptions | undefined;
}

/**
 * Bounds of this node alone. What the cluster allows (sessions, holds, waiters, locks) is the same everywhere and for
 * good: it decides what the replicated table answers, and is not an option.
 */
export interface LimitOptions {
  /** Requests of all sessions of this node that have no answer yet, 1 to 1,000,000. Default 50,000. */
  readonly openRequests?: number | undefined;
  /** With fewer bytes free on the disk of `dataDir` nothing new is locked by way of this node. Default 64 MiB. */
  readonly freeDiskBytes?: number | undefined;
  /** The table is written to disk after this many log entries, 16 to 1,000,000. Default 8,192. */
  readonly checkpointEntries?: number | undefined;
  /** Log entries kept for nodes that lag, 0 to 1,000,000; one that lags more gets a snapshot. Default 4,096. */
  readonly keptEntries?: number | undefined;
  /**
   * Events kept in memory for `provider.events`, 1,024 to 1,000,000, and at most 16 MiB of them. Who falls further behind
   * gets an `EventsLostError`. Default 32,768.
   */
  readonly keptEvents?: number | undefined;
}

/** How a client without a node of its own connects. An option that is not listed here is a TypeError. */
export interface ConnectOptions {
  /** `host:port` of one or more nodes, at most 64; any that answers will do, and the others are learned from it. */
  readonly endpoints: readonly string[];
  /** Milliseconds, 1,000 to 3,600,000, default 10,000: as for a node. */
  readonly sessionTtl?: number | undefined;
  /** A name for people, at most 128 bytes without control characters. Default `client`. */
  readonly label?: string | undefined;
  /** How long `connect` waits for a node that knows a leader, 1 to 3,600,000 ms. Default 30,000. */
  readonly readyTimeout?: number | undefined;
  /** How long `close` may take to say goodbye, 0 to 600,000 ms. Default 5,000. */
  readonly closeTimeout?: number | undefined;
  /** Only this cluster will do. Default: any, and ever after the first one met. */
  readonly clusterId?: string | undefined;
  /** False: `connect` is content with a node that knows no leader, or is blank, to ask for its status. Default true. */
  readonly requireLeader?: boolean | undefined;
  /** Any pino-shaped logger. Default: silence. */
  readonly logger?: Logger | undefined;
  /** Allows plaintext beyond loopback, for networks that are private by other means. Default false. */
  readonly insecure?: boolean | undefined;
}
