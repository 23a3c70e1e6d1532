import type { LogWrite } from '../../../raft/index.ts';
import { SimulatedCluster, Stream } from '../../../src/testing/index.ts';
import type { Hello, Packet } from '../../../src/transport/index.ts';
import { type Deed, Ghost } from '../ghost.ts';
import { Trace } from '../trace.ts';
import { type NodeConditions, spreadBounded } from './conditions.ts';
import { DelayLaw } from './delay-law.ts';
import { ElectionLaw } from './election-law.ts';
import { EventLaw } from './event-law.ts';
import type { Ticket } from './heir.ts';
import { Law } from './law.ts';
import { OldCopies } from './old-copies.ts';
import { streamOf, travelled } from './packets.ts';
import { Party } from './party.ts';
import { Shoulder } from './shoulder.ts';
import { TableGhost } from './table-ghost.ts';
import { WatchedStore } from './watched-store.ts';

/** The weather between hosts, which a nemesis changes. */
export interface Weather {
  delay: number;
  jitter: number;
  loss: number;
  duplicate: number;
  fifo: boolean;
}

/** What a disk says that a nemesis broke. */
export const injected = 'EIO: i/o error';

const tailChance = 0.01;
const tailStretch = 20;

/** Whole nodes and clients in virtual time, and the ghosts that know everything of them. */
export class NodeWorld {
  readonly conditions: NodeConditions;
  readonly cluster: SimulatedCluster;
  readonly ghost: Ghost;
  readonly law: Law;
  readonly elections: ElectionLaw;
  readonly parties: Map<string, Party> = new Map();
  readonly shoulders: Map<string, Shoulder> = new Map();
  readonly weather: Weather;
  /** Nodes that may fail by themselves: somebody broke their disk. */
  readonly excused: Set<string> = new Set();
  /** Called at a moment at which a process may die: it has just given its word, or written something. */
  onMoment: (nodeId: string) => void = () => {};
  readonly oldCopies: OldCopies;
  /** Of what may be handed on; everybody knows them. */
  readonly tickets: Ticket[] = [];
  /** True once the parties are to come to rest. */
  isOver = false;
  /** Added to each write's delay, ms; by node. */
  readonly stallUntil: Map<string, number> = new Map();
  readonly #trace = new Trace();
  readonly #tables: TableGhost;
  readonly #events: EventLaw;
  readonly #network: Stream;
  readonly #disk: Stream;
  readonly #arrivals = new Map<string, number>();
  /** What was found inside a node's turn, which takes every error for its own. */
  #broken: unknown;

  constructor(conditions: NodeConditions, blind: readonly string[] = []) {
    const { seed, nodes, limits, timings, network, clockSpread } = conditions;
    this.conditions = conditions;
    this.ghost = new Ghost(blind);
    this.law = new Law(this.ghost, {
      isBounded: clockSpread <= spreadBounded,
      afterTurn: (look) => this.cluster.time.at(0, () => this.judge(look)),
    });
    this.elections = new ElectionLaw(this.ghost);
    this.weather = { ...network };
    this.#events = new EventLaw(this.ghost, (look) => this.judge(look));
    const delays = new DelayLaw(this.ghost, { now: () => this.cluster.time.now, rateMax: 1 + clockSpread });
    this.#tables = new TableGhost(this.ghost, this.law, delays);
    this.oldCopies = new OldCopies(this.ghost, {
      hasRecordedNewer: (nodeId, hello) => this.#hasRecordedNewer(nodeId, hello),
      // Not in the midst of the greeting.
      blind: (nodeId) => this.cluster.time.at(0, () => this.#takeAway(nodeId)),
    });
    this.#network = new Stream(seed, 'network');
    this.#disk = new Stream(seed, 'disk');
    const ids = Array.from({ length: nodes }, (_, at) => `n${at + 1}`);
    this.cluster = new SimulatedCluster(ids, { seed, limits, timings });
    this.#wire();
    const clocks = new Stream(seed, 'clocks');
    for (const id of ids) this.cluster.clockRates.set(id, 1 + clocks.between(-clockSpread, clockSpread));
    for (const id of ids) this.start(id);
    for (let at = 1; at <= conditions.clients; at += 1) {
      this.#connect(`c${at}`, 1 + clocks.between(-clockSpread, clockSpread));
    }
  }

  get nodeIds(): readonly string[] {
    return Object.keys(this.cluster.members);
  }

  /** Where a run has come to. */
  get hash(): string {
    return this.#trace.hash;
  }

  get tail(): readonly string[] {
    return this.#trace.tail;
  }

  /** O4: whatever was granted or queued has ended, with its holder or its session. */
  get isClear(): boolean {
    return this.#tables.isClear;
  }

  get broken(): unknown {
    return this.#broken;
  }

  /** Nobody will take that over any more. */
  forget(ticket: Ticket): void {
    const at = this.tickets.indexOf(ticket);
    if (at >= 0) this.tickets.splice(at, 1);
  }

  /** New weather, and new connections: what still waits for its turn on an old one keeps nobody waiting. */
  calm(weather: Weather): void {
    Object.assign(this.weather, weather);
    this.#arrivals.clear();
  }

  /** A node's process begins, and a party in it. */
  start(nodeId: string): void {
    const { cluster } = this;
    const runtime = cluster.start(nodeId);
    const process = cluster.processes.get(nodeId);
    this.trace(nodeId, 'starts');
    const way = {
      ...{ name: nodeId, gateway: runtime, clock: cluster.clock(nodeId), isHome: true },
      isAlive: () => process?.isAlive === true && process.failures.length === 0,
    };
    const party = new Party(this, way);
    this.parties.set(nodeId, party);
    party.start();
    this.#events.follow(way);
  }

  /** Of its writes under way, some of the oldest to each of its two databases may be durable all the same. */
  kill(nodeId: string): void {
    const { cluster } = this;
    if (!cluster.isAlive(nodeId)) return;
    const left = { log: this.#disk.int(0, 2), table: this.#disk.int(0, 2) };
    this.trace(nodeId, 'dies');
    cluster.kill(nodeId, ({ kind }) => {
      const database = kind === 'checkpoint' ? 'table' : 'log';
      left[database] -= 1;
      return left[database] >= 0;
    });
    this.forgetParty(nodeId);
  }

  forgetParty(nodeId: string): void {
    const party = this.parties.get(nodeId);
    if (party !== undefined) this.law.died(party);
  }

  count(deed: Deed): void {
    this.ghost.count(deed);
  }

  trace(who: string, what: string, detail?: number | string | object): void {
    this.#trace.note({ time: this.cluster.time.now, who, what, detail });
    this.#trace.foldAll(detail);
  }

  /** Keeps what breaks the law inside a node's turn, where it would pass for an error of the node. */
  judge(look: () => void): void {
    try {
      look();
    } catch (error) {
      this.#broken ??= error;
      throw error;
    }
  }

  /** Runs for `ms`, or until `holds`. Throws what broke the law meanwhile. */
  run(ms: number, holds: () => boolean = () => false): boolean {
    const { time } = this.cluster;
    const end = time.now + ms;
    while (time.now < end && !holds()) {
      const from = time.now;
      time.advance(Math.min(end - from, this.conditions.timings.electionTimeout / 10));
      if (this.#broken !== undefined) throw this.#broken;
      this.law.judge();
      this.#judgeNodes();
    }
    return holds();
  }

  /** One line per node: for people who look for what went wrong. */
  get table(): readonly string[] {
    return [...this.cluster.processes.values()].map(({ nodeId, runtime, isAlive, clock, failures }) => {
      const { role, term, leader, commitIndex, appliedIndex, reason } = runtime.status();
      const { log, table, identity, damage } = this.cluster.disks.get(nodeId)?.image ?? {};
      const state = isAlive ? (clock.isAsleep ? 'asleep' : clock.isStopped ? 'paused' : 'up') : 'down';
      const hard = `term ${log?.hardState.term} vote ${log?.hardState.votedFor ?? '-'}`;
      const kept = `${log?.base.index}..${(log?.base.index ?? 0) + (log?.entries.length ?? 0)}`;
      const disk = `run ${identity?.run} log ${kept} ${hard} table ${table?.head.position.index} ${damage ?? ''}`;
      const words = [reason, ...failures.map(({ text }) => text)].filter((word) => word !== undefined).join('; ');
      return `${nodeId} ${state} ${role} term ${term} leader ${leader ?? '-'} commit ${commitIndex} applied ${appliedIndex} | ${disk} ${words}`;
    });
  }

  /** N1: no node stops by itself unless somebody broke its disk. */
  #judgeNodes(): void {
    for (const { nodeId, failures, isAlive } of this.cluster.processes.values()) {
      const [failure] = failures;
      if (failure === undefined || !isAlive || this.excused.has(nodeId) || failure.text.includes(injected)) continue;
      this.ghost.demand(false, 'N1', () => `${nodeId} stops by itself: ${failure.text}`);
    }
  }

  #hasRecordedNewer(nodeId: string, { nodeId: guest, incarnation, run }: Hello): boolean {
    const recorded = this.#tables.recorded(guest);
    const knows = (recorded?.since ?? Number.POSITIVE_INFINITY) <= this.cluster.runtime(nodeId).status().appliedIndex;
    return knows && recorded?.incarnation === incarnation && recorded.run > run;
  }

  #takeAway(nodeId: string): void {
    this.kill(nodeId);
    this.cluster.disks.get(nodeId)?.damage('an old copy that nobody could tell from the original');
  }

  #connect(name: string, rate: number): void {
    const { gateway, clock } = this.cluster.connect(name, rate);
    const party = new Party(this, { name, gateway, clock, isHome: false, isAlive: () => true });
    this.parties.set(name, party);
    party.start();
  }

  #wire(): void {
    const { cluster } = this;
    cluster.arrivals = (from, to, packet) => this.#arrivalsOf(from, to, packet);
    cluster.linkMs = () => this.weather.delay + this.#network.exponential(this.weather.jitter);
    cluster.writeMs = (nodeId) => {
      const { delay, jitter } = this.conditions.disk;
      const stallMs = Math.max(0, (this.stallUntil.get(nodeId) ?? 0) - cluster.time.now);
      return this.isOver ? 1 : delay + this.#disk.exponential(jitter) + stallMs;
    };
    cluster.linked = (one, other) => this.judge(() => this.oldCopies.linked(one, other));
    cluster.leaving = (from, to, packet) => this.#leaving(from, to, packet);
    if (this.conditions.network.isEncoded) cluster.travelled = (packet) => travelled(packet);
    cluster.observerOf = (nodeId) => {
      const shoulder = new Shoulder(this.ghost, this.#tables, {
        isOldCopy: (member) => this.oldCopies.has(member),
        broken: (error) => {
          this.#broken ??= error;
        },
      });
      this.shoulders.set(nodeId, shoulder);
      return shoulder;
    };
    cluster.wrapStore = (nodeId, store) => {
      const isAlive = (): boolean => cluster.isAlive(nodeId);
      const events = {
        submitted: (write: LogWrite) => {
          this.trace(nodeId, 'writes', write);
          this.onMoment(nodeId);
        },
        durable: (write: LogWrite) => {
          this.shoulders.get(nodeId)?.wrote(write);
          this.onMoment(nodeId);
        },
        saving: () => {
          this.count('checkpoints');
          this.onMoment(nodeId);
        },
      };
      return new WatchedStore(store, events, isAlive);
    };
  }

  #leaving(from: string, to: string, packet: Packet): void {
    const what = packet.kind === 'raft' ? packet.message.kind : packet.kind;
    this.trace(from, what, packet.kind === 'raft' ? packet.message : { to, body: packet.body });
    if (packet.kind !== 'raft') return;
    // On a real network nobody could change what another one holds.
    Object.freeze(packet.message);
    this.shoulders.get(from)?.sends(packet.message);
    if (packet.message.kind.endsWith('reply')) this.onMoment(from);
  }

  #arrivalsOf(from: string, to: string, packet: Packet | undefined): readonly number[] {
    const { loss, duplicate } = this.weather;
    if (packet !== undefined && this.#network.chance(loss)) {
      this.count('lost packets');
      return [];
    }
    const once = this.#delay(`${from}>${to}/${streamOf(packet)}`);
    if (packet === undefined || !this.#network.chance(duplicate)) return [once];
    this.count('repeated packets');
    return [once, once + this.#delay('')];
  }

  #delay(link: string): number {
    const { delay, jitter, fifo } = this.weather;
    const { now } = this.cluster.time;
    const stretch = this.#network.chance(tailChance) ? tailStretch : 1;
    const at = now + delay + this.#network.exponential(jitter) * stretch;
    if (!fifo || link === '') return at - now;
    const ordered = Math.max(at, this.#arrivals.get(link) ?? 0);
    this.#arrivals.set(link, ordered);
    return ordered - now;
  }
}
