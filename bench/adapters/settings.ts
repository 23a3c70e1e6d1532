/** What a station opens. */
export type AdapterSettings = HoldfastNodeSettings | HoldfastClientSettings;

/** An embedded node of Holdfast. */
export interface HoldfastNodeSettings {
  readonly kind: 'holdfast-node';
  /** The repository, built, whose library is loaded. */
  readonly root: string;
  readonly nodeId: string;
  readonly members: Readonly<Record<string, string>>;
  readonly dataDir: string;
  /** For measuring how a node catches up; the defaults otherwise. */
  readonly limits?: { readonly checkpointEntries: number; readonly keptEntries: number } | undefined;
}

/** Clients of Holdfast without a node. */
export interface HoldfastClientSettings {
  readonly kind: 'holdfast-client';
  readonly root: string;
  readonly endpoints: readonly string[];
  readonly sessionTtlMs: number;
  /** So many sessions, used in turn: one session may hold 10,000 locks. */
  readonly sessions: number;
}
