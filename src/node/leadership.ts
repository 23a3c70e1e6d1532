import type { Configuration, Core, CoreStatus, ProposalAnswer } from '../../raft/index.ts';
import type { Clock } from '../clock/index.ts';
import type { Command, Table, TableEvent } from '../table/index.ts';
import { type Beat, type BeatHandler, Deadlines } from './deadlines.ts';
import { DelayTimers } from './delay-timers.ts';
import { isDiskLow, makesTableGrow } from './disk-space.ts';
import type { Driver } from './driver.ts';
import type { AdminOutcome } from './gateway.ts';
import { HoldTimers } from './hold-timers.ts';
import type { Members } from './members.ts';
import type { RuntimeOptions } from './options.ts';
import { Proposals, type ReceiptHandler } from './proposals.ts';
import type { Reads } from './reads.ts';
import { Replacements } from './replacements.ts';

export interface LeadershipWorld {
  readonly options: RuntimeOptions;
  readonly core: Core;
  readonly driver: Driver;
  readonly reads: Reads;
  readonly members: Members;
  readonly table: () => Table;
}

/** What only a leader does: takes commands into the log, keeps the sessions' deadlines, replaces members. */
export class Leadership {
  readonly #world: LeadershipWorld;
  readonly #clock: Clock;
  readonly #proposals: Proposals;
  readonly #deadlines: Deadlines;
  readonly #holdTimers: HoldTimers;
  readonly #delayTimers: DelayTimers;
  readonly #replacements = new Replacements();

  constructor(world: LeadershipWorld) {
    const { core, options, table } = world;
    this.#world = world;
    this.#clock = options.clock;
    this.#proposals = new Proposals(core, options.clock, options.limits.batchBytesMax);
    this.#deadlines = new Deadlines(table, options.timings.electionTimeout / 2, {
      expire: (session, version, refused) => this.#propose({ kind: 'expire', session, version }, refused),
      confirm: (id, now) => this.#confirm(id, now),
    });
    this.#holdTimers = new HoldTimers(table, (command, refused) => this.#propose(command, refused));
    this.#delayTimers = new DelayTimers(table, (command, refused) => this.#propose(command, refused));
  }

  /** Whether commands wait for the next turn. */
  get hasWork(): boolean {
    return !this.#proposals.isEmpty;
  }

  /** Commands for the log; a node that does not lead says so at once. */
  take(commands: readonly Command[], receipt: ReceiptHandler): void {
    if (this.#world.core.status.role !== 'leader') return receipt('try-there');
    const isLow = isDiskLow(this.#world.options) && commands.some(makesTableGrow);
    this.#proposals.add(isLow ? commands.filter((command) => !makesTableGrow(command)) : commands, receipt);
    // The receipt for the rest of the batch comes first or last: either way what stays outside is sent again later.
    if (isLow) receipt('slow-down');
    this.#world.driver.wake();
  }

  beat(beats: readonly Beat[], acknowledge: BeatHandler): void {
    this.#deadlines.beat(beats, acknowledge);
    this.#world.driver.wake();
  }

  replace(nodeId: string, done: (outcome: AdminOutcome) => void): void {
    const { core, members, driver } = this.#world;
    const { configuration, role } = core.status;
    if (role !== 'leader') {
      return done({ ok: false, failure: { code: 'CONNECTION', text: 'the leader changed: try again' } });
    }
    const id = this.#proposals.takeId();
    const change = this.#replacements.start(nodeId, { configuration, knock: members.knockOf(nodeId), id }, done);
    if (change !== undefined) driver.feed({ kind: 'replace', id, ...change });
  }

  /** Within a turn: starts the round for heartbeats. */
  flushBeats(now: number): void {
    this.#deadlines.flush(now);
  }

  /** Within a turn, after all else was gathered: one entry for all commands. */
  flushCommands(now: number): void {
    this.#proposals.flush(now);
  }

  answered(answer: ProposalAnswer): void {
    if (!this.#proposals.answered(answer)) this.#replacements.answered(answer);
  }

  heard(event: TableEvent): void {
    if (event.kind === 'session-opened') this.#deadlines.opened(event.session, event.ttlMs, this.#clock.now());
    if (event.kind === 'session-ended') this.#deadlines.ended(event.session);
    this.#holdTimers.heard(event);
    if (event.kind === 'delayed') this.#delayTimers.heard(event, this.#clock.now());
  }

  executed(command: Command): void {
    if (command.kind === 'expire') this.#deadlines.expiryExecuted(command.session, this.#clock.now());
    if (command.kind === 'begun') this.#holdTimers.begun(command, this.#clock.now());
  }

  /** Once per turn, with what the turn left behind. */
  turnEnded(status: CoreStatus, applied: Configuration, now: number): void {
    this.#deadlines.lead(status.leads, now);
    this.#holdTimers.lead(status.leads, now);
    this.#delayTimers.lead(status.leads, now);
    this.#replacements.settle(applied, status.role === 'leader');
  }

  /** Once per heartbeat interval. */
  sweep(now: number): void {
    this.#deadlines.sweep(now);
    this.#holdTimers.sweep(now);
    this.#delayTimers.sweep(now);
  }

  /** Whoever waits for a replacement hears that nobody here will answer. */
  stop(): void {
    this.#replacements.close();
  }

  #propose(command: Command, refused: () => void): void {
    this.#proposals.add([command], (receipt) => {
      if (receipt !== 'accepted') refused();
    });
  }

  #confirm(id: number, now: number): void {
    const { reads } = this.#world;
    reads.ask(now, (outcome) => {
      if (!outcome.ok) return this.#deadlines.unconfirmed(id);
      reads.whenApplied(outcome.index, () => this.#deadlines.confirmed(id, this.#clock.now()));
    });
  }
}
