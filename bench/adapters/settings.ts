/** What a station opens. */
export type AdapterSettings =
  | HoldfastNodeSettings
  | HoldfastClientSettings
  | EtcdSettings
  | ZooKeeperSettings
  | RedlockSettings
  | PostgresSettings;

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

interface PeerSettings {
  /** The folder where the clients of peers are installed. */
  readonly packages: string;
  /** How long a lock outlives its holder. */
  readonly ttlMs: number;
}

/** A client of one etcd server: the recipe in one transaction, or the lock of the `etcd3` package. */
export interface EtcdSettings extends PeerSettings {
  readonly kind: 'etcd';
  readonly port: number;
  readonly lock: 'recipe' | 'package';
}

/** A client of one ZooKeeper server. */
export interface ZooKeeperSettings extends PeerSettings {
  readonly kind: 'zookeeper';
  readonly port: number;
}

/** Clients of all Redis servers. */
export interface RedlockSettings extends PeerSettings {
  readonly kind: 'redlock';
  readonly ports: readonly number[];
}

/** A pool of connections to one PostgreSQL server. */
export interface PostgresSettings extends PeerSettings {
  readonly kind: 'postgres';
  readonly port: number;
  readonly user: string;
}
