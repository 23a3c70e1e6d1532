import { type Exit, ProcessGroup } from './process-group.ts';
import {
  type Deadline,
  type EndCause,
  type ForwardedSignal,
  monotonicNow,
  msUntil,
  type Order,
  type Report,
} from './protocol.ts';

/** How long before the deadline the kill goes out, so that the group is gone at the deadline on a busy machine too. */
const killLeadMs = 25;

/** A suspended host moves only one of the two clocks, and no timer: look at them at least this often. */
const lookEveryMs = 250;

/** How often to look whether a group that was asked to end is gone; nothing announces that. */
const sweepEveryMs = 20;

/** What is left this long after SIGKILL is stuck in the kernel: no signal ends it sooner. */
const sweepMsMax = 1_000;

/**
 * Sees to it that a command ends before the lock that it runs under can pass on: at the deadline, at a loss, and when
 * the parent is gone. It trusts nobody to come back in time: silence ends the command.
 */
export class Guardian {
  readonly #report: (report: Report) => void;
  readonly #over: () => void;
  #deadline: Deadline = { monotonicMs: 0, uptimeMs: 0 };
  #graceMs = 0;
  #group: ProcessGroup | undefined;
  #exit: Exit | undefined;
  #cause: EndCause = 'itself';
  /** Monotonic; set once the group was asked to end. Later causes may only make it earlier. */
  #killAt: number | undefined;
  #killedAt: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  /** `over` is called once, after the last report: nothing is left to guard. */
  constructor(report: (report: Report) => void, over: () => void) {
    this.#report = report;
    this.#over = over;
  }

  take(order: Order): void {
    switch (order.kind) {
      case 'run':
        this.#run(order);
        break;
      case 'extend':
        this.#deadline = order.deadline;
        this.#watch();
        break;
      case 'lost':
        this.#end('lost', 0);
        break;
      case 'signal':
        this.#forward(order.signal);
        break;
      default:
        order satisfies never;
    }
  }

  /** Nobody extends the deadline any more, and nobody reads the reports. */
  orphaned(): void {
    if (this.#group === undefined) this.#finish();
    else this.#end('orphaned', this.#graceMs);
  }

  /** For a guardian that cannot go on: kills at once what it guards. */
  abandon(): void {
    this.#group?.signal('SIGKILL');
  }

  #run(order: Order & { kind: 'run' }): void {
    this.#deadline = order.deadline;
    this.#graceMs = order.graceMs;
    // On a machine so busy that starting us took all the time there was.
    if (msUntil(order.deadline) <= killLeadMs) {
      this.#cause = 'deadline';
      this.#conclude({ code: undefined, signal: undefined });
      return;
    }
    this.#group = new ProcessGroup(order, {
      started: (pid) => this.#report({ kind: 'started', pid }),
      failed: (code, text) => {
        this.#report({ kind: 'failed', code, text });
        this.#finish();
      },
      exited: (exit) => {
        this.#exit = exit;
        // What the command left running must not run on after the release.
        if (this.#killAt === undefined) this.#ask(this.#graceMs);
        this.#watch();
      },
    });
    this.#watch();
  }

  /**
   * The command alone gets SIGTERM, as from `kill`: it may take a second one, from a helper that passes its own on, as
   * "at once". The others come from a terminal, which sends them to the whole group.
   */
  #forward(signal: ForwardedSignal): void {
    if (signal === 'SIGTERM') this.#group?.signalLeader(signal);
    else this.#group?.signal(signal);
  }

  #end(cause: EndCause, graceMs: number): void {
    if (this.#exit === undefined && this.#killAt === undefined) this.#cause = cause;
    this.#ask(graceMs);
    this.#watch();
  }

  /** Asks the group to end within `graceMs`; an earlier kill that was planned before stays. */
  #ask(graceMs: number): void {
    const killAt = monotonicNow() + graceMs;
    if (this.#killAt === undefined && graceMs > 0) {
      this.#group?.signal('SIGTERM');
      // A stopped process hears SIGTERM only once it goes on.
      this.#group?.signal('SIGCONT');
    }
    this.#killAt = Math.min(killAt, this.#killAt ?? killAt);
  }

  /** Does what is due, and comes back when the next thing will be. */
  #watch(): void {
    clearTimeout(this.#timer);
    if (this.#isOver || this.#group === undefined) return;
    const leftMs = msUntil(this.#deadline) - killLeadMs;
    if (this.#killAt === undefined && leftMs <= this.#graceMs) {
      this.#cause = 'deadline';
      this.#ask(Math.max(0, leftMs));
    }
    if (this.#killAt !== undefined && (leftMs <= 0 || monotonicNow() >= this.#killAt)) this.#kill(this.#group);
    if (this.#exit !== undefined && this.#isSwept(this.#group)) {
      this.#conclude(this.#exit);
      return;
    }
    const nextMs = this.#killAt === undefined ? Math.min(lookEveryMs, leftMs - this.#graceMs) : sweepEveryMs;
    this.#timer = setTimeout(() => this.#watch(), nextMs);
  }

  #kill(group: ProcessGroup): void {
    group.signal('SIGKILL');
    this.#killedAt ??= monotonicNow();
  }

  #isSwept(group: ProcessGroup): boolean {
    if (this.#killedAt !== undefined && monotonicNow() - this.#killedAt > sweepMsMax) return true;
    return !group.isAlive;
  }

  #conclude(exit: Exit): void {
    this.#report({ kind: 'exited', code: exit.code, signal: exit.signal, cause: this.#cause });
    this.#finish();
  }

  #finish(): void {
    clearTimeout(this.#timer);
    if (this.#isOver) return;
    this.#isOver = true;
    this.#over();
  }
}
