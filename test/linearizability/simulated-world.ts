import type { AcquireWish } from '../../src/acquisition.ts';
import type { Hold } from '../../src/hold.ts';
import { SessionEngine } from '../../src/session-engine.ts';
import type { Part } from '../../src/table/index.ts';
import { SimulatedCluster } from '../../src/testing/index.ts';
import type { Command, Plot } from './commands.ts';
import { Recorder } from './index.ts';
import { type Lie, truth } from './lies.ts';
import { Book, clientOf, RecordingGateway } from './recording-gateway.ts';
import * as world from './world-locks.ts';

interface Seat {
  readonly nodeId: string;
  readonly gateway: RecordingGateway;
  engine: SessionEngine;
  /** Its node has joined and caught up: users get nothing of it before. */
  isOpen: boolean;
}

/** A cluster of whole nodes in virtual time that carries out commands, while a history of it is written. */
export class SimulatedWorld {
  readonly lines: string[] = [];
  readonly #plot: Plot;
  readonly #lie: Lie;
  readonly #cluster: SimulatedCluster;
  readonly #nodeIds: readonly string[];
  readonly #book: Book;
  readonly #seats = new Map<string, Seat>();
  readonly #held: { readonly hold: Hold; readonly seat: Seat }[] = [];
  readonly #paused = new Set<string>();
  /** Faults are over: whoever gets a lock lets go at once. */
  #isCalm = false;
  #limitAsked: number = world.permitsInAll;
  #lastNs = 0n;

  constructor(plot: Plot, lie: Lie = truth) {
    this.#plot = plot;
    this.#lie = lie;
    this.#nodeIds = Array.from({ length: plot.nodes }, (_, at) => `n${at + 1}`);
    const limits = plot.checkpoints ? { checkpointEntries: 20, keptEntries: 5 } : {};
    this.#cluster = new SimulatedCluster(this.#nodeIds, { seed: plot.seed, limits });
    this.#cluster.linkMs = () => 1 + (this.#cluster.random.u32() % plot.linkMs);
    for (const [at, id] of this.#nodeIds.entries())
      this.#cluster.clockRates.set(id, 1 + world.rateSpread * ((at % 3) - 1));
    const recorder = new Recorder({
      meta: world.metaOf(plot, world.rateSpread),
      now: () => this.#now(),
      sink: (line) => this.lines.push(line),
    });
    this.#book = new Book(recorder);
  }

  /** All commands, and then everybody must be served; the history of it. */
  run(): readonly string[] {
    this.play();
    this.#heal();
    return this.lines;
  }

  /** The commands alone. */
  play(): readonly string[] {
    for (const id of this.#nodeIds) this.#start(id);
    this.#cluster.untilReady();
    for (const command of this.#plot.commands) {
      this.#take(command);
      this.#claim();
    }
    return this.lines;
  }

  /** Strictly rising, so that what the simulation does one after the other is not taken for simultaneous. */
  #now(): bigint {
    const now = BigInt(Math.floor(this.#cluster.time.now * 1e6));
    this.#lastNs = now > this.#lastNs ? now : this.#lastNs + 1n;
    return this.#lastNs;
  }

  #start(nodeId: string): void {
    // From now on its sessions of before may be ended by the new run.
    for (const session of this.#seats.get(nodeId)?.gateway.living ?? []) {
      this.#book.end(this.#book.begin({ f: 'close', client: clientOf(session) }));
    }
    const runtime = this.#cluster.start(nodeId);
    const clock = this.#cluster.clock(nodeId);
    const gateway = new RecordingGateway(runtime, { book: this.#book, soon: (run) => clock.soon(run), lie: this.#lie });
    const seat: Seat = { nodeId, gateway, engine: this.#engineOf(nodeId, gateway), isOpen: false };
    this.#seats.set(nodeId, seat);
    runtime.whenReady((outcome) => {
      seat.isOpen = outcome.ok;
    });
  }

  #engineOf(nodeId: string, gateway: RecordingGateway): SessionEngine {
    return new SessionEngine({
      gateway,
      clock: this.#cluster.clock(nodeId),
      random: this.#cluster.random,
      ttlMs: this.#plot.ttlMs,
      label: nodeId,
      isHome: true,
    });
  }

  #take(command: Command): void {
    const nodeId = this.#nodeIds[command.node % this.#nodeIds.length] ?? 'n1';
    switch (command.kind) {
      case 'acquire':
        return this.#acquire(nodeId, command);
      case 'release': {
        const held = this.#held[command.which % Math.max(1, this.#held.length)];
        if (held !== undefined && this.#runs(held.seat)) held.hold.release(() => {});
        return;
      }
      case 'acquire-all':
        return this.#acquireAll(nodeId, command);
      case 'upgrade':
      case 'downgrade':
        return world.convertOne(this.#able(), command, this.#plot.ttlMs);
      case 'enter':
        return this.#enter(command.which);
      case 'limit':
        return this.#limit(nodeId, command.permits);
      case 'inspect':
        return this.#inspect(nodeId, `lock-${command.lock}`, command.isLocal);
      case 'close':
        return this.#close(nodeId);
      case 'pass':
        return this.#pass(command.ms);
      case 'kill':
      case 'restart':
      case 'isolate':
      case 'pause':
      case 'resume':
      case 'cut':
      case 'heal':
      case 'slow-disk':
        this.#book.recorder.nemesis({
          f: command.kind,
          phase: world.isCure(command.kind) ? 'stop' : 'start',
          node: nodeId,
        });
        return this.#fault(nodeId, command);
      default:
        return command satisfies never;
    }
  }

  #acquire(nodeId: string, command: Extract<Command, { readonly kind: 'acquire' }>): void {
    const { lock, waits, limitMs, how = 0, owner, reenters } = command;
    const named = world.ownerOf(owner);
    const isPlain = named === undefined && (lock === 0 || lock === 3);
    const parts = isPlain ? undefined : this.#partsOf([lock], how);
    const mayEnter = reenters === true && named !== undefined && parts?.[0]?.mode === 'X';
    this.#ask(nodeId, { name: `lock-${lock}`, parts, owner: named, reenters: mayEnter, waits, limitMs });
  }

  #acquireAll(nodeId: string, command: Extract<Command, { readonly kind: 'acquire-all' }>): void {
    const { locks, how, waits, limitMs, owner } = command;
    const parts = this.#partsOf(
      [3, 2, 1, 0].filter((lock) => (locks & (1 << lock)) !== 0),
      how,
    );
    this.#ask(nodeId, { name: parts?.[0]?.name ?? '', parts, owner: world.ownerOf(owner), waits, limitMs });
  }

  #enter(which: number): void {
    const able = this.#held.filter(({ hold, seat }) => hold.mode === 'X' && hold.owner && this.#runs(seat));
    const held = able[which % Math.max(1, able.length)];
    if (held === undefined) return;
    const { name, owner } = held.hold;
    this.#ask(held.seat.nodeId, {
      name,
      parts: [{ name, mode: 'X', ...world.plain }],
      owner,
      reenters: true,
      waits: false,
      limitMs: 500,
    });
  }

  #ask(nodeId: string, wish: AcquireWish): void {
    const seat = this.#seats.get(nodeId);
    if (seat === undefined || !this.#runs(seat)) return;
    seat.engine.acquire(wish, (outcome) => {
      if (outcome.kind !== 'granted') return;
      for (const hold of [outcome.hold, ...outcome.others]) {
        if (this.#isCalm) hold.release(() => {});
        else this.#held.push({ hold, seat });
      }
    });
  }

  #partsOf(locks: readonly number[], how: number): readonly Part[] | undefined {
    return world.partsIn(this.#plot, locks, { how, limit: this.#limitAsked });
  }

  #able(): readonly Hold[] {
    return this.#held.filter(({ seat }) => this.#runs(seat)).map(({ hold }) => hold);
  }

  #limit(nodeId: string, limit: number): void {
    const seat = this.#seats.get(nodeId);
    if (seat === undefined || !this.#runs(seat)) return;
    this.#limitAsked = limit;
    const undone = 'the limit was not changed';
    seat.engine.run({ asks: { kind: 'limit', name: 'lock-2', limit }, undone }, () => {});
  }

  #inspect(nodeId: string, name: string, isLocal: boolean): void {
    const seat = this.#seats.get(nodeId);
    if (seat === undefined || !this.#runs(seat)) return;
    const process = this.#book.begin({ f: 'holder', name, consistency: isLocal ? 'stale' : 'linearizable' });
    const consistency = isLocal ? 'local' : 'linearizable';
    seat.gateway.query({ kind: 'inspect', name, consistency }, (outcome) => {
      this.#book.end(process, outcome.ok ? world.seenIn(outcome.value) : undefined);
    });
  }

  #close(nodeId: string): void {
    const seat = this.#seats.get(nodeId);
    if (seat === undefined || !this.#runs(seat)) return;
    seat.engine.close(() => {});
    seat.engine = this.#engineOf(nodeId, seat.gateway);
  }

  #fault(nodeId: string, command: Extract<Command, { readonly kind: (typeof world.faults)[number] }>): void {
    switch (command.kind) {
      case 'kill':
        if (this.#cluster.isAlive(nodeId)) this.#cluster.kill(nodeId);
        return;
      case 'restart':
        if (this.#cluster.isAlive(nodeId)) this.#cluster.kill(nodeId);
        this.#paused.delete(nodeId);
        return this.#start(nodeId);
      case 'isolate':
        return this.#cluster.isolate(nodeId);
      case 'pause':
        this.#paused.add(nodeId);
        return this.#cluster.pause(nodeId);
      case 'resume':
        this.#paused.delete(nodeId);
        return this.#cluster.resume(nodeId);
      case 'cut':
        return this.#cluster.cut(nodeId, this.#nodeIds[command.other % this.#nodeIds.length] ?? nodeId);
      case 'heal':
        return this.#cluster.heal();
      case 'slow-disk':
        this.#cluster.diskMs.set(nodeId, command.ms);
        return;
      default:
        return command satisfies never;
    }
  }

  #pass(ms: number): void {
    for (let left = ms; left > 0; left -= 100) {
      this.#cluster.time.advance(Math.min(left, 100));
      this.#claim();
    }
  }

  /** Whoever says at this moment that he holds a lock must be right at this moment. */
  #claim(): void {
    for (const { hold, seat } of this.#held) {
      const client = this.#book.ownerOf.get(hold.token);
      // Under way to another token, it may have that already.
      if (client === undefined || !this.#runs(seat) || hold.isConverting) continue;
      if (!hold.isHeld && !(this.#lie.clings && hold.loss !== undefined)) continue;
      const process = this.#book.begin({ f: 'validate', name: hold.name, client, token: hold.token });
      this.#book.end(process, { held: true });
    }
  }

  /** Nobody can say anything in a process that is dead or stopped. */
  #runs({ nodeId, gateway, isOpen }: Seat): boolean {
    const isCurrent = this.#seats.get(nodeId)?.gateway === gateway;
    return isOpen && isCurrent && this.#cluster.isAlive(nodeId) && !this.#paused.has(nodeId);
  }

  /** Faults end, everything is let go, and everybody gets every lock once more. */
  #heal(): void {
    this.#cluster.heal();
    for (const id of this.#nodeIds) {
      this.#cluster.diskMs.set(id, 1);
      if (!this.#cluster.isAlive(id)) this.#start(id);
      this.#cluster.resume(id);
    }
    this.#paused.clear();
    this.#isCalm = true;
    this.#cluster.untilReady();
    this.#pass(200);
    for (const { hold, seat } of this.#held) if (this.#runs(seat)) hold.release(() => {});
    this.#book.recorder.mark('healed');
    let served = 0;
    for (const seat of this.#seats.values()) {
      this.#serve(seat, () => {
        served += 1;
      });
    }
    this.#cluster.time.until(
      () => served === this.#nodeIds.length,
      world.servedWithinMs,
      'everybody gets the lock once more',
    );
    this.#inspect(this.#nodeIds[0] ?? 'n1', 'lock-0', false);
    this.#pass(1_000);
  }

  /** Again and again, because the session may have died of the faults that are over. */
  #serve(seat: Seat, done: () => void): void {
    const parts = this.#plot.isMixed === true ? this.#partsOf([0, 1, 3], 2) : undefined;
    seat.engine.acquire({ name: 'lock-0', parts, waits: true, limitMs: undefined }, (outcome) => {
      if (outcome.kind === 'granted') {
        for (const hold of [outcome.hold, ...outcome.others]) hold.release(() => {});
        done();
      } else this.#cluster.clock(seat.nodeId).after(100, () => this.#serve(seat, done));
    });
  }
}
