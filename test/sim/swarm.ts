import type { CoreLimits } from '../../raft/index.ts';
import { Stream } from '../../src/testing/random.ts';

/** Faults that a seed may have; each is on in about two of five, and can be switched off to narrow a failure down. */
export const faultClasses = [
  ...['loss', 'duplicates', 'reordering', 'partitions', 'crashes', 'pauses', 'clocks', 'slow-disk', 'stalls'],
  ...['compaction', 'transfers', 'replacements', 'campaigns', 'slow-apply', 'bursts'],
] as const;

export type FaultClass = (typeof faultClasses)[number];

/** Everything that a seed decides about a run, apart from the course of chance itself. Milliseconds, probabilities. */
export interface Swarm {
  readonly seed: number;
  readonly faults: readonly FaultClass[];
  readonly voters: number;
  readonly electionTimeout: number;
  readonly heartbeatInterval: number;
  readonly tickInterval: number;
  /** What is heard within this time is fed in one turn; 0: every event is a turn. */
  readonly turnDelay: number;
  readonly limits: CoreLimits;
  readonly network: {
    readonly delay: number;
    readonly jitter: number;
    readonly loss: number;
    readonly duplicate: number;
    readonly fifo: boolean;
    /** How surely a peer notices that a process died or a link broke. */
    readonly notices: number;
  };
  readonly disk: { readonly delay: number; readonly jitter: number; readonly groupCommit: boolean };
  /** Mean waits between faults; a class that is off has no wait. */
  readonly every: {
    readonly partition: number | undefined;
    readonly crash: number | undefined;
    readonly pause: number | undefined;
    readonly stall: number | undefined;
    readonly transfer: number | undefined;
    readonly replacement: number | undefined;
    readonly campaign: number | undefined;
  };
  /** Mean lengths of the same. */
  readonly lasts: {
    readonly partition: number;
    readonly crash: number;
    readonly pause: number;
    readonly stall: number;
  };
  readonly clockSpread: number;
  /** Entries between checkpoints, and how many stay behind one; undefined: the log grows for ever. */
  readonly checkpoint: { readonly every: number; readonly keep: number } | undefined;
  readonly applyDelay: number;
  readonly workload: {
    readonly every: number;
    readonly reads: number;
    readonly bytesMax: number;
    readonly bursts: boolean;
  };
  readonly safetyMs: number;
}

export interface Narrowing {
  readonly without?: readonly FaultClass[];
  readonly safetyMs?: number;
}

/** What `seed` decides. A class in `without` is off, and all else stays as it was. */
export function drawSwarm(seed: number, { without = [], safetyMs }: Narrowing = {}): Swarm {
  const stream = new Stream(seed, 'swarm');
  const faults = faultClasses.filter((fault) => {
    const isOn = stream.chance(fault === 'compaction' ? 0.7 : 0.4);
    return isOn && !without.includes(fault);
  });
  const electionTimeout = stream.pick([100, 200, 1000]);
  const drawnMs = electionTimeout * stream.int(15, 60);
  return {
    seed,
    faults,
    voters: stream.pick([1, 2, 3, 3, 3, 3, 4, 5, 5, 5, 7]),
    electionTimeout,
    heartbeatInterval: electionTimeout / stream.pick([5, 10]),
    tickInterval: electionTimeout / stream.pick([10, 20, 40]),
    turnDelay: stream.pick([0, 0, 0.5, 2]),
    limits: drawLimits(stream),
    ...drawWorld(stream, { electionTimeout, faults }),
    safetyMs: safetyMs ?? drawnMs,
  };
}

const drawLimits = (stream: Stream): CoreLimits => ({
  appendEntriesMax: stream.pick([1, 1, 2, 8, 64]),
  appendBytesMax: stream.pick([1, 64, 1024, 256 * 1024]),
  inflightMessagesMax: stream.pick([1, 2, 64]),
  inflightBytesMax: stream.pick([1, 1024, 4 * 1024 * 1024]),
  uncommittedBytesMax: stream.pick([200, 4096, 32 * 1024 * 1024]),
  uncommittedEntriesMax: stream.pick([1, 20, 65_536]),
});

interface Drawn {
  readonly electionTimeout: number;
  readonly faults: readonly FaultClass[];
}

function drawWorld(stream: Stream, { electionTimeout, faults }: Drawn) {
  // Every value is drawn whether its class is on or not, so that switching one off leaves the others alone.
  const when = <T>(fault: FaultClass, on: T, off: T): T => (faults.includes(fault) ? on : off);
  const wait = (fault: FaultClass): number | undefined =>
    when<number | undefined>(fault, electionTimeout * stream.logUniform(1.5, 15), undefined);
  const length = (longest: number): number => electionTimeout * stream.logUniform(0.1, longest);
  // The round trip is at most a twentieth of the election timeout, or as much as twice of it.
  const delay = (electionTimeout / stream.pick([2, 8, 40, 40, 200])) * 0.5;
  return {
    network: {
      delay,
      jitter: delay * stream.logUniform(0.1, 4),
      loss: when('loss', stream.logUniform(0.002, 0.3), 0),
      duplicate: when('duplicates', stream.logUniform(0.005, 0.5), 0),
      fifo: !when('reordering', true, false),
      notices: stream.pick([0, 0.5, 1]),
    },
    disk: {
      delay: when('slow-disk', electionTimeout * stream.logUniform(0.01, 0.5), electionTimeout / 400),
      jitter: electionTimeout * stream.logUniform(0.001, 0.05),
      groupCommit: stream.chance(0.7),
    },
    every: {
      partition: wait('partitions'),
      crash: wait('crashes'),
      pause: wait('pauses'),
      stall: wait('stalls'),
      transfer: wait('transfers'),
      replacement: wait('replacements'),
      campaign: wait('campaigns'),
    },
    lasts: { partition: length(12), crash: length(8), pause: length(6), stall: length(4) },
    clockSpread: when('clocks', 0.25, 0),
    checkpoint: when(
      'compaction',
      { every: stream.pick([2, 5, 20, 100]), keep: stream.pick([0, 1, 10, 50]) },
      undefined,
    ),
    applyDelay: when('slow-apply', electionTimeout * stream.logUniform(0.005, 0.5), 0),
    workload: {
      every: electionTimeout * stream.logUniform(0.02, 0.4),
      reads: stream.pick([0.1, 0.5]),
      bytesMax: stream.pick([4, 40, 300]),
      bursts: when('bursts', true, false),
    },
  };
}
