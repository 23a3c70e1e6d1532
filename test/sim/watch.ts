import type { ChainOf, CoreStatus, Entry, HardState, LogWrite, Message, Restored } from '../../raft/index.ts';
import { chainOf as toyChain } from './digest.ts';
import type { Ghost } from './ghost.ts';
import { LogImage } from './log-image.ts';

/** What a disk would give back after a power loss at this moment. */
export interface Durable {
  readonly hardState: HardState;
  readonly log: LogImage;
}

export interface Beginning {
  readonly disk: Durable;
  readonly status: CoreStatus;
  readonly restored: Restored;
  /** The toy one of the simulator, unless whole nodes run with their own. */
  readonly chainOf?: ChainOf;
}

/** Looks over the shoulder of one core, for one life of its process: what must never go back, and what must be durable. */
export class Watch {
  readonly #ghost: Ghost;
  readonly #disk: Durable;
  /** The log as the core has it, by all that it asked to be written. */
  readonly #log: LogImage;
  #status: CoreStatus;
  #delivered: number;
  /** A snapshot that was written and that the state machine has not become yet. */
  #installing = 0;

  constructor(ghost: Ghost, { disk, status, restored, chainOf = toyChain }: Beginning) {
    this.#ghost = ghost;
    this.#disk = disk;
    this.#log = new LogImage(restored, chainOf);
    this.#status = status;
    this.#delivered = restored.checkpoint.position.index;
  }

  get log(): LogImage {
    return this.#log;
  }

  /** The core took in one input: what it commits as a leader counts, even if its reign ends in the same turn. */
  stepped(status: CoreStatus): void {
    const { commitIndex, configuration } = this.#status;
    if (status.role === 'leader' && status.commitIndex > commitIndex) {
      this.#ghost.committed(status, this.#log, configuration);
    }
  }

  /** The core asked for `write` and now is as `status` says. */
  saw(status: CoreStatus, write: LogWrite | undefined): void {
    const former = this.#status;
    if (write !== undefined) this.#wrote(write, status);
    this.#judgeMotion(former, status);
    this.#judgeLog(status);
    if (status.role === 'leader') {
      this.#ghost.elected(status, this.#log);
      this.#judgeLeader(former, status);
    }
    if (status.commitIndex !== former.commitIndex || status.role !== former.role) {
      this.#ghost.committed(status, this.#log, former.configuration);
    }
    this.#status = status;
  }

  /** The core hands `entries` to the state machine. */
  handed(entries: readonly Entry[]): void {
    for (const { index } of entries) {
      const expected = this.#delivered + 1;
      this.#ghost.demand(index === expected, 'I12', () => `${this.#who} applies ${index}, not ${expected}`);
      this.#delivered = index;
    }
  }

  /** The state machine was replaced by a snapshot at `index`. */
  installed(index: number): void {
    this.#delivered = index;
    this.#installing = 0;
  }

  /** `message` leaves now: I11, I16, I21, I22. */
  sends(message: Message): void {
    const { hardState, log } = this.#disk;
    const ghost = this.#ghost;
    const isHonest = message.from === this.#who && message.to !== this.#who;
    ghost.demand(isHonest, 'I22', () => `${this.#who} sends as ${message.from} to ${message.to}`);
    if (message.kind !== 'pre-vote' && message.kind !== 'pre-vote-reply') {
      const isDurable = hardState.term >= message.term;
      ghost.demand(isDurable, 'I16', () => `${this.#who} acts in term ${message.term}, durable is ${hardState.term}`);
    }
    if (message.kind === 'vote') {
      this.#judgeBallot(message.term, this.#who);
    } else if (message.kind === 'vote-reply' && message.granted) {
      this.#judgeBallot(message.term, message.to);
    } else if (message.kind === 'append-reply' && message.accepted) {
      const { match } = message;
      const isDurable = log.last.index >= match;
      ghost.demand(isDurable, 'I16', () => `${this.#who} acknowledges ${match}, durable is ${log.last.index}`);
    } else if (message.kind === 'append') {
      this.#judgeAppend(message.prevIndex, message.prevTerm, message.entries);
    }
  }

  get #who(): string {
    return this.#status.self;
  }

  #wrote(write: LogWrite, status: CoreStatus): void {
    const ghost = this.#ghost;
    if (write.truncateFrom !== undefined) {
      ghost.count('truncations');
      const leads = this.#status.role === 'leader' && status.role === 'leader' && this.#status.term === status.term;
      ghost.demand(!leads, 'I2', () => `${this.#who} truncates its log at ${write.truncateFrom} while it leads`);
      for (let index = this.#log.last.index; index >= write.truncateFrom && index > this.#log.base.index; index -= 1) {
        const entry = this.#log.entries[index - this.#log.base.index - 1];
        if (entry !== undefined) ghost.truncated(this.#who, entry);
      }
    }
    this.#log.write(write);
    if (write.install !== undefined) this.#installing = write.install.snapshot.position.index;
    for (const entry of write.entries) ghost.stored(this.#who, entry);
    const { hardState } = write;
    if (hardState !== undefined) {
      const isCurrent = hardState.term <= status.term;
      ghost.demand(isCurrent, 'I10', () => `${this.#who} writes term ${hardState.term}, has ${status.term}`);
    }
  }

  #judgeMotion(former: CoreStatus, status: CoreStatus): void {
    const ghost = this.#ghost;
    for (const [rule, name] of risingOnly) {
      const rises = status[name] >= former[name];
      ghost.demand(rises, rule, () => `${this.#who}: ${name} falls from ${former[name]} to ${status[name]}`);
    }
    const { firstIndex, appliedIndex, commitIndex, lastIndex } = status;
    const covered = Math.max(appliedIndex, this.#installing);
    const isOrdered = firstIndex - 1 <= covered && appliedIndex <= commitIndex && commitIndex <= lastIndex;
    ghost.demand(
      isOrdered,
      'I12',
      () => `${this.#who}: first ${firstIndex}, applied ${appliedIndex}, commit ${commitIndex}, last ${lastIndex}`,
    );
  }

  #judgeLog(status: CoreStatus): void {
    const ghost = this.#ghost;
    const log = this.#log;
    const { lastIndex, durableIndex, configIndex } = status;
    ghost.demand(lastIndex === log.last.index, 'I16', () => `${this.#who}: last ${lastIndex}, wrote ${log.last.index}`);
    ghost.demand(
      configIndex === log.configIndex,
      'I15',
      () => `${this.#who}: config ${configIndex}, log says ${log.configIndex}`,
    );
    if (durableIndex === this.#status.durableIndex) return;
    const durable = this.#disk.log.chainAt(durableIndex);
    // What lies before the base of either log is covered by a checkpoint.
    const isBelow = durableIndex < log.base.index || durableIndex < this.#disk.log.base.index;
    ghost.demand(
      isBelow || durable === log.chainAt(durableIndex),
      'I14',
      () => `${this.#who} takes ${durableIndex} for durable, the disk has ${this.#disk.log.last.index}`,
    );
  }

  #judgeLeader(former: CoreStatus, status: CoreStatus): void {
    const ghost = this.#ghost;
    // A new leader may not know yet how much is committed.
    const open = this.#log.configurationsAbove(Math.max(status.commitIndex, ghost.committedIndex));
    ghost.demand(open <= 1, 'I15', () => `${this.#who} leads with ${open} uncommitted configurations`);
    const isSameReign = former.role === 'leader' && former.term === status.term;
    for (const { id, match, mode } of status.progress) {
      const isPossible = match <= status.lastIndex;
      ghost.demand(isPossible, 'I13', () => `${this.#who}: match ${match} of ${id} above the last entry`);
      if (!isSameReign || former.configIndex !== status.configIndex) continue;
      const before = former.progress.find((peer) => peer.id === id)?.match ?? 0;
      ghost.demand(
        match >= before,
        'I13',
        () => `${this.#who}: match of ${id} (${mode}) falls from ${before} to ${match}`,
      );
    }
  }

  #judgeBallot(term: number, candidate: string): void {
    const { hardState } = this.#disk;
    const isDurable = hardState.term > term || (hardState.term === term && hardState.votedFor === candidate);
    this.#ghost.demand(isDurable, 'I16', () => `${this.#who} votes for ${candidate} in ${term} before it is durable`);
    this.#ghost.voted(this.#who, candidate, term);
  }

  #judgeAppend(prevIndex: number, prevTerm: number, entries: readonly Entry[]): void {
    let last = { index: prevIndex, term: prevTerm };
    for (const entry of entries) {
      const follows = entry.index === last.index + 1 && entry.term >= last.term;
      const before = last;
      const came = () => `${this.#who} appends ${entry.index}/${entry.term} after ${before.index}/${before.term}`;
      this.#ghost.demand(follows, 'I21', came);
      last = entry;
    }
  }
}

const risingOnly = [
  ['I10', 'term'],
  ['I12', 'commitIndex'],
  ['I12', 'appliedIndex'],
  ['I12', 'firstIndex'],
] as const;
