import type {
  Core,
  Effects,
  Entry,
  Input,
  LogWrite,
  MemberId,
  Message,
  ProposalAnswer,
  ReadAnswer,
} from '../../raft/index.ts';
import type { Store } from '../../storage/index.ts';
import type { Clock, Timer } from '../clock/index.ts';
import type { PeerTransport } from '../transport/index.ts';
import { Announcements } from './announcements.ts';
import { Disk } from './disk.ts';
import type { Observer } from './observer.ts';
import type { Timings } from './options.ts';

/** What the driver does not do itself. All are called inside a turn and must not await. */
export interface DriverHandlers {
  /** Once the waiting inputs are fed: requests gathered since the last turn go in. `now` is the turn's time, for the core. */
  turnBegins(now: number): void;
  /** Execute these entries now. */
  apply(entries: readonly Entry[]): void;
  /** A write that makes a snapshot the table has been asked of the disk. */
  installing(write: LogWrite): void;
  /** The write that made a snapshot the table is durable: load it, then feed `snapshot-installed`. */
  installed(write: LogWrite): void;
  proposalAnswered(answer: ProposalAnswer): void;
  readAnswered(answer: ReadAnswer): void;
  sendSnapshot(to: MemberId): void;
  /** Whether what was applied since the last call is waited for at another node. */
  isAwaitedElsewhere(): boolean;
  /** Last thing in a turn: what the turn changed has been done. `now` is the turn's time. */
  turnEnded(now: number): void;
  failed(error: Error): void;
}

export interface DriverWorld {
  readonly core: Core;
  readonly store: Store;
  readonly transport: PeerTransport;
  readonly clock: Clock;
  readonly timings: Timings;
  readonly handlers: DriverHandlers;
  readonly observer: Observer | undefined;
}

/**
 * How often, at least and at most, the core hears that time passed. In between it hears so when it has something to do
 * then: idle nodes wake seldom, and an election or heartbeat is late by no more than the smaller step.
 */
const ticksPerHeartbeat = { min: 1, max: 5 };

/**
 * The event loop of a node, one turn at a time: feed all that waits, take what the core asks, send, persist, apply.
 * A turn never awaits. An error in it is a broken invariant: the driver stops and feeds nothing more.
 */
export class Driver {
  readonly #world: DriverWorld;
  readonly #disk: Disk;
  readonly #announcements = new Announcements();
  #mailbox: Input[] = [];
  #isScheduled = false;
  #isTickDue = false;
  #isStalled = false;
  #isStopped = false;
  #ticker: Timer | undefined;
  #tickAt = 0;
  #tickedAt = 0;

  constructor(world: DriverWorld) {
    this.#world = world;
    this.#disk = new Disk(world.store, world.clock, {
      durable: (write, released) => {
        this.#send(released);
        this.feed({ kind: 'durable', write });
      },
      installed: (write) => world.handlers.installed(write),
      failed: (error) => this.#fail(error),
    });
  }

  start(): void {
    this.#tickedAt = this.#world.clock.now();
    this.#armTicker();
    this.#schedule();
  }

  /** Nothing runs after it; a write under way still ends on disk. */
  stop(): void {
    this.#isStopped = true;
    this.#mailbox = [];
    this.#ticker?.cancel();
    this.#disk.close();
  }

  /** Milliseconds that the write under way has taken so far; 0 when there is none. */
  get writeMs(): number {
    return this.#disk.busyMs;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Waits for the next turn, which comes soon. */
  feed(input: Input): void {
    if (this.#isStopped) return;
    this.#mailbox.push(input);
    this.#schedule();
  }

  /** There is something for `turnBegins`. */
  wake(): void {
    this.#schedule();
  }

  /** Sets the next tick, or moves it forward: the core may want one sooner than it did. */
  #armTicker(): void {
    const { core, clock, timings } = this.#world;
    const { heartbeatInterval } = timings;
    const earliest = this.#tickedAt + heartbeatInterval / ticksPerHeartbeat.max;
    const latest = this.#tickedAt + heartbeatInterval / ticksPerHeartbeat.min;
    const at = Math.min(latest, Math.max(earliest, core.due ?? latest));
    if (this.#ticker !== undefined && at >= this.#tickAt) return;
    this.#ticker?.cancel();
    this.#tickAt = at;
    this.#ticker = clock.after(Math.max(0, at - clock.now()), () => {
      this.#ticker = undefined;
      this.#isTickDue = true;
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isStopped) return;
    this.#isScheduled = true;
    this.#world.clock.soon(() => {
      this.#isScheduled = false;
      if (!this.#isStopped) this.#guardedTurn();
    });
  }

  #guardedTurn(): void {
    try {
      this.#turn();
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #turn(): void {
    const { core, clock, handlers } = this.#world;
    const now = clock.now();
    const inputs = this.#mailbox;
    this.#mailbox = [];
    this.#announcements.turnBegins();
    for (const input of inputs) this.#step(input, now);
    handlers.turnBegins(now);
    // Last, so that a process that was stopped hears its peers before it concludes anything from their silence (S110).
    if (this.#isTickDue) this.#tick(now);
    for (let effects = core.take(); effects !== undefined; effects = core.take()) {
      this.#perform(effects, now);
      if (this.#isStopped) return;
    }
    if (this.#announcements.hasAny) this.#announce();
    handlers.turnEnded(now);
    this.#armTicker();
  }

  #tick(now: number): void {
    this.#isTickDue = false;
    this.#tickedAt = now;
    const isStalled = this.#disk.busyMs > this.#world.timings.diskStallTimeout;
    if (isStalled !== this.#isStalled) {
      this.#isStalled = isStalled;
      this.#step({ kind: 'disk-stalled', stalled: isStalled }, now);
    }
    this.#step({ kind: 'tick' }, now);
  }

  #step(input: Input, now: number): void {
    const { core, observer } = this.#world;
    core.step(input, now);
    observer?.stepped(input, core);
  }

  #perform(effects: Effects, now: number): void {
    const { core, handlers, observer } = this.#world;
    observer?.asked(effects, core.status);
    this.#send(effects.send);
    if (effects.persist !== undefined) {
      if (effects.persist.write.install !== undefined) handlers.installing(effects.persist.write);
      this.#disk.ask(effects.persist);
    }
    if (effects.apply.length > 0) {
      handlers.apply(effects.apply);
      const last = effects.apply.at(-1);
      if (last !== undefined) this.#step({ kind: 'applied', index: last.index }, now);
    }
    for (const answer of effects.proposals) handlers.proposalAnswered(answer);
    for (const answer of effects.reads) handlers.readAnswered(answer);
    for (const member of effects.snapshots) handlers.sendSnapshot(member);
  }

  /** What the turn did not tell by the way is told now; what it learned itself may wait for the next one. */
  #announce(): void {
    for (const message of this.#announcements.take(this.#world.handlers.isAwaitedElsewhere())) {
      this.#world.transport.send(message.to, [{ kind: 'raft', message }]);
    }
    if (this.#announcements.hasAny) this.#schedule();
  }

  /** One call per receiver, in the order of their first message. */
  #send(messages: readonly Message[]): void {
    if (messages.length === 0) return;
    const byReceiver = new Map<MemberId, { kind: 'raft'; message: Message }[]>();
    for (const message of messages) {
      if (this.#announcements.holds(message)) continue;
      const packets = byReceiver.get(message.to);
      if (packets === undefined) byReceiver.set(message.to, [{ kind: 'raft', message }]);
      else packets.push({ kind: 'raft', message });
    }
    for (const [to, packets] of byReceiver) this.#world.transport.send(to, packets);
  }

  #fail(error: Error): void {
    if (this.#isStopped) return;
    this.stop();
    this.#world.handlers.failed(error);
  }
}
