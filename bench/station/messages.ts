import type { AdapterSettings } from '../adapters/settings.ts';
import type { Latency } from '../statistics.ts';
import type { PortStatus } from './port.ts';
import type { Toll } from './tolls.ts';

/** What a station is started with. */
export interface StationSettings {
  readonly adapter: AdapterSettings;
}

/** When to measure, on the host's monotonic clock; load runs from the order on, so what comes before is warm-up. */
export interface Window {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** What a station can be asked. */
export interface Orders {
  /** Workers that acquire and release, each as soon as it can. No workers: only the event loop is watched. */
  readonly load: Window & {
    readonly workers: number;
    /** Each worker has a lock of its own below `name`, or all share the lock `name`. */
    readonly naming: 'distinct' | 'shared';
    readonly name: string;
  };
  /** Pairs that begin when they are due, whatever became of the earlier ones. */
  readonly open: Window & { readonly ratePerS: number; readonly name: string };
  /** Acquires so many locks below `name` and keeps them. */
  readonly hold: { readonly name: string; readonly count: number };
  /** Acquires one lock and keeps it. */
  readonly take: { readonly name: string };
  /** Releases one that was taken. */
  readonly drop: { readonly name: string };
  /** Workers that acquire, release and never give up, until `unwatch`. */
  readonly watch: { readonly workers: number; readonly name: string };
  /** When the first of their acquires that was asked for since `atMs` was granted. */
  readonly since: { readonly atMs: number };
  readonly unwatch: Record<never, never>;
  readonly status: Record<never, never>;
  /** Bytes in use, after a full collection. */
  readonly memory: Record<never, never>;
  /** Begins to sample stacks. */
  readonly profile: Record<never, never>;
  /** Ends that, and leaves the profile in a file. */
  readonly profiled: { readonly path: string };
  readonly stop: Record<never, never>;
}

export type OrderKind = keyof Orders;

/** What it answers. */
export interface Answers {
  readonly load: LoadReport;
  readonly open: OpenReport;
  readonly hold: { readonly seconds: number };
  readonly take: { readonly grantedAtMs: number };
  readonly drop: Record<never, never>;
  readonly watch: Record<never, never>;
  readonly since: { readonly grantedAtMs: number | undefined };
  readonly unwatch: { readonly grants: number; readonly troubles: number };
  readonly status: PortStatus;
  readonly memory: { readonly usedBytes: number; readonly residentBytes: number };
  readonly profile: Record<never, never>;
  readonly profiled: { readonly tolls: readonly Toll[] };
  readonly stop: Record<never, never>;
}

/** What a closed loop came to, within its window. Times are milliseconds. */
export interface LoadReport {
  /** Grants of each worker. */
  readonly grants: readonly number[];
  readonly pairs: number;
  readonly acquire: Latency;
  readonly pair: Latency;
  /** The longest wait that touches the window; one that had not ended counts up to its end. */
  readonly longestWaitMs: number;
  readonly troubles: number;
  /** Of the troubles, the first. */
  readonly trouble?: string | undefined;
  /** How much later than due the event loop turned, 99th percentile. */
  readonly loopDelayMs: number;
}

/** What an open loop came to. `pair` counts from the time at which each was due. */
export interface OpenReport {
  readonly due: number;
  readonly pair: Latency;
  /** How late the requests were begun: what of `pair` is this process, not the service. */
  readonly late: Latency;
  /** Not begun because too many were under way: the service does not keep up with this rate. */
  readonly dropped: number;
  readonly troubles: number;
  readonly trouble?: string | undefined;
}

/** One question to a station. */
export type Message<K extends OrderKind = OrderKind> = {
  readonly [P in K]: { readonly id: number; readonly kind: P; readonly order: Orders[P] };
}[K];

/** What comes back: first `ready`, then one reply for each message. */
export type Reply =
  | { readonly kind: 'ready'; readonly atMs: number }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: Answers[OrderKind] }
  | { readonly kind: 'failed'; readonly id: number; readonly text: string };
