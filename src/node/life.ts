import { nodeIdOf, type Restored } from '../../raft/index.ts';
import type { Genesis, Opened, TakeRows } from '../../storage/index.ts';
import { Table } from '../table/index.ts';
import type { PeerTransport } from '../transport/index.ts';
import { Admission } from './admission.ts';
import { failureOf } from './failure.ts';
import type { Failure } from './gateway.ts';
import type { HoldWatches } from './hold-watches.ts';
import { Members } from './members.ts';
import type { RuntimeOptions } from './options.ts';
import type { Queries } from './queries.ts';
import { Replica } from './replica.ts';
import { StoredTable } from './stored-table.ts';
import type { Tickets } from './tickets.ts';

export type StartOutcome = { readonly ok: true } | { readonly ok: false; readonly failure: Failure };

type Done = (outcome: StartOutcome) => void;

type Phase = 'new' | 'opening' | 'blank' | 'forming' | 'member' | 'quarantined' | 'failed' | 'stopped';

/** Those who ask the cluster on behalf of the sessions here. */
export interface Askers {
  readonly tickets: Tickets;
  readonly queries: Queries;
  readonly watches: HoldWatches;
}

/** How often a stopping leader looks whether another has taken over. */
const handOverPollMs = 10;

/** A node from the opening of its store to its end: blank, member, and one of the three ways to take no part. */
export class Life {
  readonly #options: RuntimeOptions;
  readonly #tickets: Tickets;
  readonly #queries: Queries;
  readonly #watches: HoldWatches;
  readonly #boot: string;
  #readyWaiters: Done[] = [];
  #phase: Phase = 'new';
  #failure: Failure | undefined;
  #members: Members | undefined;
  #transport: PeerTransport | undefined;
  #replica: Replica | undefined;
  #hasBegun = false;
  #isStoreClosed = false;
  readonly #closeWaiters: (() => void)[] = [];

  constructor(options: RuntimeOptions, { tickets, queries, watches }: Askers) {
    this.#options = options;
    this.#tickets = tickets;
    this.#queries = queries;
    this.#watches = watches;
    this.#boot = options.random.hex(16);
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Why nothing can be asked of this node any more. */
  get failure(): Failure | undefined {
    return this.#failure;
  }

  get members(): Members | undefined {
    return this.#members;
  }

  /** Present from the moment it is a member. */
  get replica(): Replica | undefined {
    return this.#replica;
  }

  get isReady(): boolean {
    return this.#hasBegun && this.#phase === 'member' && this.#replica?.status.leader !== undefined;
  }

  start(done: Done): void {
    this.#phase = 'opening';
    const table = new StoredTable(this.#options.limits.table);
    const take: TakeRows = (rows) => table.add(rows);
    this.#options.store.open(take, (outcome) => {
      if (this.#phase !== 'opening') return;
      if (outcome.ok) return this.#opened(outcome.value, table, done);
      this.#phase = 'failed';
      this.#endEverything(failureOf(outcome.error));
      this.#closeStore();
      done({ ok: false, failure: failureOf(outcome.error) });
    });
  }

  whenReady(done: Done): void {
    if (this.#failure !== undefined) return done({ ok: false, failure: this.#failure });
    if (this.#hasBegun) return done({ ok: true });
    this.#readyWaiters.push(done);
  }

  stop(deadlineMs: number, done: () => void): void {
    const { clock, timings } = this.#options;
    const giveUpAt = clock.now() + deadlineMs;
    const replica = this.#replica;
    const leads = this.#phase === 'member' && replica?.status.role === 'leader' && replica.hasPeers;
    if (replica === undefined || !leads) return this.#halt(giveUpAt, done);
    replica.transfer();
    // No longer than an election takes: whoever is left elects a leader without our help then.
    const handOverUntil = Math.min(giveUpAt, clock.now() + timings.electionTimeout);
    const look = (): void => {
      const isOver = replica.status.role !== 'leader' || clock.now() >= handOverUntil || this.#phase !== 'member';
      if (isOver) this.#halt(giveUpAt, done);
      else clock.after(handOverPollMs, look);
    };
    look();
  }

  #opened(opened: Opened, table: StoredTable, done: Done): void {
    const { nodeId, address, clock, logger, members: given } = this.#options;
    const self = { boot: this.#boot, address, first: given ?? { [nodeId]: address } };
    const members = new Members(opened.identity, self, {
      configuration: () => this.#replica?.configuration,
      runOf: (id) => this.#replica?.applier.table.views.runOf(id),
      isQuarantined: () => this.#phase === 'quarantined',
    });
    this.#members = members;
    if (opened.kind === 'quarantined') this.#quarantine(opened.reason);
    const form = (genesis: Genesis): void => this.#form(genesis);
    const admission = new Admission({
      members,
      logger,
      replica: () => (this.#phase === 'member' ? this.#replica : undefined),
      form,
      moved: () => clock.soon(() => this.#setPeers()),
      outlived: (text) => this.#condemn(text),
    });
    this.#transport = this.#options.transport(admission);
    if (opened.kind === 'member') this.#load(opened.restored, table);
    if (opened.kind === 'blank') {
      this.#phase = 'blank';
      logger.info({ nodeId, members: self.first }, 'this node is blank: it waits for all first members to meet');
      this.#setPeers();
      admission.considerAlone();
    }
    done({ ok: true });
  }

  #load(restored: Restored, stored: StoredTable): void {
    this.#warnOfOtherMembers(restored);
    const table = stored.finish();
    if (table.ok) this.#join(restored, table.value);
    // Rows that passed their checksums and still make no table: the data is not what this version wrote.
    else this.#quarantine(table.error.message);
  }

  /** The log's configuration wins over the option (DECISIONS, members). */
  #warnOfOtherMembers(restored: Restored): void {
    const given = Object.keys(this.#options.members ?? {}).sort();
    const logged = restored.checkpoint.configuration.configuration.voters.map((voter) => nodeIdOf(voter.id)).sort();
    if (given.length === 0 || logged.length === 0 || given.join() === logged.join()) return;
    this.#options.logger.warn({ given, logged }, 'the members option differs from the log, which wins');
  }

  #form(genesis: Genesis): void {
    if (this.#phase !== 'blank') return;
    this.#phase = 'forming';
    this.#options.store.form(genesis, (outcome) => {
      if (this.#phase !== 'forming') return;
      if (!outcome.ok) return this.#fail(failureOf(outcome.error));
      this.#members?.formed(outcome.value.identity);
      this.#options.logger.info({ clusterId: genesis.clusterId }, 'this node is a member of a cluster now');
      this.#join(outcome.value.restored, new Table(this.#options.limits.table));
    });
  }

  #join(restored: Restored, table: Table): void {
    const members = this.#members;
    const transport = this.#transport;
    if (members === undefined || transport === undefined) return;
    this.#replica = new Replica(
      {
        options: this.#options,
        store: this.#options.store,
        transport,
        members,
        tickets: this.#tickets,
        queries: this.#queries,
        watches: this.#watches,
        changed: () => this.#setPeers(),
        failed: (error) => this.#fail(failureOf(error)),
      },
      restored,
      table,
    );
    this.#phase = 'member';
    const { nodeId: node, incarnation, run } = members.identity;
    this.#options.observer?.began(this.#replica.status, restored, run);
    const started = { kind: 'started', node, incarnation, run, boot: this.#boot } as const;
    this.#tickets.begin(started, (isCurrent) => this.#begun(isCurrent));
    this.#setPeers();
    this.#replica.start();
  }

  #begun(isCurrent: boolean): void {
    if (!isCurrent) {
      const what = `the cluster knows a later run of node ${this.#options.nodeId}`;
      return this.#condemn(`${what}: this data directory is an old copy, or the node was replaced`);
    }
    this.#hasBegun = true;
    this.#tellReady({ ok: true });
  }

  #tellReady(outcome: StartOutcome): void {
    const waiters = this.#readyWaiters;
    this.#readyWaiters = [];
    for (const waiter of waiters) waiter(outcome);
  }

  #setPeers(): void {
    if (this.#members !== undefined) this.#transport?.setPeers(this.#members.peers());
  }

  #quarantine(reason: string): void {
    const { nodeId, logger } = this.#options;
    this.#phase = 'quarantined';
    const text = `node ${nodeId} is quarantined and takes no part: ${reason}. Its cure: "holdfast replace ${nodeId}"`;
    logger.error({ reason }, text);
    this.#endEverything({ code: 'QUARANTINED', text });
  }

  /**
   * What a peer knows of a later run counts for good: each start raises the run of an old copy, so that one day it
   * would pass for the newest.
   */
  #condemn(reason: string): void {
    if (this.#phase !== 'member') return;
    const { nodeId, store } = this.#options;
    store.condemn(reason, () => {});
    const cure = `node ${nodeId} is quarantined from now on; its cure: "holdfast replace ${nodeId}"`;
    this.#fail({ code: 'CORRUPT_STORAGE', text: `${reason}; ${cure}` });
  }

  #fail(failure: Failure): void {
    if (this.#phase === 'failed' || this.#phase === 'stopped') return;
    this.#phase = 'failed';
    this.#failure = failure;
    this.#options.logger.error({ code: failure.code }, failure.text);
    // Whoever owns handles ends them first, and says why; a store on a dying disk may never finish closing.
    this.#options.onFailed(failure);
    this.#endEverything(failure);
    this.#replica?.stop();
    this.#closeStore();
  }

  #closeStore(): void {
    this.#options.store.close(() => {
      this.#isStoreClosed = true;
      for (const waiter of this.#closeWaiters.splice(0)) waiter();
    });
  }

  /** Every handle hears it before anything else happens to the node (SEMANTICS 6.5). */
  #endEverything(failure: Failure): void {
    this.#failure = failure;
    this.#tickets.endAll({ ok: false, failure });
    this.#queries.close({ ok: false, failure });
    this.#tellReady({ ok: false, failure });
  }

  #halt(giveUpAt: number, done: () => void): void {
    const { clock, nodeId } = this.#options;
    const isClosing = this.#phase === 'failed' || this.#phase === 'stopped';
    if (!isClosing) {
      this.#phase = 'stopped';
      this.#endEverything({ code: 'SHUTTING_DOWN', text: `node ${nodeId} is shutting down` });
      this.#replica?.stop();
    }
    if (this.#isStoreClosed) return clock.soon(done);
    let isDone = false;
    const finish = (): void => {
      if (isDone) return;
      isDone = true;
      timer.cancel();
      done();
    };
    const timer = clock.after(Math.max(0, giveUpAt - clock.now()), finish);
    this.#closeWaiters.push(finish);
    if (!isClosing) this.#closeStore();
  }
}
