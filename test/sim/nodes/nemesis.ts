import { memberId } from '../../../raft/index.ts';
import { type NodeClock, Stream } from '../../../src/testing/index.ts';
import type { MemoryImage } from '../../../storage/index.ts';
import type { Recurring } from './conditions.ts';
import { linksCut } from './partitions.ts';
import { injected, type NodeWorld } from './world.ts';

const flapsMax = 5;

/** Breaks what a seed's conditions say may break, until it is told to stop. */
export class NodeNemesis {
  readonly #world: NodeWorld;
  readonly #stream: Stream;
  readonly #remote: Stream;
  /** Nodes whose data is lost or not to be trusted: they need a replacement. Always a minority. */
  readonly #ruined = new Set<string>();
  /** What a disk held when a process of its node began; by node. */
  readonly #older = new Map<string, MemoryImage>();
  /** How often each ruined node was given an empty disk: only the last one counts. */
  readonly #repairs = new Map<string, number>();
  /** Nodes on their way to a graceful end. */
  readonly #stopping = new Set<string>();
  #isOver = false;
  #hangsMs = 0;

  constructor(world: NodeWorld) {
    this.#world = world;
    this.#stream = new Stream(world.conditions.seed, 'nemesis');
    this.#remote = new Stream(world.conditions.seed, 'nemesis of clients');
    if (world.conditions.wounds > 0) world.onMoment = (nodeId) => this.#wound(nodeId);
  }

  get ruined(): ReadonlySet<string> {
    return this.#ruined;
  }

  /** How long writes that were under way at the end still take. */
  get hangsMs(): number {
    return this.#hangsMs;
  }

  /** Nodes that need a new process: their end was asked for, and is not there yet. */
  get stopping(): ReadonlySet<string> {
    return this.#stopping;
  }

  start(): void {
    this.#recur('partition', () => this.#partition());
    this.#recur('reset', () => this.#reset());
    this.#recur('crash', () => this.#crash());
    this.#recur('pause', () => this.#pause());
    this.#recur('suspend', () => this.#suspend());
    this.#recur('wall', () => this.#stepWall());
    this.#recur('stall', () => this.#stall());
    this.#recur('diskError', () => this.#failDisk());
    this.#recur('damage', () => this.#ruin());
    this.#recur('repair', () => this.#repair());
    this.#recur('stop', () => this.#stop());
  }

  /** Ends every fault: links whole, disks quick, machines awake. Who is down is left to the recovery. */
  stop(): void {
    this.#isOver = true;
    const { cluster, conditions, stallUntil } = this.#world;
    this.#world.onMoment = () => {};
    cluster.heal();
    const delay = conditions.timings.electionTimeout / 100;
    this.#world.calm({ delay, jitter: delay / 10, loss: 0, duplicate: 0, fifo: true });
    const until = Math.max(cluster.time.now, ...stallUntil.values());
    this.#hangsMs = until - cluster.time.now;
    stallUntil.clear();
    for (const disk of cluster.disks.values()) disk.mend();
    for (const process of cluster.processes.values()) if (process.isAlive) process.clock.resume();
    for (const party of this.#world.parties.values()) party.clock.resume();
  }

  #recur(what: Recurring, act: () => void): void {
    const every = this.#world.conditions.every[what];
    if (every === undefined || this.#isOver) return;
    this.#world.cluster.time.at(this.#stream.exponential(every), () => {
      if (this.#isOver) return;
      act();
      this.#recur(what, act);
    });
  }

  /** Some node that is up: the leader in every other case, for there it hurts. */
  #victim(): string | undefined {
    const { cluster, nodeIds } = this.#world;
    const leader = cluster.leader();
    if (leader !== undefined && this.#stream.chance(0.5)) return leader;
    const up = nodeIds.filter((id) => cluster.isAlive(id));
    return up.length === 0 ? undefined : this.#stream.pick(up);
  }

  #crash(): void {
    const { nodeIds } = this.#world;
    const kind = this.#stream.unit();
    const victim = this.#victim();
    const majority = nodeIds.slice(0, Math.ceil((nodeIds.length + 1) / 2));
    const victims = kind < 0.08 ? nodeIds : kind < 0.2 ? majority : victim === undefined ? [] : [victim];
    for (const one of victims) this.#kill(one);
  }

  /** Kills now and then who has just given its word: whether it is kept shows in the next life. */
  #wound(nodeId: string): void {
    if (this.#isOver || !this.#stream.chance(this.#world.conditions.wounds)) return;
    if (this.#world.cluster.isAlive(nodeId)) this.#world.count('wounds');
    this.#kill(nodeId);
  }

  #kill(nodeId: string): void {
    if (!this.#world.cluster.isAlive(nodeId)) return;
    this.#world.count('crashes');
    this.#world.kill(nodeId);
    this.#startLater(nodeId);
  }

  /** A graceful end, in the midst of everything else. */
  #stop(): void {
    const victim = this.#victim();
    const { cluster, conditions } = this.#world;
    if (victim === undefined || cluster.clock(victim).isStopped) return;
    this.#world.count('stops');
    this.#world.trace(victim, 'is asked to stop');
    this.#stopping.add(victim);
    cluster.stop(victim, conditions.timings.electionTimeout * 2, () => {
      if (this.#isOver) return;
      this.#stopping.delete(victim);
      this.#world.forgetParty(victim);
      this.#startLater(victim);
    });
  }

  #startLater(nodeId: string): void {
    if (this.#isOver) return;
    // Half of them come back at once, while those who knew them still wait for an answer.
    const haste = this.#stream.chance(0.5) ? 0.02 : 1;
    const { cluster, conditions } = this.#world;
    cluster.time.at(this.#stream.exponential(conditions.lasts.down) * haste, () => {
      if (!this.#isOver && !cluster.isAlive(nodeId)) this.#start(nodeId);
    });
  }

  #start(nodeId: string): void {
    const image = this.#world.cluster.disks.get(nodeId)?.image;
    if (image?.log !== undefined && !this.#ruined.has(nodeId)) this.#older.set(nodeId, image);
    if (!this.#ruined.has(nodeId)) this.#world.excused.delete(nodeId);
    this.#stopping.delete(nodeId);
    this.#world.start(nodeId);
  }

  #pause(): void {
    const victim = this.#victim();
    if (victim === undefined) return;
    this.#world.count('pauses');
    const remote = [...this.#world.parties.values()].filter(({ isRemote }) => isRemote);
    const isRemote = remote.length > 0 && this.#stream.chance(0.3);
    const clock = isRemote ? this.#stream.pick(remote).clock : this.#world.cluster.clock(victim);
    clock.pause();
    const ms = this.#stream.exponential(this.#world.conditions.lasts.pause);
    this.#world.cluster.time.at(ms, () => clock.resume());
  }

  #suspend(): void {
    const victim = this.#victim();
    if (victim === undefined) return;
    const { cluster, conditions } = this.#world;
    this.#world.count('suspends');
    const clock = this.#machine(victim);
    clock.suspend();
    const party = [...this.#world.parties.values()].find((each) => each.clock === clock);
    const name = party?.name ?? victim;
    this.#world.trace(name, 'falls asleep');
    // Shorter than the margin would be no jump, and may use up what is meant for clocks of different rates.
    const marginMs = Math.max(200, conditions.ttl / 10);
    cluster.time.at(marginMs * 1.3 + this.#stream.exponential(conditions.lasts.pause), () => {
      this.#world.trace(name, 'wakes up');
      clock.resume();
    });
  }

  #stepWall(): void {
    const victim = this.#victim();
    if (victim === undefined) return;
    this.#world.count('clock steps');
    this.#machine(victim).stepWall(this.#stream.between(-3_600_000, 3_600_000));
  }

  /** That node's machine, or now and then a remote client's. */
  #machine(nodeId: string): NodeClock {
    const remote = [...this.#world.parties.values()].filter(({ isRemote }) => isRemote);
    const isRemote = remote.length > 0 && this.#remote.chance(0.3);
    return isRemote ? this.#remote.pick(remote).clock : this.#world.cluster.clock(nodeId);
  }

  #stall(): void {
    const victim = this.#victim();
    if (victim === undefined) return;
    const { cluster, conditions, stallUntil } = this.#world;
    this.#world.count('stalls');
    stallUntil.set(victim, cluster.time.now + this.#stream.exponential(conditions.lasts.stall));
  }

  /** The next write fails, and may be there after the restart all the same. */
  #failDisk(): void {
    const victim = this.#victim();
    if (victim === undefined) return;
    const { cluster, excused } = this.#world;
    excused.add(victim);
    const kind = this.#stream.pick(['write', 'write', 'checkpoint'] as const);
    const reachesDisk = this.#stream.chance(0.5);
    cluster.disks.get(victim)?.failNext({ kind, error: new Error(injected), reachesDisk });
    cluster.time.at(this.#stream.exponential(this.#world.conditions.lasts.down), () => {
      if (this.#isOver || !cluster.isAlive(victim) || cluster.failures(victim).length === 0) return;
      this.#world.count('disk errors');
      this.#kill(victim);
    });
  }

  /** Takes the data of one node away, as long as a majority keeps its own: there is always a good copy left. */
  #ruin(): void {
    const { cluster, nodeIds, excused } = this.#world;
    const victim = this.#stream.pick(nodeIds);
    const disk = cluster.disks.get(victim);
    const isMinority = (this.#ruined.size + 1) * 2 < nodeIds.length;
    if (disk === undefined || disk.image.log === undefined || this.#ruined.has(victim) || !isMinority) return;
    this.#world.count('damaged disks');
    this.#ruined.add(victim);
    excused.add(victim);
    this.#world.kill(victim);
    const older = this.#older.get(victim);
    const how = this.#stream.pick(['rotten', 'lost', 'wiped', 'rolled back', 'restored'] as const);
    this.#world.trace(victim, `its disk is ${how}`);
    // Only a copy from before the present run is one that anybody can tell from the original.
    const isTellable = older !== undefined && (older.identity?.run ?? 0) < (disk.image.identity?.run ?? 0);
    if (how === 'restored' && isTellable) this.#restore(victim, older);
    else if (how === 'rolled back' && isTellable) disk.rollBackLog(older);
    else if (how === 'lost') disk.loseLog();
    else if (how === 'wiped') disk.wipe();
    else disk.damage('a checksum does not hold');
    this.#startLater(victim);
  }

  #restore(nodeId: string, older: MemoryImage): void {
    this.#world.oldCopies.add(memberId(nodeId, older.identity?.incarnation ?? ''));
    this.#world.cluster.disks.get(nodeId)?.restore(older);
  }

  /** An operator gives a ruined node an empty disk, and asks somebody to let it in; it may work, or not. */
  #repair(): void {
    const { cluster, nodeIds, excused } = this.#world;
    const up = nodeIds.filter((id) => cluster.isAlive(id) && !this.#ruined.has(id));
    if (this.#ruined.size === 0 || up.length === 0) return;
    const nodeId = this.#stream.pick([...this.#ruined]);
    const repair = (this.#repairs.get(nodeId) ?? 0) + 1;
    this.#repairs.set(nodeId, repair);
    this.#world.trace(nodeId, 'gets an empty disk');
    this.#world.kill(nodeId);
    cluster.disks.get(nodeId)?.wipe();
    this.#world.start(nodeId);
    const asked = this.#stream.pick(up);
    cluster.time.at(this.#stream.exponential(this.#world.conditions.lasts.down), () => {
      if (this.#isOver || !cluster.isAlive(asked)) return;
      cluster.runtime(asked).replace(nodeId, ({ ok }) => {
        // What was let in may be its former incarnation.
        const isIn = cluster.runtime(nodeId).status().role !== 'blank';
        if (!ok || !isIn || this.#repairs.get(nodeId) !== repair) return;
        this.#world.count('replacements');
        this.#ruined.delete(nodeId);
        excused.delete(nodeId);
      });
    });
  }

  #reset(): void {
    const { cluster, nodeIds } = this.#world;
    const [from, to] = [this.#stream.pick(nodeIds), this.#stream.pick(nodeIds)];
    if (!cluster.isAlive(from)) return;
    if (cluster.breakLink(from, to)) this.#world.count('broken links');
    if (this.#remote.chance(0.3) && cluster.breakStreams(from)) this.#world.count('broken streams');
  }

  #partition(): void {
    const { cluster, conditions } = this.#world;
    const length = this.#stream.exponential(conditions.lasts.partition);
    const hosts = [...this.#world.parties.keys()];
    const links = linksCut(this.#stream, hosts, this.#victim() ?? this.#stream.pick(hosts));
    const flaps = this.#stream.chance(0.25) ? this.#stream.int(2, flapsMax) : 1;
    if (links.length > 0) this.#world.count('partitions');
    for (let flap = 0; flap < flaps; flap += 1) {
      cluster.time.at((length * flap) / flaps, () => {
        if (this.#isOver) return;
        for (const [from, to] of links) this.#cut(from, to);
      });
      cluster.time.at((length * (flap + 0.7)) / flaps, () => {
        for (const [from, to] of links) cluster.mend(from, to);
      });
    }
  }

  /** Some notice that a link is dead, by a keepalive for instance, and some do not. */
  #cut(from: string, to: string): void {
    const { cluster } = this.#world;
    cluster.cutOneWay(from, to);
    if (cluster.isAlive(from) && this.#stream.chance(0.3)) cluster.breakLink(from, to);
  }
}
