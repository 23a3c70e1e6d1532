import { setTimeout as pause } from 'node:timers/promises';
import { nowMs, sleepUntil } from '../clock.ts';
import { Schedule } from '../schedule.ts';
import { latencyOf } from '../statistics.ts';
import type { OpenReport, Orders } from './messages.ts';
import type { LockPort } from './port.ts';
import { Troubles } from './troubles.ts';

/** Pairs under way at most: far beyond what a service that keeps up ever has, and far below what memory allows. */
const underWayMax = 9_000;

/** Names in use, again and again: more than can be under way, and few enough for services that keep each. */
const namesMax = 10_000;

/** Pairs that begin when they are due; latency counts from then. */
export async function openLoop(port: LockPort, order: Orders['open']): Promise<OpenReport> {
  const pairs = new OpenPairs(port, order.name);
  const schedule = new Schedule(order, order.ratePerS);
  await sleepUntil(order.fromMs);
  while (!schedule.isOver) {
    for (const dueAt of schedule.take(nowMs())) pairs.begin(dueAt);
    // One timer a millisecond, and all that came due in it at once; `late` tells what that costs.
    await pause(1);
  }
  return await pairs.finish();
}

class OpenPairs {
  readonly #port: LockPort;
  readonly #name: string;
  readonly #latencies: number[] = [];
  readonly #late: number[] = [];
  readonly #troubles: Troubles = new Troubles();
  readonly #underWay: Set<Promise<void>> = new Set();
  #due = 0;
  #dropped = 0;

  constructor(port: LockPort, name: string) {
    this.#port = port;
    this.#name = name;
  }

  begin(dueAt: number): void {
    this.#due += 1;
    if (this.#underWay.size >= underWayMax) {
      this.#dropped += 1;
      return;
    }
    this.#late.push(nowMs() - dueAt);
    const pair = this.#pair(`${this.#name}/${this.#due % namesMax}`, dueAt).finally(() => this.#underWay.delete(pair));
    this.#underWay.add(pair);
  }

  async finish(): Promise<OpenReport> {
    await Promise.all(this.#underWay);
    return {
      due: this.#due,
      pair: latencyOf(this.#latencies),
      late: latencyOf(this.#late),
      dropped: this.#dropped,
      troubles: this.#troubles.count,
      trouble: this.#troubles.first,
    };
  }

  async #pair(name: string, dueAt: number): Promise<void> {
    try {
      const held = await this.#port.acquire(name);
      await held.release();
      this.#latencies.push(nowMs() - dueAt);
    } catch (error) {
      this.#troubles.add(error);
    }
  }
}
