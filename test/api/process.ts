import type { AcquireOutcome, AcquireWish, Acquisition } from '../../src/acquisition.ts';
import type { Clock } from '../../src/clock/index.ts';
import type { LockLostError } from '../../src/errors.ts';
import type { Hold } from '../../src/hold.ts';
import { SessionEngine } from '../../src/session-engine.ts';
import { LocalCluster, LocalGateway } from './local-gateway.ts';
import { countingRandom, VirtualClock } from './virtual-clock.ts';

/** The session TTL of the processes below, milliseconds. */
export const ttlMs = 10_000;

/** One process with its own clock; `told` are the events of its holds in order. */
export class Process {
  readonly gateway: LocalGateway;
  readonly engine: SessionEngine;
  readonly told: string[] = [];

  constructor(cluster: LocalCluster, clock: Clock, ttl = ttlMs) {
    this.gateway = new LocalGateway(cluster, clock);
    const random = countingRandom();
    const nonce = String(processes);
    processes += 1;
    this.engine = new SessionEngine({
      gateway: this.gateway,
      clock,
      random: { u32: random.u32, hex: (bytes) => nonce.padStart(8, '0') + random.hex(bytes).slice(8) },
      ttlMs: ttl,
      label: 'p',
      isHome: false,
    });
  }

  acquire(name: string, wish: { limitMs?: number; waits?: boolean } = {}): Asked {
    return new Asked(this, { name, waits: wish.waits ?? true, limitMs: wish.limitMs });
  }
}

let processes = 0;

/** One acquire and what became of it. */
export class Asked {
  outcome: AcquireOutcome | undefined;
  readonly acquisition: Acquisition;

  constructor(process: Process, wish: AcquireWish) {
    this.acquisition = process.engine.acquire(wish, (outcome) => {
      this.outcome = outcome;
      if (outcome.kind !== 'granted') return;
      outcome.hold.listen({
        jeopardy: () => process.told.push('jeopardy'),
        recovered: () => process.told.push('recovered'),
        lost: (error: LockLostError) => process.told.push(`lost:${error.reason}`),
      });
    });
  }

  get hold(): Hold {
    if (this.outcome?.kind !== 'granted') throw new Error(`not granted but ${JSON.stringify(this.outcome)}`);
    return this.outcome.hold;
  }

  get summary(): string {
    const { outcome } = this;
    if (outcome === undefined) return 'open';
    if (outcome.kind === 'given-up') return `given-up:${outcome.why.kind}:${outcome.outcome}`;
    if (outcome.kind === 'failed') return 'code' in outcome.error ? `failed:${outcome.error.code}` : 'failed';
    return outcome.kind;
  }
}

/** A cluster that never fails, and processes around it. */
export const world = (ttl = ttlMs) => {
  const clock = new VirtualClock();
  const cluster = new LocalCluster(clock);
  const process = () => new Process(cluster, clock, ttl);
  const holders = (name: string) => cluster.table.views.inspect(name)?.holders.map((holder) => holder.token) ?? [];
  return { clock, cluster, process, holders };
};
