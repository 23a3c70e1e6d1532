import type { LogWrite, Position } from '../raft/index.ts';
import type { LogPlan } from './log-plan.ts';
import type { SegmentLog } from './segment-log.ts';
import type { Watermark } from './watermark.ts';

/** A write, what it does to the log, and the number of the table directory that counts after it. */
export interface Task {
  readonly write: LogWrite;
  readonly plan: LogPlan;
  readonly table: number;
}

/**
 * Brings writes to the log and, in the order that a crash demands, to the watermark. The common write has no promise on
 * its way: it is one call to the system and its answer.
 */
export class LogWriter {
  readonly #log: SegmentLog;
  readonly #watermark: Watermark;
  #isWriting = false;
  #whenIdle: (() => void) | undefined;

  constructor(log: SegmentLog, watermark: Watermark) {
    this.#log = log;
    this.#watermark = watermark;
  }

  get isWriting(): boolean {
    return this.#isWriting;
  }

  /** Resolves when the write that is under way has been answered. */
  async idle(): Promise<void> {
    if (!this.#isWriting) return;
    await new Promise<void>((resolve) => {
      this.#whenIdle = resolve;
    });
  }

  /** Calls `written` once, never before it has returned; with null when all is durable. Calls must not overlap. */
  write({ write, plan, table }: Task, written: (error: unknown) => void): void {
    const before = this.#log.hardState;
    const end = (error: unknown): void => {
      this.#isWriting = false;
      written(error);
      this.#whenIdle?.();
    };
    const logged = (error: unknown): void => {
      const { hardState, bounds } = this.#log;
      if (error === null) this.#watermark.reached(bounds.last);
      const hasChanged = hardState.term !== before.term || hardState.votedFor !== before.votedFor;
      if (error !== null || !hasChanged) end(error);
      else this.#watermark.secure(hardState).then(() => end(null), end);
    };
    const put = (last: Position): void => this.#log.write({ write, plan, last, table }, logged);
    if (plan.last !== undefined && plan.staleFrom > this.#log.bounds.last.index) put(plan.last);
    else this.#readied(plan).then(put).catch(end);
    // Last: a write that cannot be put into bytes throws, and then none is under way.
    this.#isWriting = true;
  }

  /** What must be before entries are dropped; resolves with the last entry after the write. */
  async #readied(plan: LogPlan): Promise<Position> {
    const last = plan.last ?? (await this.#log.positionAt(plan.lastIndex));
    if (plan.staleFrom <= this.#log.bounds.last.index) await this.#watermark.lower(plan.staleFrom - 1);
    return last;
  }
}
