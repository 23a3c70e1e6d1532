import type { Restored } from './effects.ts';
import { invariant, violation } from './invariant.ts';
import { Journal } from './journal.ts';
import { Log } from './log.ts';
import { Membership } from './membership.ts';
import type { Message } from './message.ts';
import type { CoreOptions } from './options.ts';
import { Outbox } from './outbox.ts';
import { Random } from './random.ts';
import type { Entry, EntryKind, LogIndex, MemberId, Term } from './types.ts';
import type { SnapshotHead } from './write.ts';

/** Entries handed out and not yet reported applied; the rest follows the reports. */
const applyingMax = 4096;

/** What a server is whatever its role: ballot, log, configuration, what is committed and applied (paper, figure 2). */
export class Server {
  readonly options: CoreOptions;
  readonly self: MemberId;
  readonly log: Log;
  readonly membership: Membership;
  readonly outbox: Outbox = new Outbox();
  /** Monotonic milliseconds of the step under way. */
  now = 0;
  /** Since when the disk has been known to be stalled. */
  diskStalledAt: number | undefined;
  readonly #journal: Journal;
  readonly #random: Random;
  #term: Term;
  #votedFor: MemberId | undefined;
  #commit: LogIndex;
  #applied: LogIndex;
  /** The last index given out in `Effects.apply`, or contained in an installed snapshot. */
  #handed: LogIndex;
  /** The last number given to a read request. */
  #read: number | undefined;
  /** The snapshot that the state machine is to become; nothing is applied meanwhile. */
  #installing: LogIndex | undefined;

  constructor(options: CoreOptions, restored: Restored) {
    const { checkpoint, base, entries, hardState } = restored;
    const { index, term, chain } = checkpoint.position;
    this.options = options;
    this.self = options.self;
    this.log = new Log(options.chainOf, base, entries);
    const covered = this.log.positionAt(index) ?? violation(`the checkpoint at ${index} lies outside the stored log`);
    invariant(covered.term === term && covered.chain === chain, `the log at ${index} is not the checkpoint's`);
    invariant(hardState.term >= this.log.last.term, `term ${hardState.term} is below the log's ${this.log.last.term}`);
    this.membership = new Membership(checkpoint.configuration);
    for (const entry of this.log.slice(index + 1, this.log.last.index)) this.membership.appended(entry);
    this.#journal = new Journal(this.log.last.index);
    this.#random = new Random(options.seed, options.self);
    this.#term = hardState.term;
    this.#votedFor = hardState.votedFor;
    this.#commit = index;
    this.#applied = index;
    this.#handed = index;
  }

  get term(): Term {
    return this.#term;
  }

  get votedFor(): MemberId | undefined {
    return this.#votedFor;
  }

  get commit(): LogIndex {
    return this.#commit;
  }

  get applied(): LogIndex {
    return this.#applied;
  }

  /** The log, as it stands in memory, is on this disk up to here. */
  get durableIndex(): LogIndex {
    return this.#journal.durableIndex;
  }

  get ballotIsDurable(): boolean {
    return this.#journal.hardStateIsDurable;
  }

  /** May stand for election: decides with others, is not in the middle of becoming a snapshot (S16), can write its ballot. */
  get isPromotable(): boolean {
    const isAble = this.#installing === undefined && this.diskStalledAt === undefined;
    return isAble && this.membership.mayLead(this.self, this.#commit);
  }

  /** In [0, 1). */
  random(): number {
    return this.#random.next();
  }

  /**
   * Numbers a read request: never twice in a life, and starting where chance and time put it, so that an answer to a
   * former life of ours in the same term fits none of this one.
   */
  nextRead(): number {
    this.#read = (this.#read ?? Math.floor(this.random() * 0x10_0000) * 0x8000_0000 + Math.floor(this.now)) + 1;
    return this.#read;
  }

  /** A new election timeout from now, in [T, 2T). */
  electionDeadline(): number {
    return this.now + this.options.electionTimeout * (1 + this.random());
  }

  /** A later term; a new term forgets the vote. `votedFor` is given only by a candidate to itself. */
  enterTerm(term: Term, votedFor?: MemberId): void {
    invariant(term > this.#term && Number.isSafeInteger(term), `term ${term} does not follow ${this.#term}`);
    this.#term = term;
    this.#votedFor = votedFor;
    this.#journal.hardStateChanged(term, votedFor);
  }

  /** Once in a term (I11). */
  voteFor(candidate: MemberId): void {
    invariant(this.#votedFor === undefined, `the vote of term ${this.#term} was given to ${this.#votedFor}`);
    this.#votedFor = candidate;
    this.#journal.hardStateChanged(this.#term, candidate);
  }

  /** Sends `message` once everything it attests is durable here: our term and vote, and our log up to `match`. */
  post(message: Message, match: LogIndex = 0): void {
    this.outbox.post(message, this.#journal.writeFor(match), this.#journal.nextId);
  }

  /** As `post`, but never before the write that is being gathered. */
  postAfterWrite(message: Message): void {
    this.outbox.post(message, this.#journal.nextId, this.#journal.nextId);
  }

  /** Appends an entry of our own term: as leader. */
  add(kind: EntryKind, payload: Uint8Array): Entry {
    const entry = this.log.add(this.#term, kind, payload);
    this.membership.appended(entry);
    return entry;
  }

  /** Appends an entry from the leader. */
  extend(entry: Entry): void {
    this.log.extend(entry);
    this.membership.appended(entry);
  }

  truncateFrom(index: LogIndex): void {
    if (index <= this.#commit) violation(`entry ${index} would be overwritten, ${this.#commit} is committed`);
    this.log.truncateFrom(index);
    this.membership.truncated(index);
    this.#journal.truncated(index);
  }

  /** Everything up to `index` is committed. Never falls (S23), never passes the end of the log. */
  commitTo(index: LogIndex): void {
    invariant(index >= this.#commit, `commit would fall from ${this.#commit} to ${index}`);
    invariant(index <= this.log.last.index, `commit ${index} is beyond the log's end ${this.log.last.index}`);
    this.#commit = index;
  }

  /** The state machine reports; it may report again, never more than it was given. */
  appliedTo(index: LogIndex): void {
    invariant(index <= this.#handed, `applied ${index}, but only ${this.#handed} was handed out`);
    if (this.#installing === undefined) this.#applied = Math.max(this.#applied, index);
  }

  /** Drops the log up to `index`, as far as it is applied and durable here; an index of the past is ignored. */
  compactTo(index: LogIndex): void {
    invariant(index <= this.#handed, `a checkpoint covers ${index}, but only ${this.#handed} was handed out`);
    const reach = Math.min(index, this.#applied, this.durableIndex);
    if (reach <= this.log.base.index) return;
    this.#journal.compacted(this.log.compactTo(reach));
    this.membership.compacted(reach);
  }

  /** Takes the snapshot in place of the log up to its position, which is above our commit (S62). */
  install(head: SnapshotHead): void {
    const { index, term, chain } = head.position;
    invariant(index > this.#commit, `a snapshot at ${index} is installed, ${this.#commit} is committed`);
    const keepsSuffix = this.log.agreesAt(index, term);
    if (keepsSuffix) {
      invariant(this.log.positionAt(index)?.chain === chain, `the snapshot's chain at ${index} is not the log's`);
      this.log.compactTo(index);
    } else {
      this.log.resetTo(head.position);
    }
    this.#journal.installed({ snapshot: head, keepsSuffix }, this.#commit);
    this.membership.installed(head.configuration, index, keepsSuffix);
    this.#commit = index;
    this.#handed = index;
    this.#installing = index;
  }

  /** The state machine is the snapshot at `index`; a newer one may be under way by now (S65). */
  installedTo(index: LogIndex): void {
    if (this.#installing !== index) return;
    this.#installing = undefined;
    this.#applied = index;
  }

  /** What to apply next, each entry once. */
  takeCommitted(): readonly Entry[] {
    if (this.#installing !== undefined) return [];
    const from = this.#handed + 1;
    const to = Math.min(this.#commit, this.#applied + applyingMax);
    if (to < from) return [];
    this.#handed = to;
    return this.log.slice(from, to);
  }

  takeWrite(): ReturnType<Journal['take']> {
    return this.#journal.take(this.log);
  }

  /** False if it was known. */
  completed(write: number): boolean {
    if (!this.#journal.completed(write)) return false;
    this.outbox.release(write, this.#term);
    return true;
  }
}
