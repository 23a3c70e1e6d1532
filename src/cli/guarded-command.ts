import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { signalGroup } from './guardian/process-group.ts';
import {
  type Deadline,
  deadlineIn,
  type ForwardedSignal,
  lineOf,
  type Order,
  ordersPipe,
  type Report,
  reportIn,
  reportsPipe,
} from './guardian/protocol.ts';

/** What a guarded command needs to know about the lock that it runs under; a `LockHandle` is one. */
export interface Lease {
  /** False while the lock is lost or in doubt; nothing is extended then. */
  readonly isHeld: boolean;
  /** Aborts when the lock is lost. */
  readonly signal: AbortSignal;
  /** Milliseconds for which the lock is still held if no further heartbeat is acknowledged. */
  remaining(): number;
}

export interface GuardedRun {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the command. */
  readonly environment: NodeJS.ProcessEnv;
  /** How long before the deadline the command's group gets SIGTERM; at the deadline it gets SIGKILL. */
  readonly graceMs: number;
  /** How often to look whether the lock is held for longer than the guardian knows. */
  readonly lookEveryMs: number;
}

export type GuardedEnd =
  | Exclude<Report, { kind: 'started' }>
  /** The guardian itself ended first; the command was killed for it. */
  | { readonly kind: 'unguarded' };

/** A command that runs under a lock and a guardian, which ends it before the lock can pass on. */
export class GuardedCommand {
  /** Resolves, never rejects, when nothing of the command is left. */
  readonly ended: Promise<GuardedEnd>;
  readonly #lease: Lease;
  readonly #orders: Writable;
  readonly #interval: NodeJS.Timeout;
  #deadline: Deadline;
  #pid: number | undefined;
  #end: GuardedEnd | undefined;

  constructor(lease: Lease, run: GuardedRun) {
    this.#lease = lease;
    const guardian = startGuardian();
    this.#orders = ordersOf(guardian);
    const reports = reportsOf(guardian);
    this.#deadline = deadlineIn(() => lease.remaining());
    const { command, args, environment, graceMs } = run;
    this.#order({ kind: 'run', command, args, environment, graceMs, deadline: this.#deadline });
    this.#interval = setInterval(this.#extend, run.lookEveryMs);
    lease.signal.addEventListener('abort', this.#lose, { once: true });
    if (lease.signal.aborted) this.#lose();
    createInterface({ input: reports }).on('line', (line) => this.#take(reportIn(line)));
    this.ended = new Promise((resolve) => {
      // Not the guardian's exit: what it wrote last may still be in the pipe then.
      reports.once('close', () => resolve(this.#conclude()));
    });
  }

  /** Passes a signal on to the command; ignored when it has ended. */
  forward(signal: ForwardedSignal): void {
    this.#order({ kind: 'signal', signal });
  }

  readonly #extend = (): void => {
    if (!this.#lease.isHeld) return;
    const deadline = deadlineIn(() => this.#lease.remaining());
    if (deadline.monotonicMs <= this.#deadline.monotonicMs + 1) return;
    this.#deadline = deadline;
    this.#order({ kind: 'extend', deadline });
  };

  readonly #lose = (): void => this.#order({ kind: 'lost' });

  #order(order: Order): void {
    if (this.#orders.writable) this.#orders.write(lineOf(order));
  }

  #take(report: Report): void {
    if (report.kind === 'started') this.#pid = report.pid;
    else this.#end = report;
  }

  #conclude(): GuardedEnd {
    clearInterval(this.#interval);
    this.#orders.destroy();
    this.#lease.signal.removeEventListener('abort', this.#lose);
    if (this.#end !== undefined) return this.#end;
    if (this.#pid !== undefined) signalGroup(this.#pid, 'SIGKILL');
    return { kind: 'unguarded' };
  }
}

/** Detached: signals of the terminal, and whatever ends this process, must not reach the guardian. */
function startGuardian(): ChildProcess {
  const program = fileURLToPath(new URL('./guardian/main.js', import.meta.url));
  const { NODE_OPTIONS: _ours, ...environment } = process.env;
  return spawn(process.execPath, [program], {
    detached: true,
    stdio: ['inherit', 'inherit', 'inherit', 'pipe', 'pipe'],
    env: environment,
  });
}

function ordersOf(guardian: ChildProcess): Writable {
  const orders = guardian.stdio[ordersPipe];
  if (!(orders instanceof Writable)) throw new Error('there is no pipe to the guardian');
  // What is written to a guardian that is gone; the end of its reports says so.
  orders.on('error', () => orders.destroy());
  return orders;
}

function reportsOf(guardian: ChildProcess): Readable {
  const reports = guardian.stdio[reportsPipe];
  if (!(reports instanceof Readable)) throw new Error('there is no pipe from the guardian');
  reports.on('error', () => reports.destroy());
  guardian.on('error', () => reports.destroy());
  return reports;
}
