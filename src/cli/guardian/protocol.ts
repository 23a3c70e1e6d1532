import { uptime } from 'node:os';

/**
 * When a lock counts as lost unless it is extended before, on two clocks of this host that all its processes share.
 * Whichever comes first counts.
 */
export interface Deadline {
  /** Milliseconds of the monotonic clock, which stands still while the host is suspended. */
  readonly monotonicMs: number;
  /** Milliseconds since boot, which go on while the host is suspended. */
  readonly uptimeMs: number;
}

/** What the parent tells its guardian. */
export type Order =
  /** First, once: start this command as the leader of a process group of its own. */
  | {
      readonly kind: 'run';
      readonly command: string;
      readonly args: readonly string[];
      readonly environment: NodeJS.ProcessEnv;
      readonly deadline: Deadline;
      /** How long before the deadline the group is asked to end, before it is made to. */
      readonly graceMs: number;
    }
  /** A heartbeat was acknowledged: the lock is held for longer. */
  | { readonly kind: 'extend'; readonly deadline: Deadline }
  /** The lock is gone: somebody else may have it already. */
  | { readonly kind: 'lost' }
  | { readonly kind: 'signal'; readonly signal: ForwardedSignal };

/** What the guardian tells its parent. */
export type Report =
  | { readonly kind: 'started'; readonly pid: number }
  /** The command could not be started; `code` is the system's, such as ENOENT. The last report. */
  | { readonly kind: 'failed'; readonly code: string; readonly text: string }
  /** Nothing of the group is left. The last report. */
  | {
      readonly kind: 'exited';
      readonly code: number | undefined;
      readonly signal: NodeJS.Signals | undefined;
      readonly cause: EndCause;
    };

/** Why a command ended: by itself, or because the guardian ended it. */
export type EndCause = 'itself' | 'deadline' | 'lost' | 'orphaned';

export type ForwardedSignal = (typeof forwardedSignals)[number];

/** Signals to `holdfast lock` that its command gets. */
export const forwardedSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * The guardian's file descriptors. One pipe for each direction: a parent that writes to a guardian that has just ended
 * must still be able to read the last report.
 */
export const ordersPipe = 3;
export const reportsPipe = 4;

/** The clock of uptime ticks in hundredths of a second: it may not cut a deadline short by its own coarseness. */
const uptimeSlackMs = 50;

/**
 * The deadline of a lock that is held for `remainingMs()` from now. The clocks are read first: a process that is
 * stopped between the two readings errs on the early side.
 */
export function deadlineIn(remainingMs: () => number): Deadline {
  const monotonicMs = monotonicNow();
  const uptimeMs = uptimeNow();
  const leftMs = remainingMs();
  return { monotonicMs: monotonicMs + leftMs, uptimeMs: uptimeMs + leftMs + uptimeSlackMs };
}

/** Milliseconds until the deadline; zero or less when it has passed. */
export const msUntil = (deadline: Deadline): number =>
  Math.min(deadline.monotonicMs - monotonicNow(), deadline.uptimeMs - uptimeNow());

/** Milliseconds of the host's monotonic clock: the same for all processes of one host. */
export const monotonicNow = (): number => Number(process.hrtime.bigint()) / 1e6;

const uptimeNow = (): number => uptime() * 1_000;

/** One line of a pipe. */
export const lineOf = (message: Order | Report): string => `${JSON.stringify(message)}\n`;

/** Only our own two programs, of one version, write to those pipes, so the form is trusted. */
export const orderIn = (line: string): Order => JSON.parse(line) as Order;

/** As `orderIn`, for the other direction. */
export const reportIn = (line: string): Report => JSON.parse(line) as Report;
