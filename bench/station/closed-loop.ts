import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { nowMs, sleepUntil } from '../clock.ts';
import { latencyOf } from '../statistics.ts';
import type { LoadReport, Orders, Window } from './messages.ts';
import type { LockPort } from './port.ts';
import { Troubles } from './troubles.ts';

/** So that a service that is away is not asked as fast as the processor allows. */
const troublePauseMs = 20;

/**
 * How often the monitor looks at the event loop. What it counts contains this gap, so it is taken off again. A shorter
 * one would itself show in the processor time of a pair.
 */
const watchGapMs = 10;

/** Workers that acquire and release until the window ends; what lies within the window counts. */
export async function closedLoop(port: LockPort, order: Orders['load']): Promise<LoadReport> {
  const tally = new Tally(order, order.workers);
  const delay = loopDelay(order);
  const names = Array.from({ length: order.workers }, (_, worker) =>
    order.naming === 'shared' ? order.name : `${order.name}/${worker}`,
  );
  await Promise.all(names.map((name, worker) => work(port, { name, worker, tally })));
  return { ...tally.report(), loopDelayMs: await delay };
}

async function work(
  port: LockPort,
  { name, worker, tally }: { readonly name: string; readonly worker: number; readonly tally: Tally },
): Promise<void> {
  for (let askedAt = nowMs(); askedAt < tally.window.untilMs; askedAt = nowMs()) {
    try {
      const held = await port.acquire(name);
      const grantedAt = nowMs();
      tally.granted(worker, askedAt, grantedAt);
      await held.release();
      tally.released(askedAt, nowMs());
    } catch (error) {
      tally.troubles.add(error);
      await pause(troublePauseMs);
    }
  }
}

async function loopDelay({ fromMs, untilMs }: Window): Promise<number> {
  const monitor = monitorEventLoopDelay({ resolution: watchGapMs });
  await sleepUntil(fromMs);
  monitor.enable();
  await sleepUntil(untilMs);
  monitor.disable();
  return monitor.count === 0 ? 0 : Math.max(0, monitor.percentile(99) / 1e6 - watchGapMs);
}

/** Counts what lies within the window. */
class Tally {
  readonly window: Window;
  readonly troubles: Troubles = new Troubles();
  readonly #grants: number[];
  readonly #acquires: number[] = [];
  readonly #pairs: number[] = [];
  #longestWaitMs = 0;

  constructor(window: Window, workers: number) {
    this.window = window;
    this.#grants = Array.from({ length: workers }, () => 0);
  }

  granted(worker: number, askedAt: number, grantedAt: number): void {
    const { fromMs, untilMs } = this.window;
    if (grantedAt >= fromMs)
      this.#longestWaitMs = Math.max(this.#longestWaitMs, Math.min(grantedAt, untilMs) - askedAt);
    if (grantedAt < fromMs || grantedAt > untilMs) return;
    this.#grants[worker] = (this.#grants[worker] ?? 0) + 1;
    this.#acquires.push(grantedAt - askedAt);
  }

  released(askedAt: number, releasedAt: number): void {
    const { fromMs, untilMs } = this.window;
    if (releasedAt >= fromMs && releasedAt <= untilMs) this.#pairs.push(releasedAt - askedAt);
  }

  report(): Omit<LoadReport, 'loopDelayMs'> {
    return {
      grants: this.#grants,
      pairs: this.#pairs.length,
      acquire: latencyOf(this.#acquires),
      pair: latencyOf(this.#pairs),
      longestWaitMs: this.#longestWaitMs,
      troubles: this.troubles.count,
      trouble: this.troubles.first,
    };
  }
}
