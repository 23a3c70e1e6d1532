/** What a process of the run is started with. */
export interface HostSettings {
  /** File URL of the library under test: that of this repository, or of a copy with a planted bug. */
  readonly library: string;
  /** For each address of a node, the port of the proxy that stands on this process's way to it. */
  readonly detours: Readonly<Record<string, number>>;
  /** Plaintext beyond loopback is meant. */
  readonly insecure: boolean;
  readonly sessionTtl: number;
  readonly role: HostRole;
}

/** An embedded node, or a process that only connects. */
export type HostRole =
  | {
      readonly kind: 'node';
      readonly nodeId: string;
      readonly members: Readonly<Record<string, string>>;
      readonly dataDir: string;
      readonly electionTimeout: number;
      readonly heartbeatInterval: number;
      /** Where it writes down what it does. */
      readonly journal: string;
      /** Small, so that snapshots travel within a short run. */
      readonly limits: { readonly checkpointEntries: number; readonly keptEntries: number };
    }
  | { readonly kind: 'client'; readonly endpoints: readonly string[]; readonly labels: readonly string[] };

/** What is wanted of one lock. */
export type WantedPart =
  | { readonly kind: 'exclusive'; readonly name: string }
  | { readonly kind: 'reader-writer'; readonly name: string; readonly mode: 'read' | 'upgradeable' | 'write' }
  | { readonly kind: 'semaphore'; readonly name: string; readonly permits: number; readonly limit: number };

/** What the harness asks of a process; each is answered once, by its number, unless the process dies. */
export type Question =
  /** `seat` chooses among the connections of the process. The hold gets the number of the question. */
  | { readonly kind: 'acquire'; readonly seat: number; readonly name: string; readonly timeout: number | undefined }
  | { readonly kind: 'try'; readonly seat: number; readonly name: string }
  /** One lock of any kind, or several at once. The hold of each gets the number of the question and its place. */
  | {
      readonly kind: 'acquire-parts';
      readonly seat: number;
      readonly parts: readonly WantedPart[];
      /** 0: one attempt. */
      readonly timeout: number | undefined;
      readonly owner?: string | undefined;
      readonly reentrant?: boolean | undefined;
    }
  /** `timeout` 0: one attempt. */
  | { readonly kind: 'upgrade'; readonly hold: number; readonly timeout: number | undefined }
  | { readonly kind: 'downgrade'; readonly hold: number; readonly to: 'upgradeable' | 'read' }
  | { readonly kind: 'limit'; readonly seat: number; readonly name: string; readonly limit: number }
  /** `part`: its place in the request; 0 if absent. */
  | { readonly kind: 'release'; readonly hold: number; readonly part?: number | undefined }
  /** Whether the holder believes that it holds. */
  | { readonly kind: 'check'; readonly hold: number; readonly part?: number | undefined }
  | { readonly kind: 'inspect'; readonly seat: number; readonly name: string }
  | { readonly kind: 'clock' }
  | { readonly kind: 'status' };

export type Order =
  | { readonly kind: 'ask'; readonly id: number; readonly question: Question }
  | { readonly kind: 'stop' };

/** What `inspect` showed of a holder. */
export interface SeenHolder {
  readonly token: number;
  /** The node, or the label of a client: whose session it is. */
  readonly home: string;
}

export type Answer =
  | { readonly kind: 'granted'; readonly token: number }
  | { readonly kind: 'busy' }
  | { readonly kind: 'released' }
  | { readonly kind: 'done' }
  | { readonly kind: 'checked'; readonly isHeld: boolean }
  | { readonly kind: 'holders'; readonly holders: readonly SeenHolder[] }
  | { readonly kind: 'clock'; readonly wallMs: number; readonly monotonicMs: number }
  | { readonly kind: 'status'; readonly role: string; readonly term: number }
  | {
      readonly kind: 'error';
      readonly code: string;
      readonly outcome: 'not-applied' | 'applied' | 'unknown';
      readonly text: string;
      /** Of a `DEADLOCK`. */
      readonly cycle?: readonly { readonly owner: string | null; readonly lock: string }[] | undefined;
      /** Of a `SEMAPHORE_LIMIT`: how many permits there are. */
      readonly limit?: number | undefined;
    };

export type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: Answer }
  /** The node stopped by itself, or could not be opened. */
  | { readonly kind: 'failed'; readonly text: string }
  /** The cluster ended a session although the holder's own deadline had not passed. */
  | { readonly kind: 'early-loss'; readonly name: string; readonly token: number; readonly leftMs: number };
