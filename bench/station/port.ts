/** A lock that is held. */
export interface Held {
  /** Resolves when the service has confirmed it. */
  release(): Promise<unknown>;
}

/** How a place sees itself and its cluster; what a service does not have is absent. */
export interface PortStatus {
  readonly isLeader: boolean;
  readonly leader?: string | undefined;
  readonly commitIndex?: number | undefined;
  readonly appliedIndex?: number | undefined;
}

/** One lock service as a load sees it: the only thing that an adapter has to give. */
export interface LockPort {
  /** Waits for its turn, for ever or for `timeoutMs`; rejects if it did not come. */
  acquire(name: string, timeoutMs?: number): Promise<Held>;
  status(): Promise<PortStatus>;
  /** Frees everything. */
  close(): Promise<unknown>;
}
