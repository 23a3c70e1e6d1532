/** How one write becomes safe: in place into a file filled before, or as a batch of LevelDB. */
export type Disk = 'file' | 'level';

/** What the two processes of a follower, and the one that measures, are started with. */
export interface FloorSettings {
  readonly disk: Disk;
  /** On the disk that the service writes to. */
  readonly folder: string;
  /** How long is measured, after as long to warm up. */
  readonly windowMs: number;
}

/** What a commit costs at least. */
export interface FloorResult {
  readonly p50: number;
  readonly p99: number;
}
