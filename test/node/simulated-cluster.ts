import type { Random } from '../../src/clock/index.ts';
import { defaultNodeLimits, type Failure, type Logger, type NodeLimits, Runtime } from '../../src/node/index.ts';
import {
  incarnationOf,
  memberId,
  nodeIdOf,
  type Packet,
  type PeerAddress,
  type PeerHandlers,
  type PeerTransport,
} from '../../src/transport/index.ts';
import { chainOf, MemoryDisk, MemoryStore, type Store } from '../../storage/index.ts';
import { NodeClock, VirtualTime } from './virtual-clock.ts';

export const timings = { heartbeatInterval: 100, electionTimeout: 1_000, diskStallTimeout: 1_000 };

interface Process {
  readonly runtime: Runtime;
  readonly clock: NodeClock;
  readonly failures: Failure[];
  handlers: PeerHandlers | undefined;
  /** Node ids of live links this process dialled, with the process they lead to. */
  readonly links: Map<string, Process>;
  readonly nodeId: string;
  isAlive: boolean;
}

/** Mulberry32: small, seeded, good enough to spread timers. */
function seeded(seed: number): Random {
  let state = seed >>> 0;
  const u32 = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
  const hex = (bytes: number): string =>
    Array.from({ length: bytes }, () => (u32() & 0xff).toString(16).padStart(2, '0')).join('');
  return { u32, hex };
}

/** Whole nodes over memory stores and a simulated network, in virtual time. */
export class SimulatedCluster {
  readonly time = new VirtualTime();
  readonly disks = new Map<string, MemoryDisk>();
  readonly processes = new Map<string, Process>();
  readonly members: Record<string, string>;
  readonly #limits: NodeLimits;
  readonly #random: Random;
  #cuts = new Set<string>();
  /** Delay of every write, ms; by node. */
  readonly diskMs = new Map<string, number>();
  /** How fast a node's clock runs, from its next start on; 1 is true. */
  readonly clockRates = new Map<string, number>();
  /** Delay of one message, ms; asked for each. */
  linkMs: (from: string, to: string, packet: Packet | undefined) => number = () => 1;
  /** What a node started from now on is given beyond the cluster's limits. */
  readonly limitsOf = new Map<string, Partial<NodeLimits>>();
  /** Hears every line that a node logs. */
  logged: (nodeId: string, text: string) => void = () => {};
  /** Stands between a node and its store. */
  wrapStore: (nodeId: string, store: Store) => Store = (_, store) => store;

  constructor(
    nodeIds: readonly string[],
    options: { readonly seed?: number; readonly limits?: Partial<NodeLimits> } = {},
  ) {
    this.members = Object.fromEntries(nodeIds.map((id) => [id, `${id}:7400`]));
    this.#limits = { ...defaultNodeLimits, ...options.limits };
    this.#random = seeded(options.seed ?? 1);
  }

  startAll(): void {
    for (const id of Object.keys(this.members)) this.start(id);
  }

  start(nodeId: string): Runtime {
    const disk = this.disks.get(nodeId) ?? new MemoryDisk();
    this.disks.set(nodeId, disk);
    const clock = new NodeClock(this.time, this.clockRates.get(nodeId));
    const store = new MemoryStore(disk, {
      nodeId,
      incarnation: this.#random.hex(16),
      schedule: (_, run) => this.time.at(this.diskMs.get(nodeId) ?? 1, () => process.isAlive && clock.deliver(run)),
    });
    const failures: Failure[] = [];
    const runtime = new Runtime({
      nodeId,
      store: this.wrapStore(nodeId, store),
      chainOf,
      transport: (handlers) => this.#transport(process, handlers),
      clock,
      random: this.#random,
      members: this.members,
      address: this.members[nodeId] ?? `${nodeId}:7400`,
      timings,
      limits: { ...this.#limits, ...this.limitsOf.get(nodeId) },
      logger: this.#loggerOf(nodeId),
      onFailed: (failure) => failures.push(failure),
    });
    const process: Process = { runtime, clock, failures, handlers: undefined, links: new Map(), nodeId, isAlive: true };
    this.processes.set(nodeId, process);
    runtime.start(() => {});
    return runtime;
  }

  runtime(nodeId: string): Runtime {
    return this.#process(nodeId).runtime;
  }

  failures(nodeId: string): readonly Failure[] {
    return this.#process(nodeId).failures;
  }

  /** Power loss: writes that were not acknowledged are gone, links break with a refusal. */
  kill(nodeId: string): void {
    const process = this.#process(nodeId);
    process.isAlive = false;
    process.clock.kill();
    this.disks.get(nodeId)?.powerOff();
    for (const other of this.processes.values()) {
      if (other.links.get(nodeId) === process) this.#break(other, nodeId, true);
    }
  }

  clock(nodeId: string): NodeClock {
    return this.#process(nodeId).clock;
  }

  isAlive(nodeId: string): boolean {
    return this.processes.get(nodeId)?.isAlive === true;
  }

  get random(): Random {
    return this.#random;
  }

  pause(nodeId: string): void {
    this.#process(nodeId).clock.pause();
  }

  /** Its machine sleeps until `resume`. */
  suspend(nodeId: string): void {
    this.#process(nodeId).clock.suspend();
  }

  resume(nodeId: string): void {
    this.#process(nodeId).clock.resume();
  }

  /** Nothing passes between the two any more, and nobody is told. */
  cut(a: string, b: string): void {
    this.#cuts.add(`${a}>${b}`).add(`${b}>${a}`);
  }

  isolate(nodeId: string): void {
    for (const other of Object.keys(this.members)) if (other !== nodeId) this.cut(nodeId, other);
  }

  heal(): void {
    this.#cuts = new Set();
  }

  leader(): string | undefined {
    const leaders = [...this.processes.values()].filter(
      (process) => process.isAlive && process.runtime.status().role === 'leader',
    );
    leaders.sort((a, b) => b.runtime.status().term - a.runtime.status().term);
    return leaders[0]?.nodeId;
  }

  /** Runs until there is a leader that every living node of `of` knows and has caught up with. */
  untilReady(of: readonly string[] = Object.keys(this.members)): string {
    this.time.until(
      () => of.every((id) => this.runtime(id).isReady) && this.leader() !== undefined,
      30_000,
      'all nodes are ready',
    );
    const leader = this.leader();
    if (leader === undefined) throw new Error('no leader');
    return leader;
  }

  followers(): readonly string[] {
    const leader = this.leader();
    return Object.keys(this.members).filter((id) => id !== leader);
  }

  #loggerOf(nodeId: string): Logger {
    const log = (_: object, text: string): void => this.logged(nodeId, text);
    return { debug: log, info: log, warn: log, error: log };
  }

  #process(nodeId: string): Process {
    const process = this.processes.get(nodeId);
    if (process === undefined) throw new Error(`no process ${nodeId}`);
    return process;
  }

  #transport(process: Process, handlers: PeerHandlers): PeerTransport {
    process.handlers = handlers;
    let peers: readonly PeerAddress[] = [];
    const dial = (): void => {
      if (!process.isAlive) return;
      for (const { nodeId } of peers) if (!process.links.has(nodeId)) this.#dial(process, nodeId);
      this.time.at(50, dial);
    };
    this.time.at(1, dial);
    return {
      setPeers: (next) => {
        peers = next;
        for (const nodeId of process.links.keys()) {
          if (!next.some((peer) => peer.nodeId === nodeId)) process.links.delete(nodeId);
        }
      },
      send: (to, packets) => this.#send(process, to, packets),
    };
  }

  #dial(process: Process, nodeId: string): void {
    const peer = this.processes.get(nodeId);
    const isReachable =
      peer?.isAlive === true &&
      !this.#cuts.has(`${process.nodeId}>${nodeId}`) &&
      !this.#cuts.has(`${nodeId}>${process.nodeId}`);
    if (peer === undefined || !isReachable || process.handlers === undefined || peer.handlers === undefined) return;
    const refusedThere = peer.handlers.judge(process.handlers.hello(), false);
    if (refusedThere !== undefined) return process.handlers.refused(nodeId, { ...refusedThere, by: 'peer' });
    const hello = peer.handlers.hello();
    const refusedHere = process.handlers.judge(hello, true);
    if (refusedHere !== undefined) return process.handlers.refused(nodeId, { ...refusedHere, by: 'us' });
    process.links.set(nodeId, peer);
    process.handlers.linkUp(memberId(nodeId, hello.incarnation), hello);
  }

  #break(process: Process, nodeId: string, wasRefused: boolean): void {
    process.links.delete(nodeId);
    this.time.at(this.linkMs(nodeId, process.nodeId, undefined), () =>
      process.clock.deliver(() => process.handlers?.linkDown(nodeId, undefined, wasRefused)),
    );
  }

  #send(process: Process, to: string, packets: readonly Packet[]): void {
    const nodeId = nodeIdOf(to);
    const peer = this.processes.get(nodeId);
    const from = process.handlers?.hello();
    if (!process.isAlive || peer === undefined || from === undefined) return;
    const isLinked = process.links.get(nodeId) === peer || peer.links.get(process.nodeId) === process;
    if (!isLinked || peer.handlers?.hello().incarnation !== incarnationOf(to)) return;
    const sender = memberId(from.nodeId, from.incarnation);
    for (const packet of packets) {
      this.time.at(this.linkMs(process.nodeId, nodeId, packet), () => {
        if (!peer.isAlive || this.#cuts.has(`${process.nodeId}>${nodeId}`)) return;
        peer.clock.deliver(() => peer.handlers?.receive(sender, packet));
      });
    }
  }
}
