import {
  type ConfigurationAt,
  Core,
  type CoreStatus,
  type MemberId,
  type Restored,
  type SnapshotHead,
} from '../../raft/index.ts';
import type { Store } from '../../storage/index.ts';
import type { Table, TableEvent } from '../table/index.ts';
import type { Packet, PeerTransport } from '../transport/index.ts';
import { Applier } from './applier.ts';
import { Carrier } from './carrier.ts';
import { Checkpoints } from './checkpoints.ts';
import type { Beat } from './deadlines.ts';
import { DiskWatch } from './disk-space.ts';
import { Driver } from './driver.ts';
import { Forward } from './forward.ts';
import type { AdminOutcome } from './gateway.ts';
import type { HoldWatches } from './hold-watches.ts';
import { Installation } from './installation.ts';
import { Leadership } from './leadership.ts';
import type { Members } from './members.ts';
import type { RuntimeOptions } from './options.ts';
import type { Queries } from './queries.ts';
import { Reads } from './reads.ts';
import { Snapshots } from './snapshots.ts';
import type { Tickets } from './tickets.ts';

export interface ReplicaWorld {
  readonly options: RuntimeOptions;
  readonly store: Store;
  readonly transport: PeerTransport;
  readonly members: Members;
  readonly tickets: Tickets;
  readonly queries: Queries;
  readonly watches: HoldWatches;
  /** Who leads, or who belongs to the cluster, has changed. */
  readonly changed: () => void;
  readonly failed: (error: Error) => void;
}

/** A member of a formed cluster: the core and everything that acts for it, wired together. */
export class Replica {
  readonly #world: ReplicaWorld;
  readonly #core: Core;
  readonly #driver: Driver;
  readonly #applier: Applier;
  readonly #reads: Reads;
  readonly #leadership: Leadership;
  readonly #checkpoints: Checkpoints;
  readonly #forward: Forward;
  readonly #carrier: Carrier;
  readonly #snapshots: Snapshots;
  readonly #installation: Installation;
  readonly #diskWatch: DiskWatch;
  #status: CoreStatus;
  #sweptAt = 0;
  /** A received snapshot waits for the core's word. */
  #isUnjudged = false;

  constructor(world: ReplicaWorld, restored: Restored, table: Table) {
    const { options, store, transport, tickets, members } = world;
    const { clock, timings, limits, observer } = options;
    const picture = { head: restored.checkpoint, table };
    this.#world = world;
    this.#core = new Core(
      {
        self: members.self,
        chainOf: options.chainOf,
        seed: options.random.u32(),
        heartbeatInterval: timings.heartbeatInterval,
        electionTimeout: timings.electionTimeout,
        limits: limits.core,
      },
      restored,
    );
    this.#status = this.#core.status;
    this.#applier = new Applier(picture, {
      event: (event) => this.#heard(event),
      executed: (command) => this.#leadership.executed(command),
      ...{ observer, history: { eventsMax: limits.keptEvents, bytesMax: limits.keptEventBytes } },
    });
    const drives = { core: this.#core, store, transport, clock, timings, observer };
    this.#driver = new Driver({ ...drives, handlers: this.#driverHandlers() });
    this.#reads = new Reads(this.#core, restored.checkpoint.position.index);
    this.#leadership = new Leadership({
      options,
      core: this.#core,
      driver: this.#driver,
      reads: this.#reads,
      members,
      table: () => this.#applier.table,
    });
    this.#checkpoints = new Checkpoints(store, limits, {
      taken: (head) => this.#compactTo(head.position.index),
      failed: (error) => this.#fail(error),
    });
    this.#forward = new Forward(transport, clock, {
      commands: (commands, receipt) => this.#leadership.take(commands, receipt),
      beats: (beats, acknowledge) => this.#leadership.beat(beats, acknowledge),
      replace: (nodeId, done) => this.#leadership.replace(nodeId, done),
      receipt: (batch, receipt) => tickets.receipt(batch, receipt),
      beatsAcknowledged: (beats) => this.#carrier.acknowledged(beats),
      malformed: (from, reason) => options.logger.warn({ from, reason }, 'a forwarded message makes no sense'),
    });
    this.#carrier = new Carrier(tickets, this.#leadership, this.#forward);
    this.#installation = new Installation(store, limits.table, {
      loaded: (head, table) => this.#guarded(() => this.#loaded(head, table)),
      failed: (error) => this.#fail(error),
    });
    this.#diskWatch = new DiskWatch({ options, handOver: () => this.transfer() });
    this.#snapshots = new Snapshots({
      options,
      store,
      transport,
      term: () => this.#core.status.term,
      sent: (to, delivered) => this.#driver.feed({ kind: 'snapshot-sent', to, delivered }),
      received: (from, term, head) => this.#snapshotReceived(from, term, head),
    });
  }

  get status(): CoreStatus {
    return this.#core.status;
  }

  /** The newest configuration in the log, committed or not. */
  get configuration(): ConfigurationAt {
    const { configIndex, configuration } = this.#core.status;
    return { index: configIndex, configuration };
  }

  get writeMs(): number {
    return this.#driver.writeMs;
  }

  /** Whether leadership can be handed to anybody. */
  get hasPeers(): boolean {
    return this.#core.status.configuration.voters.length > 1;
  }

  get applier(): Applier {
    return this.#applier;
  }

  start(): void {
    this.#driver.start();
  }

  wake(): void {
    this.#driver.wake();
  }

  /** Whatever a peer sends to a node that has stopped is lost. */
  receive(from: MemberId, packet: Packet): void {
    if (!this.#driver.isStopped) this.#guarded(() => this.#received(from, packet));
  }

  #received(from: MemberId, packet: Packet): void {
    switch (packet.kind) {
      case 'raft':
        return this.#driver.feed({ kind: 'message', message: packet.message });
      case 'forward':
        return this.#forward.receive(from, packet.body);
      case 'snapshot':
        return this.#snapshots.receive(from, packet);
      default:
        packet satisfies never;
    }
  }

  unreachable(peer: MemberId, refused: boolean): void {
    this.#driver.feed({ kind: 'unreachable', peer, refused });
    this.#forward.unreachable(peer);
    this.#snapshots.linkChanged(peer);
  }

  /** A link to that peer is up: what was sent to it before is lost. */
  reached(peer: MemberId): void {
    this.#snapshots.linkChanged(peer);
  }

  /** Hands leadership to the best other voter, if this node leads and there is one. */
  transfer(): void {
    this.#driver.feed({ kind: 'transfer', to: undefined });
  }

  beat(beat: Beat): void {
    this.#carrier.beat(beat);
    this.#driver.wake();
  }

  /** At the leader, or by way of it. */
  replace(nodeId: string, done: (outcome: AdminOutcome) => void): void {
    const { role, leader } = this.#core.status;
    if (role === 'leader') return this.#leadership.replace(nodeId, done);
    if (leader === undefined) {
      const failure = { code: 'CONNECTION', text: 'no leader is known' } as const;
      return this.#world.options.clock.soon(() => done({ ok: false, failure }));
    }
    this.#forward.sendReplace(leader, nodeId, done);
  }

  stop(): void {
    this.#driver.stop();
    this.#forward.failOrders('this node has stopped');
    this.#leadership.stop();
    this.#checkpoints.close();
    this.#snapshots.close();
  }

  #snapshotReceived(from: MemberId, term: number, head: SnapshotHead): void {
    this.#isUnjudged = true;
    this.#driver.feed({ kind: 'snapshot-received', from, term, head });
  }

  #driverHandlers(): ConstructorParameters<typeof Driver>[0]['handlers'] {
    return {
      turnBegins: (now) => this.#turnBegins(now),
      apply: (entries) => {
        this.#applier.apply(entries);
        this.#reads.applied(this.#applier.head.position.index);
      },
      installing: (write) => this.#installation.begin(write),
      installed: (write) => this.#installation.load(write),
      proposalAnswered: (answer) => this.#leadership.answered(answer),
      readAnswered: (answer) => this.#reads.answered(answer),
      sendSnapshot: (to) => this.#snapshots.send(to, this.#core.status.term),
      isAwaitedElsewhere: () => this.#world.tickets.takeAwaitedElsewhere(),
      turnEnded: (now) => this.#turnEnded(now),
      failed: (error) => this.#world.failed(error),
    };
  }

  #turnBegins(now: number): void {
    this.#carrier.carry(this.#core.status);
    this.#leadership.flushBeats(now);
    this.#world.queries.flush(now, this.#reads, this.#applier);
    this.#leadership.flushCommands(now);
  }

  #turnEnded(now: number): void {
    const status = this.#core.status;
    const former = this.#status;
    this.#status = status;
    this.#leadership.turnEnded(status, this.#applier.head.configuration.configuration, now);
    if (status.leader !== former.leader || status.term !== former.term) this.#leaderChanged(status);
    if (former.role === 'leader' && status.role !== 'leader') this.#snapshots.stopSending();
    if (this.#isUnjudged) this.#snapshots.judged(this.#installation.isUnderWay);
    this.#isUnjudged = false;
    if (status.configIndex !== former.configIndex) this.#world.changed();
    if (!this.#installation.isUnderWay) this.#checkpoints.consider(this.#applier, status.durableIndex);
    if (now - this.#sweptAt < this.#world.options.timings.heartbeatInterval) return;
    this.#sweptAt = now;
    this.#leadership.sweep(now);
    this.#forward.sendReceipts();
    this.#diskWatch.look();
    this.#world.tickets.retry(now);
    if (this.#world.tickets.hasOutbox || this.#leadership.hasWork) this.#driver.wake();
  }

  #leaderChanged(status: CoreStatus): void {
    const { role, term, leader } = status;
    this.#forward.failOrders('the leader changed: see "holdfast status" for what became of it');
    this.#world.options.logger.info(
      { role, term, leader },
      leader === undefined ? 'no leader is known' : 'a leader is known',
    );
    if (leader !== undefined) {
      this.#world.tickets.resendAll();
      this.#driver.wake();
    }
    this.#world.changed();
  }

  #heard(event: TableEvent): void {
    const { members, tickets, watches } = this.#world;
    this.#leadership.heard(event);
    if (event.kind === 'started' && event.isCurrent && members.isDouble(event)) {
      throw new Error(`another process runs as node ${event.node}: its data directory is a copy of this one`);
    }
    tickets.heard(event, members);
    if (watches.areSome) watches.heard(event);
  }

  /** Keeps what a peer that lags a little, or a snapshot under way, still needs. */
  #compactTo(index: number): void {
    const { keptEntries, keptBytes } = this.#world.options.limits;
    const kept = this.#core.status.logBytes > keptBytes ? 0 : keptEntries;
    const until = Math.min(index - kept, this.#snapshots.oldestIndex);
    if (until > 0) this.#driver.feed({ kind: 'compact', index: until });
  }

  #loaded(head: SnapshotHead, table: Table): void {
    if (this.#driver.isStopped) return;
    const { members, tickets, watches, options } = this.#world;
    const { index } = head.position;
    this.#snapshots.installed();
    this.#checkpoints.forget();
    this.#applier.replaceBy({ head, table });
    tickets.settleBy(this.#applier.table, { ...members.identity, boot: members.boot });
    watches.lookAtAll();
    this.#reads.applied(index);
    this.#driver.feed({ kind: 'snapshot-installed', index });
    options.logger.info({ index }, 'a snapshot was installed');
  }

  #guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #fail(error: Error): void {
    if (!this.#driver.isStopped) this.#world.failed(error);
  }
}
