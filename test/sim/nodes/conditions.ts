import { defaultCoreLimits } from '../../../raft/index.ts';
import { defaultNodeLimits, type NodeLimits, type Timings } from '../../../src/node/index.ts';
import type { LockKind } from '../../../src/table/index.ts';
import { Stream } from '../../../src/testing/index.ts';

/** Faults that a seed may have; each is on in about two of five, and can be switched off to narrow a failure down. */
export const nodeFaults = [
  ...['loss', 'duplicates', 'reordering', 'partitions', 'resets', 'crashes', 'wounds', 'pauses', 'suspends'],
  ...['clocks', 'wall-clock', 'slow-disk', 'stalls', 'disk-errors', 'damage', 'compaction', 'stops', 'bursts'],
] as const;

export type NodeFault = (typeof nodeFaults)[number];

/** Everything that a seed decides about a run of whole nodes, apart from the course of chance. Milliseconds, probabilities. */
export interface NodeConditions {
  readonly seed: number;
  readonly faults: readonly NodeFault[];
  readonly nodes: number;
  readonly clients: number;
  readonly locks: number;
  /** One for each lock. */
  readonly kinds: readonly LockKind[];
  /** Every process stands for one election, and watches who leads. */
  readonly elects: boolean;
  /** Written by those who hold something; 0: nobody does. */
  readonly registers: number;
  /** Somebody ends what others hold, now and then. */
  readonly isMeddled: boolean;
  /** Holds outlive their sessions and go from hand to hand, now and then. */
  readonly handsOn: boolean;
  /** Every holder wants to hear that somebody waits. */
  readonly listens: boolean;
  /** What each process does at the same time. */
  readonly fibers: number;
  readonly ttl: number;
  readonly timings: Timings;
  readonly limits: NodeLimits;
  readonly network: {
    readonly delay: number;
    readonly jitter: number;
    readonly loss: number;
    readonly duplicate: number;
    readonly fifo: boolean;
    /** Packets go through the codec, as on a real wire. */
    readonly isEncoded: boolean;
  };
  readonly disk: { readonly delay: number; readonly jitter: number };
  /** How far the rates of clocks lie from the true one. */
  readonly clockSpread: number;
  /** Mean waits between faults; a class that is off has none. */
  readonly every: Readonly<Record<Recurring, number | undefined>>;
  /** Mean lengths of the same. */
  readonly lasts: { readonly partition: number; readonly down: number; readonly pause: number; readonly stall: number };
  /** How likely a process dies right before or after it gives its word: at a vote, an acknowledgement, a write. */
  readonly wounds: number;
  readonly hold: number;
  readonly think: number;
  readonly safetyMs: number;
}

/** What happens again and again. */
export type Recurring =
  | 'partition'
  | 'reset'
  | 'crash'
  | 'pause'
  | 'suspend'
  | 'wall'
  | 'stall'
  | 'diskError'
  | 'damage'
  | 'repair'
  | 'stop';

/** While rates differ by less than this, no holder's claim may outlive its session (SEMANTICS 6.3). */
export const spreadBounded = 0.045;

export interface NodeNarrowing {
  readonly without?: readonly NodeFault[];
  readonly safetyMs?: number;
  readonly clients?: number;
  /** All locks are exclusive, as they were before there were others, and nobody stands for election. */
  readonly isPlain?: boolean;
  /** Nobody wants to hear that somebody waits. */
  readonly isDeaf?: boolean;
  /** Nobody hands on what he has. */
  readonly keeps?: boolean;
  /** How many there are at most. */
  readonly registers?: number;
}

/** What `seed` decides. A class in `without` is off, and all else stays as it was. */
export function drawConditions(seed: number, narrowing: NodeNarrowing = {}): NodeConditions {
  const stream = new Stream(seed, 'conditions');
  const faults = nodeFaults.filter((fault) => {
    const isOn = stream.chance(fault === 'compaction' ? 0.6 : 0.4);
    return isOn && narrowing.without?.includes(fault) !== true;
  });
  const electionTimeout = stream.pick([400, 1000, 1000, 2000]);
  const clients = stream.pick([0, 0, 1, 2, 3]);
  const drawnMs = electionTimeout * stream.int(5, 20);
  const nodes = stream.pick([1, 2, 3, 3, 3, 3, 3, 4, 5, 5, 7]);
  const locks = stream.int(1, 4);
  return {
    seed,
    faults,
    nodes,
    clients: narrowing.clients ?? clients,
    locks,
    kinds: drawKinds(seed, locks, narrowing),
    // By a stream of its own, as the kinds are.
    elects: new Stream(seed, 'elects').chance(0.3) && narrowing.isPlain !== true,
    registers: drawRegisters(seed, narrowing),
    isMeddled: narrowing.isPlain !== true && new Stream(seed, 'meddling').chance(0.35),
    handsOn: drawHandsOn(seed, narrowing),
    listens: narrowing.isPlain !== true && narrowing.isDeaf !== true && new Stream(seed, 'listens').chance(0.35),
    fibers: stream.pick([1, 1, 2, 3]),
    ttl: stream.pick([1_000, 1_500, 3_000, 6_000]),
    timings: {
      electionTimeout,
      heartbeatInterval: electionTimeout / stream.pick([5, 10]),
      diskStallTimeout: electionTimeout,
    },
    limits: {
      ...drawLimits(stream, faults.includes('compaction')),
      // A stream of its own leaves all other draws of a seed where they were.
      openRequestsMax: drawRoom(seed),
    },
    ...drawWorld(stream, electionTimeout, faults),
    ...drawMoments(stream, electionTimeout, faults),
    hold: stream.logUniform(2, 1_000),
    think: stream.logUniform(20, 500),
    safetyMs: narrowing.safetyMs ?? drawnMs,
  };
}

const drawRoom = (seed: number): number => new Stream(seed, 'room').pick([4, 50_000, 50_000, 50_000]);

/** Whoever ends what nobody has must get through to the cluster, however many wait for it. */
const drawHandsOn = (seed: number, { isPlain, keeps }: NodeNarrowing): boolean =>
  isPlain !== true && keeps !== true && drawRoom(seed) > 1_000 && new Stream(seed, 'hands on').chance(0.45);

/** By a stream of its own, so that all other draws of a seed stay where they are. */
function drawKinds(seed: number, locks: number, { isPlain }: NodeNarrowing): readonly LockKind[] {
  const stream = new Stream(seed, 'kinds');
  const drawn: readonly LockKind[] = stream.chance(0.3)
    ? ['exclusive']
    : ['exclusive', 'reader-writer', 'reader-writer', 'semaphore'];
  return Array.from({ length: locks }, () => (isPlain === true ? 'exclusive' : stream.pick(drawn)));
}

/** Likewise. */
function drawRegisters(seed: number, { isPlain, registers = 2 }: NodeNarrowing): number {
  const stream = new Stream(seed, 'registers');
  const drawn = stream.chance(0.4) ? stream.int(1, 2) : 0;
  return isPlain === true ? 0 : Math.min(drawn, registers);
}

function drawLimits(stream: Stream, isCompacted: boolean): NodeLimits {
  const drawn = {
    checkpointEntries: stream.pick([3, 10, 50, 200]),
    checkpointRows: stream.pick([5, 50, 20_000]),
    keptEntries: stream.pick([0, 1, 10, 50]),
    snapshotChunkBytes: stream.pick([1, 64, 512, 256 * 1024]),
  };
  return {
    ...defaultNodeLimits,
    batchBytesMax: stream.pick([400, 64 * 1024, 1024 * 1024]),
    core: {
      ...defaultCoreLimits,
      appendEntriesMax: stream.pick([1, 1, 2, 8, 64, 256]),
      appendBytesMax: stream.pick([1, 1024, 256 * 1024]),
      inflightMessagesMax: stream.pick([1, 2, 64]),
      inflightBytesMax: stream.pick([1, 1024, 4 * 1024 * 1024]),
      uncommittedEntriesMax: stream.pick([2, 20, 65_536]),
    },
    ...(isCompacted ? drawn : {}),
  };
}

function drawWorld(stream: Stream, electionTimeout: number, faults: readonly NodeFault[]) {
  // Every value is drawn whether its class is on or not, so that switching one off leaves the others alone.
  const when = <T>(fault: NodeFault, on: T, off: T): T => (faults.includes(fault) ? on : off);
  const delay = (electionTimeout / stream.pick([0.5, 2, 10, 40, 100, 200, 400])) * 0.5;
  const clockSpread = stream.pick([spreadBounded, spreadBounded, 0.22]);
  return {
    network: {
      delay,
      jitter: Math.min(delay * stream.logUniform(0.1, 4), electionTimeout / 8),
      loss: when('loss', stream.logUniform(0.002, 0.3), 0),
      duplicate: when('duplicates', stream.logUniform(0.005, 0.5), 0),
      fifo: !when('reordering', true, false),
      isEncoded: stream.chance(0.1),
    },
    disk: {
      delay: when('slow-disk', electionTimeout * stream.logUniform(0.01, 0.4), electionTimeout / 500),
      jitter: electionTimeout * stream.logUniform(0.0005, 0.05),
    },
    clockSpread: when('clocks', clockSpread, 0),
    wounds: when('wounds', stream.logUniform(0.001, 0.02), 0),
  };
}

function drawMoments(stream: Stream, electionTimeout: number, faults: readonly NodeFault[]) {
  const wait = (fault: NodeFault, shortest = 1.5): number | undefined => {
    const drawn = electionTimeout * stream.logUniform(shortest, 12);
    return faults.includes(fault) ? drawn : undefined;
  };
  const length = (longest: number): number => electionTimeout * stream.logUniform(0.1, longest);
  return {
    every: {
      partition: wait('partitions'),
      reset: wait('resets', 0.5),
      crash: wait('crashes'),
      pause: wait('pauses'),
      suspend: wait('suspends', 3),
      wall: wait('wall-clock'),
      stall: wait('stalls'),
      diskError: wait('disk-errors', 4),
      damage: wait('damage', 5),
      repair: wait('damage', 5),
      stop: wait('stops', 3),
    },
    lasts: { partition: length(8), down: length(5), pause: length(6), stall: length(4) },
  };
}
