import { chainOf, MemoryDisk, MemoryStore, type Store } from '../../storage/index.ts';
import { RemoteGateway } from '../client/remote-gateway.ts';
import type { Random } from '../clock/index.ts';
import {
  defaultNodeLimits,
  type Failure,
  type Logger,
  type NodeLimits,
  type Observer,
  Runtime,
  type Timings,
} from '../node/index.ts';
import { LockService } from '../server/index.ts';
import type { Hello, Packet } from '../transport/index.ts';
import { randomOf } from './chance.ts';
import { clientDial } from './client-network.ts';
import { NodeClock } from './node-clock.ts';
import { PeerNetwork } from './peer-network.ts';
import { Stream } from './random.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import { VirtualTime } from './virtual-time.ts';

/** What nodes of a simulated cluster are given unless a test says otherwise. Milliseconds. */
export const simulatedTimings: Timings = { heartbeatInterval: 100, electionTimeout: 1_000, diskStallTimeout: 1_000 };

/** What a simulated cluster is made of. */
export interface SimulatedClusterOptions {
  /** Decides every draw of nodes and clients; 1 by default. */
  readonly seed?: number;
  readonly limits?: Partial<NodeLimits>;
  readonly timings?: Timings;
  /** Virtual time that only a test moves, by default. */
  readonly time?: VirtualTime;
  /** Hears everything instead of `logged`. */
  readonly logger?: Logger;
}

/** A remote client in a process of its own, on a host of its own. */
export interface SimulatedClient {
  readonly gateway: RemoteGateway;
  readonly clock: NodeClock;
}

/** Whole nodes, and clients, over memory disks and a simulated network, in virtual time. */
export class SimulatedCluster {
  readonly time: VirtualTime;
  readonly disks: Map<string, MemoryDisk> = new Map();
  readonly processes: Map<string, SimulatedProcess> = new Map();
  /** Addresses by node id. */
  readonly members: Record<string, string>;
  readonly random: Random;
  readonly #limits: NodeLimits;
  readonly #timings: Timings;
  readonly #logger: Logger | undefined;
  readonly #peers: PeerNetwork;
  #cuts = new Set<string>();
  /** Delay of every write, ms; by node. */
  readonly diskMs: Map<string, number> = new Map();
  /** How fast a node's clock runs, from its next start on; 1 is true. */
  readonly clockRates: Map<string, number> = new Map();
  /** Delay of one message, ms; asked for each. */
  linkMs: (from: string, to: string, packet: Packet | undefined) => number = () => 1;
  /** When the copies of one packet arrive; by default one does, after `linkMs`. */
  arrivals: (from: string, to: string, packet: Packet | undefined) => readonly number[] = (from, to, packet) => [
    this.linkMs(from, to, packet),
  ];
  /** How long a write of so many bytes takes, ms; by default what `diskMs` says. */
  writeMs: (nodeId: string, bytes: number) => number = (nodeId) => this.diskMs.get(nodeId) ?? 1;
  /** What a packet is after a journey; by default what it was. */
  travelled: (packet: Packet) => Packet = (packet) => packet;
  /** Hears of each packet before it leaves. */
  leaving: (from: string, to: string, packet: Packet) => void = () => {};
  /** Hears that two processes have let each other in. */
  linked: (one: Hello, other: Hello) => void = () => {};
  /** What a node started from now on is given beyond the cluster's limits. */
  readonly limitsOf: Map<string, Partial<NodeLimits>> = new Map();
  /** Hears every line that a node logs. */
  logged: (nodeId: string, text: string) => void = () => {};
  /** Hears that a node has stopped by itself. */
  failed: (nodeId: string, failure: Failure) => void = () => {};
  /** Stands between a node and its store. */
  wrapStore: (nodeId: string, store: Store) => Store = (_, store) => store;
  /** Looks over the shoulder of a node that starts. */
  observerOf: (nodeId: string) => Observer | undefined = () => undefined;

  constructor(nodeIds: readonly string[], { seed = 1, limits, timings, time, logger }: SimulatedClusterOptions = {}) {
    this.time = time ?? new VirtualTime();
    this.#logger = logger;
    this.members = Object.fromEntries(nodeIds.map((id) => [id, `${id}:7400`]));
    this.#limits = { ...defaultNodeLimits, ...limits };
    this.#timings = timings ?? simulatedTimings;
    this.random = randomOf(new Stream(seed, 'cluster'));
    this.#peers = new PeerNetwork({
      time: this.time,
      processes: this.processes,
      isCut: (from, to) => this.isCut(from, to),
      arrivals: (from, to, packet) => this.arrivals(from, to, packet),
      travelled: (packet) => this.travelled(packet),
      leaving: (from, to, packet) => this.leaving(from, to, packet),
      linked: (one, other) => this.linked(one, other),
    });
  }

  startAll(): void {
    for (const id of Object.keys(this.members)) this.start(id);
  }

  start(nodeId: string): Runtime {
    const clock = new NodeClock(this.time, this.clockRates.get(nodeId));
    const logger = this.#loggerOf(nodeId);
    const failures: Failure[] = [];
    const runtime = new Runtime({
      nodeId,
      store: this.#storeOf(nodeId, clock),
      chainOf,
      transport: (handlers) => this.#peers.transportOf(process, handlers),
      clock,
      random: this.random,
      members: this.members,
      address: this.members[nodeId] ?? `${nodeId}:7400`,
      timings: this.#timings,
      limits: { ...this.#limits, ...this.limitsOf.get(nodeId) },
      logger,
      onFailed: (failure) => {
        failures.push(failure);
        this.failed(nodeId, failure);
      },
      observer: this.observerOf(nodeId),
    });
    const service = new LockService({ clock, logger, servant: () => runtime });
    const process: SimulatedProcess = {
      ...{ nodeId, runtime, clock, service, failures, handlers: undefined, member: undefined, isAlive: true },
      ...{ links: new Map(), clients: new Set() },
    };
    this.processes.set(nodeId, process);
    runtime.start(() => {});
    return runtime;
  }

  /** A client on a host called `name`, that knows all nodes. Its clock runs at `rate`. */
  connect(name: string, rate = 1): SimulatedClient {
    const clock = new NodeClock(this.time, rate);
    const world = {
      time: this.time,
      processAt: (endpoint: string) => this.#at(endpoint),
      isCut: (from: string, to: string) => this.isCut(from, to),
      delayMs: (from: string, to: string) => this.linkMs(from, to, undefined),
    };
    const gateway = new RemoteGateway({
      endpoints: Object.values(this.members),
      clock,
      random: this.random,
      logger: this.#loggerOf(name),
      label: name,
      insecure: true,
      clusterId: undefined,
      requireLeader: true,
      pulseMs: 200,
      dial: clientDial(world, name, clock),
    });
    gateway.start(() => {});
    return { gateway, clock };
  }

  runtime(nodeId: string): Runtime {
    return this.#process(nodeId).runtime;
  }

  failures(nodeId: string): readonly Failure[] {
    return this.#process(nodeId).failures;
  }

  /** Power loss; of the writes under way those are durable all the same that `keepPending` names. Links are refused. */
  kill(nodeId: string, keepPending: Parameters<MemoryDisk['powerOff']>[0] = 0): void {
    const process = this.#process(nodeId);
    if (!process.isAlive) return;
    process.isAlive = false;
    process.clock.kill();
    this.disks.get(nodeId)?.powerOff(keepPending);
    this.#peers.died(process);
    for (const breaks of process.clients) breaks(false);
  }

  /** The node is about to stop: its clients look for another. */
  retire(nodeId: string): void {
    this.#process(nodeId).service.close();
  }

  /** A graceful end, as by SIGTERM; `done` when the process is gone. */
  stop(nodeId: string, deadlineMs: number, done: () => void): void {
    const process = this.#process(nodeId);
    this.retire(nodeId);
    process.runtime.stop({ deadlineMs }, () => {
      // It may have been killed meanwhile, and another process be there.
      if (this.processes.get(nodeId) === process) this.kill(nodeId);
      done();
    });
  }

  clock(nodeId: string): NodeClock {
    return this.#process(nodeId).clock;
  }

  isAlive(nodeId: string): boolean {
    return this.processes.get(nodeId)?.isAlive === true;
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
    this.cutOneWay(a, b);
    this.cutOneWay(b, a);
  }

  cutOneWay(from: string, to: string): void {
    this.#cuts.add(`${from}>${to}`);
  }

  /** Ends one cut. */
  mend(from: string, to: string): void {
    this.#cuts.delete(`${from}>${to}`);
  }

  isCut(from: string, to: string): boolean {
    return this.#cuts.has(`${from}>${to}`);
  }

  isolate(nodeId: string): void {
    for (const other of Object.keys(this.members)) if (other !== nodeId) this.cut(nodeId, other);
  }

  heal(): void {
    this.#cuts = new Set();
  }

  /** The link that `from` dialled to `to` breaks, and is dialled again; false if there is none. */
  breakLink(from: string, to: string): boolean {
    return this.#peers.breakLink(this.#process(from), to, false);
  }

  /** All streams of clients to that node break; false if there are none. */
  breakStreams(nodeId: string): boolean {
    const { clients } = this.#process(nodeId);
    const broken = [...clients];
    clients.clear();
    for (const breaks of broken) breaks(true);
    return broken.length > 0;
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

  #storeOf(nodeId: string, clock: NodeClock): Store {
    const disk = this.disks.get(nodeId) ?? new MemoryDisk();
    this.disks.set(nodeId, disk);
    const store = new MemoryStore(disk, {
      nodeId,
      incarnation: this.random.hex(16),
      schedule: (bytes, run) => this.time.at(this.writeMs(nodeId, bytes), () => clock.deliver(run)),
    });
    return this.wrapStore(nodeId, store);
  }

  #at(endpoint: string): SimulatedProcess | undefined {
    const found = Object.entries(this.members).find(([, address]) => address === endpoint);
    return found === undefined ? undefined : this.processes.get(found[0]);
  }

  #loggerOf(name: string): Logger {
    if (this.#logger !== undefined) return this.#logger;
    const log = (_: object, text: string): void => this.logged(name, text);
    return { debug: log, info: log, warn: log, error: log };
  }

  #process(nodeId: string): SimulatedProcess {
    const process = this.processes.get(nodeId);
    if (process === undefined) throw new Error(`no process ${nodeId}`);
    return process;
  }
}
