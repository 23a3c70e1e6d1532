import { nextStep, refusalOfReplacement, withLearner } from './change.ts';
import type { Configuration, Member } from './config.ts';
import { encodeConfiguration } from './config-codec.ts';
import type { Refusal } from './effects.ts';
import { violation } from './invariant.ts';
import type { Message } from './message.ts';
import { type Asker, ReadRounds } from './reads.ts';
import { Replication } from './replication.ts';
import { leaderless, type RoleState, refuseProposal, refuseRead, type Transition } from './role.ts';
import type { Server } from './server.ts';
import type { PeerProgress } from './status.ts';
import { Tail } from './tail.ts';
import type { LogIndex, MemberId } from './types.ts';

/** Leadership on its way to another voter. */
interface Transfer {
  readonly target: MemberId;
  readonly until: number;
  told: boolean;
}

const nothing = new Uint8Array(0);

/** Leads one term (paper, 5.3 and 5.4). */
export class Leader implements RoleState {
  readonly role = 'leader';
  readonly deadline: undefined;
  readonly #server: Server;
  readonly #replication: Replication;
  readonly #reads: ReadRounds = new ReadRounds();
  /** The entry that opened our term; nothing counts as committed by us before it is (S01, S40). */
  readonly #openedAt: LogIndex;
  readonly #tail: Tail;
  /** The newest heartbeat round. */
  #round = 0;
  #nextBeatAt: number;
  #beatIsDue = false;
  /** After a stall of ours, when the silence of others begins to mean something. */
  #graceUntil: number;
  #transfer: Transfer | undefined;

  constructor(server: Server, granted: ReadonlySet<MemberId>) {
    this.#server = server;
    this.#openedAt = server.log.last.index + 1;
    this.#replication = new Replication(server, granted);
    this.#nextBeatAt = server.now + server.options.heartbeatInterval;
    this.#graceUntil = server.now;
    this.#tail = new Tail(server);
  }

  get leader(): MemberId {
    return this.#server.self;
  }

  get due(): number {
    return this.#nextBeatAt;
  }

  get opened(): LogIndex | undefined {
    return this.#isOpen ? this.#openedAt : undefined;
  }

  get progress(): readonly PeerProgress[] {
    return this.#replication.peers.status();
  }

  get isSticky(): boolean {
    return this.#silence < this.#server.options.electionTimeout;
  }

  start(): undefined {
    this.#server.add('noop', nothing);
  }

  receive(message: Message): Transition | undefined {
    const progress = this.#replication.peers.get(message.from);
    switch (message.kind) {
      case 'append-reply':
        if (progress !== undefined && this.#replication.replied(progress, message)) this.#advance();
        return undefined;
      case 'heartbeat-reply':
        if (progress === undefined || message.round > this.#round) return undefined;
        progress.heard(this.#server.now);
        progress.answered(message.round);
        this.#confirm();
        return undefined;
      case 'read-request':
        if (progress !== undefined) this.#ask({ kind: 'peer', from: message.from, read: message.read });
        return undefined;
      case 'append':
      case 'heartbeat':
        return violation(`${this.#server.self} and ${message.from} lead term ${message.term}`);
      case 'pre-vote':
      case 'vote':
      case 'pre-vote-reply':
      case 'vote-reply':
      case 'timeout-now':
      case 'read-reply':
        return undefined;
      default:
        return message satisfies never;
    }
  }

  tick(stalled: boolean): Transition | undefined {
    const { now, options, diskStalledAt } = this.#server;
    const { electionTimeout, heartbeatInterval } = options;
    if (stalled) this.#graceUntil = now + electionTimeout / 2;
    if (now >= this.#graceUntil && this.#silence >= electionTimeout) return leaderless;
    if (diskStalledAt !== undefined && now - diskStalledAt >= electionTimeout) return leaderless;
    if (this.#transfer !== undefined && now >= this.#transfer.until) this.#transfer = undefined;
    // A leader that cannot write shall not keep others from electing one that can (S77).
    if (now < this.#nextBeatAt || diskStalledAt !== undefined) return undefined;
    this.#nextBeatAt = now + heartbeatInterval;
    this.#beatIsDue = true;
    this.#replication.retry();
    return undefined;
  }

  durable(): undefined {
    this.#advance();
  }

  propose(id: number, payload: Uint8Array): void {
    const reason = this.#refusal() ?? this.#tail.refusal(payload.length);
    if (reason !== undefined) {
      refuseProposal(this.#server, id, { reason, leader: this.#server.self });
      return;
    }
    const { index, term } = this.#server.add('commands', payload);
    this.#tail.added(payload.length);
    this.#server.outbox.answerProposal({ id, kind: 'accepted', index, term });
  }

  replace(id: number, member: Member, replaces: MemberId): void {
    const { configuration } = this.#server.membership;
    const inProgress = this.#maySetConfiguration ? undefined : 'change-in-progress';
    const reason = this.#refusal() ?? inProgress ?? refusalOfReplacement(configuration, member, replaces);
    if (reason !== undefined) {
      refuseProposal(this.#server, id, { reason, leader: this.#server.self });
      return;
    }
    const index = this.#setConfiguration(withLearner(configuration, member, replaces));
    this.#server.outbox.answerProposal({ id, kind: 'accepted', index, term: this.#server.term });
  }

  read(id: number): void {
    this.#ask({ kind: 'local', id });
  }

  transfer(to: MemberId | undefined): void {
    const { now, options, self, membership } = this.#server;
    const { peers } = this.#replication;
    const target = to === undefined ? peers.best(now - options.electionTimeout) : peers.get(to);
    if (target === undefined || target.id === self || target.reverted) return;
    if (!membership.configuration.voters.some((voter) => voter.id === target.id)) return;
    if (this.#transfer?.target === target.id) return;
    this.#transfer = { target: target.id, until: now + options.electionTimeout, told: false };
  }

  unreachable(peer: MemberId): void {
    const progress = this.#replication.peers.get(peer);
    if (progress !== undefined) this.#replication.broken(progress);
  }

  snapshotSent(to: MemberId, delivered: boolean): void {
    const progress = this.#replication.peers.get(to);
    const { now, options } = this.#server;
    if (delivered) progress?.snapshotDelivered(now);
    else progress?.snapshotEnded(0, now + options.heartbeatInterval);
  }

  flush(): Transition | undefined {
    if (this.#server.diskStalledAt !== undefined) return undefined;
    this.#pursueChange();
    this.#beat();
    this.#replication.flush();
    this.#pursueTransfer();
    return this.#resignation();
  }

  leave(): void {
    for (const asker of this.#reads.drain()) this.#refuse(asker);
  }

  /** How long no quorum has been heard of. */
  get #silence(): number {
    const { now } = this.#server;
    return now - this.#replication.peers.contact(now);
  }

  get #isOpen(): boolean {
    return this.#server.commit >= this.#openedAt;
  }

  get #isVoter(): boolean {
    return this.#server.membership.isVoter(this.#server.self);
  }

  /** Only one change at a time, and none before this term has committed something (S50). */
  get #maySetConfiguration(): boolean {
    return this.#isOpen && this.#server.membership.effective.index <= this.#server.commit;
  }

  #refusal(): Refusal | undefined {
    if (this.#transfer !== undefined || !this.#isVoter) return 'transferring';
    if (this.#server.diskStalledAt !== undefined) return 'no-quorum';
    return this.#silence > this.#server.options.electionTimeout / 2 ? 'no-quorum' : undefined;
  }

  /** Commits what a quorum holds durably, if it is of our term: older entries are only committed by it (S01). */
  #advance(): void {
    const { commit, durableIndex, log, term } = this.#server;
    const reached = this.#replication.peers.match(durableIndex);
    if (reached <= commit || !log.agreesAt(reached, term)) return;
    this.#tail.committed(reached);
    this.#server.commitTo(reached);
  }

  /** One round serves the timer and all reads of a turn. */
  #beat(): void {
    const forReads = this.#reads.hasNews && this.#isOpen;
    if (!forReads && !this.#beatIsDue) return;
    this.#beatIsDue = false;
    this.#round += 1;
    this.#replication.beat(this.#round);
    if (!forReads) return;
    this.#reads.begin(this.#round, this.#server.commit);
    this.#confirm();
  }

  #ask(asker: Asker): void {
    // While leadership may be moving, nobody here knows who leads (S44).
    const mayAnswer = this.#transfer === undefined && this.#isVoter && this.#server.diskStalledAt === undefined;
    if (!mayAnswer || !this.#reads.ask(asker)) this.#refuse(asker);
  }

  #confirm(): void {
    const { outbox, self, term } = this.#server;
    for (const { index, askers } of this.#reads.confirm(this.#replication.peers.round(this.#round))) {
      for (const asker of askers) {
        if (asker.kind === 'local') outbox.answerRead({ id: asker.id, kind: 'confirmed', index, term });
        else this.#server.post({ kind: 'read-reply', from: self, to: asker.from, term, read: asker.read, index });
      }
    }
  }

  #refuse(asker: Asker): void {
    const { self, term } = this.#server;
    if (asker.kind === 'local') refuseRead(this.#server, asker.id, undefined);
    else
      this.#server.post({ kind: 'read-reply', from: self, to: asker.from, term, read: asker.read, index: undefined });
  }

  #setConfiguration(configuration: Configuration): LogIndex {
    const { index } = this.#server.add('configuration', encodeConfiguration(configuration));
    this.#replication.followConfiguration();
    return index;
  }

  /** Takes the next step of a change that stands in the log, whoever began it (S57). */
  #pursueChange(): void {
    if (!this.#maySetConfiguration || this.#transfer !== undefined) return;
    const next = nextStep(this.#server.membership.configuration, (id) => this.#hasCaughtUp(id));
    if (next !== undefined) this.#setConfiguration(next);
  }

  /** Heard of lately, streaming, and not further behind than one append: as a voter it would not hold up commits (S56). */
  #hasCaughtUp(id: MemberId): boolean {
    const { now, options, commit } = this.#server;
    const progress = this.#replication.peers.get(id);
    if (progress === undefined || progress.mode !== 'replicate' || progress.reverted) return false;
    return (
      now - progress.contactAt < options.electionTimeout && progress.match + options.limits.appendEntriesMax >= commit
    );
  }

  #pursueTransfer(): void {
    const transfer = this.#transfer;
    if (transfer === undefined || transfer.told) return;
    const target = this.#replication.peers.get(transfer.target);
    if (target === undefined || target.match < this.#server.log.last.index) return;
    transfer.told = true;
    this.#timeoutNow(target.id);
  }

  /** A leader outside the committed configuration is done, and hands over to the best of those inside (S54). */
  #resignation(): Transition | undefined {
    const { now, options, log } = this.#server;
    if (this.#isVoter || !this.#maySetConfiguration) return undefined;
    const best = this.#replication.peers.best(now - options.electionTimeout);
    if (best !== undefined && best.match === log.last.index) this.#timeoutNow(best.id);
    return leaderless;
  }

  #timeoutNow(to: MemberId): void {
    const { self, term } = this.#server;
    this.#server.post({ kind: 'timeout-now', from: self, to, term });
  }
}
