import type { Stream } from '../../../src/testing/index.ts';
import type { Cluster } from '../cluster.ts';
import type { Host } from '../host.ts';
import type { Journal } from '../journal.ts';

export const faultKinds = ['kill', 'pause', 'partition', 'disk', 'clock'] as const;

export type FaultKind = (typeof faultKinds)[number];

/** Where a fault is inflicted, and by which chance. */
export interface Scene {
  readonly cluster: Cluster;
  readonly journal: Journal;
  readonly random: Stream;
  /** Waits so many milliseconds; less when the faults are to end. */
  readonly rest: (ms: number) => Promise<void>;
}

/** One fault after its end. */
export interface Inflicted {
  /** Such as `kill the leader`. */
  readonly what: string;
  /** Whether it was seen to act: a process died or stood still, bytes were held, a call failed, a clock jumped. */
  readonly acted: boolean;
}

/** Makes one fault, waits, and ends it. */
export type Injector = (scene: Scene) => Promise<Inflicted>;

export const namesOf = (hosts: readonly Host[]): string => hosts.map(({ name }) => name).join(' and ');
