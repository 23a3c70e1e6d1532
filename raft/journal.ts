import { invariant } from './invariant.ts';
import type { Log } from './log.ts';
import type { HardState, LogIndex, Position, Term } from './types.ts';
import type { Installation, LogWrite } from './write.ts';

/** A write under way. */
interface Pending {
  readonly id: number;
  /** Once this write is durable, the log as it stands in memory is durable up to here. Falls when the log is cut. */
  upTo: LogIndex;
}

/** What was handed to the disk, what came back, and which write makes a claim true. */
export class Journal {
  #nextId = 1;
  #durableId = 0;
  #pending: Pending[] = [];
  /** The log in memory, up to here, is on disk exactly as it is. */
  #durableIndex: LogIndex;
  /** The highest index in a write that was taken, as the log stands now. */
  #writtenIndex: LogIndex;
  /** The write that carries the newest hard state; `#nextId` while it was not taken yet. */
  #hardStateId = 0;
  #hardState: HardState | undefined;
  #install: Installation | undefined;
  #base: Position | undefined;
  #truncateFrom: LogIndex | undefined;

  constructor(lastIndex: LogIndex) {
    this.#durableIndex = lastIndex;
    this.#writtenIndex = lastIndex;
  }

  get durableIndex(): LogIndex {
    return this.#durableIndex;
  }

  /** Term and vote of memory are those of the disk. */
  get hardStateIsDurable(): boolean {
    return this.#hardStateId <= this.#durableId;
  }

  /** The id that the next write will have. */
  get nextId(): number {
    return this.#nextId;
  }

  hardStateChanged(term: Term, votedFor: HardState['votedFor']): void {
    this.#hardState = { term, votedFor };
    this.#hardStateId = this.#nextId;
  }

  /** Entries from `index` on are gone. Writes under way that hold them no longer attest what will stand there (S32). */
  truncated(index: LogIndex): void {
    if (index <= this.#writtenIndex) {
      this.#truncateFrom = Math.min(this.#truncateFrom ?? index, index);
      this.#writtenIndex = index - 1;
    }
    this.#cap(index - 1);
  }

  compacted(base: Position): void {
    this.#base = base;
  }

  /** A snapshot replaced the log up to `position`. `committed`: what was committed before, the only part that stays true. */
  installed(installation: Installation, committed: LogIndex): void {
    const { index } = installation.snapshot.position;
    // A suffix that was heard of in this very turn is in no write yet: a store has nothing to keep, and gets it anew.
    const keepsSuffix = installation.keepsSuffix && index <= this.#writtenIndex;
    this.#install = { ...installation, keepsSuffix };
    this.#base = undefined;
    if (keepsSuffix) {
      if (this.#truncateFrom !== undefined) this.#truncateFrom = Math.max(this.#truncateFrom, index + 1);
    } else {
      this.#truncateFrom = undefined;
      if (!installation.keepsSuffix) this.#cap(committed);
      this.#writtenIndex = index;
    }
  }

  /** The write after which (a) term and vote and (b) the log up to `match` are durable; 0 if both are by now. */
  writeFor(match: LogIndex): number {
    const ballot = this.hardStateIsDurable ? 0 : this.#hardStateId;
    return match <= this.#durableIndex ? ballot : Math.max(ballot, this.#writeCovering(match));
  }

  /** All changes since the last call, as one write; undefined if there are none. */
  take(log: Log): { readonly id: number; readonly write: LogWrite } | undefined {
    const { index: lastIndex } = log.last;
    const clean = this.#hardState === undefined && this.#install === undefined && this.#base === undefined;
    if (clean && this.#truncateFrom === undefined && lastIndex <= this.#writtenIndex) return undefined;
    const write: LogWrite = {
      hardState: this.#hardState,
      install: this.#install,
      base: this.#base,
      truncateFrom: this.#truncateFrom,
      entries: log.slice(this.#writtenIndex + 1, lastIndex),
    };
    const id = this.#nextId++;
    this.#pending.push({ id, upTo: lastIndex });
    this.#writtenIndex = lastIndex;
    this.#hardState = undefined;
    this.#install = undefined;
    this.#base = undefined;
    this.#truncateFrom = undefined;
    return { id, write };
  }

  /** Writes up to `id` are durable. False if that was known: completions may repeat and come out of order (S33). */
  completed(id: number): boolean {
    invariant(id < this.#nextId, `write ${id} is durable, but ${this.#nextId - 1} is the last one asked for`);
    if (id <= this.#durableId) return false;
    this.#durableId = id;
    let done = 0;
    for (const pending of this.#pending) {
      if (pending.id > id) break;
      this.#durableIndex = Math.max(this.#durableIndex, pending.upTo);
      done += 1;
    }
    this.#pending.splice(0, done);
    return true;
  }

  #cap(index: LogIndex): void {
    this.#durableIndex = Math.min(this.#durableIndex, index);
    for (const pending of this.#pending) pending.upTo = Math.min(pending.upTo, index);
  }

  #writeCovering(match: LogIndex): number {
    // `upTo` never falls from an older write to a newer one, and the newest is the likeliest.
    let covering = this.#nextId;
    for (let at = this.#pending.length - 1; at >= 0; at--) {
      const pending = this.#pending[at];
      if (pending === undefined || pending.upTo < match) break;
      covering = pending.id;
    }
    return covering;
  }
}
