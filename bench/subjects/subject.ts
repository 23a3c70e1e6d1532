import type { Station } from '../processes/station.ts';
import type { HoldfastArena, HoldfastChoice } from './holdfast.ts';

/** From where load comes: a process beside the leader, one beside another server, one beside none. */
export type Place = 'leader' | 'follower' | 'remote';

/** A lock service that is measured. */
export interface Subject {
  readonly name: string;
  /** Whether a lock survives the loss of a server, by a majority's word: ratios are taken against the best of these. */
  readonly isReplicated: boolean;
  /** Places that mean something for it. */
  readonly places: readonly Place[];
  /** Pairs at once that it can be asked for; no limit if absent. */
  readonly widthMax?: number | undefined;
  /** Why it cannot be started here, and what to install; absent, or undefined, if it can. */
  missing?(): string | undefined;
  /** Starts it on loopback with everything it writes below `folder`. Rejects with the reason if it cannot be. */
  start(folder: string): Promise<Arena>;
  /** Of Holdfast: where it is built. */
  readonly root?: string | undefined;
  /** Of Holdfast: a cluster with other options than the default ones. */
  startWith?(folder: string, choice: HoldfastChoice): Promise<HoldfastArena>;
}

/** A lock service that runs, with the processes that use it. */
export interface Arena {
  /** All places that load can come from. */
  readonly stations: readonly Station[];
  /** The three processes over which contenders are spread. */
  readonly three: readonly Station[];
  /** All processes of the service and of its users, but for their children. */
  readonly pids: readonly number[];
  /** The station at a place as of now. */
  at(place: Place): Promise<Station>;
  /** A process that can hold locks and be killed; its session lives two seconds after it is heard last. */
  holder(): Promise<Station>;
  /** SIGKILL of the process that leads; answers when that was. Undefined if it has none that could be spared. */
  killLeader(): Promise<number | undefined>;
  /** Starts what was killed; resolves when it is up to date. */
  mend(): Promise<void>;
  /** Ends everything; also what is broken. */
  close(): Promise<void>;
}

/** The session time of holders that are killed, in milliseconds. */
export const holderTtlMs = 2_000;
