/** How the processes of a run reach each other. */
export const networkKinds = ['proxy', 'namespaces'] as const;

export type NetworkKind = (typeof networkKinds)[number];

/** From a process to a node that it dials. */
export interface Way {
  readonly from: string;
  readonly to: string;
}

/** What a process is started with to stand at its place in the network. */
export interface Berth {
  /** Words of the command line that come before the program; none where the program is simply started. */
  readonly before: readonly string[];
  /** For addresses of nodes: the port of loopback to dial instead. */
  readonly detours: Readonly<Record<string, number>>;
  /** Its addresses are not loopback, so the library must be told that plaintext is meant. */
  readonly insecure: boolean;
}

/** What lies between the processes of a run, and can be told to misbehave. */
export interface Network {
  /** Addresses of the nodes. */
  readonly members: Readonly<Record<string, string>>;
  /** Every way from a process to a node, always in the same order. */
  readonly ways: readonly Way[];
  readonly canDelay: boolean;
  berthOf(name: string): Berth;
  /** Nothing that `one` sends reaches the others, whoever dialled; what they send still reaches it. */
  cut(one: string, others: readonly string[]): Promise<void>;
  /** Neither side hears the other. */
  part(ones: readonly string[], others: readonly string[]): Promise<void>;
  /** Breaks the connections on these ways; whether new ones come through before the next call is up to the network. */
  reset(ways: readonly Way[]): Promise<void>;
  /** Breaks the connections on these ways, and new ones at once, until it is healed. */
  refuse(ways: readonly Way[]): Promise<void>;
  /** Bytes on this way take so long, give or take `jitterMs`. Only where `canDelay` says so. */
  delay(way: Way, delayMs: number, jitterMs: number): Promise<void>;
  /** Grows with whatever faults hit: it tells whether one has really acted. */
  harm(): Promise<number>;
  /** As if nothing had been. */
  heal(): Promise<void>;
  /** Leaves nothing behind. */
  close(): Promise<void>;
}

/** Every process dials every node but itself. */
export function waysBetween(nodes: readonly string[], others: readonly string[]): readonly Way[] {
  return [...nodes, ...others].flatMap((from) => nodes.flatMap((to) => (from === to ? [] : [{ from, to }])));
}
