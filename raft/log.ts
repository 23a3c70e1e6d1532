import { invariant, violation } from './invariant.ts';
import type { Chain, ChainOf, Entry, EntryKind, LogIndex, Position, Term } from './types.ts';

/** Limits of one batch; at least one entry always fits, or a large one would never travel. */
export interface BatchLimits {
  readonly entriesMax: number;
  readonly bytesMax: number;
}

/** The log in memory: everything after `base`. Index and term of `base` itself are still known. */
export class Log {
  readonly #chainOf: ChainOf;
  #base: Position;
  /** The first `#dead` places are compacted entries that were not moved out yet. */
  #entries: Entry[];
  #dead = 0;
  #last: Position;
  #bytes = 0;

  /** `entries` must be contiguous from `base.index + 1` with terms that never fall; their checksums are the store's care. */
  constructor(chainOf: ChainOf, base: Position, entries: readonly Entry[]) {
    this.#chainOf = chainOf;
    this.#base = base;
    this.#last = base;
    this.#entries = [];
    for (const entry of entries) this.#push(entry);
  }

  /** The entry before the first one here. */
  get base(): Position {
    return this.#base;
  }

  /** The last entry, or `base` while there is none. */
  get last(): Position {
    return this.#last;
  }

  /** Bytes of payload held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Undefined at or before `base`, and after the last entry. */
  at(index: LogIndex): Entry | undefined {
    return index > this.#base.index ? this.#entries[this.#dead + index - this.#base.index - 1] : undefined;
  }

  /** As `at`, with `base` included. */
  positionAt(index: LogIndex): Position | undefined {
    return index === this.#base.index ? this.#base : this.at(index);
  }

  /** The term at `index`, or undefined if the log was cut there or has not reached it. */
  termAt(index: LogIndex): Term | undefined {
    return this.positionAt(index)?.term;
  }

  /** Does the log hold (index, term)? False where it was cut. */
  agreesAt(index: LogIndex, term: Term): boolean {
    return this.termAt(index) === term;
  }

  /** Makes the next entry here: only a leader does. */
  add(term: Term, kind: EntryKind, payload: Uint8Array): Entry {
    const body = { index: this.#last.index + 1, term, kind, payload };
    const entry: Entry = { ...body, chain: this.#chainOf(this.#last.chain, body) };
    this.#push(entry);
    return entry;
  }

  /** Takes over an entry that a leader made. Its chain value proves that the whole prefix is the leader's. */
  extend(entry: Entry): void {
    const chain: Chain = this.#chainOf(this.#last.chain, entry);
    if (chain !== entry.chain) {
      violation(
        `entry ${entry.index} of term ${entry.term} carries chain ${entry.chain}, the log before it gives ${chain}`,
      );
    }
    this.#push(entry);
  }

  /** Drops every entry at or above `index`, which lies above `base`. */
  truncateFrom(index: LogIndex): void {
    invariant(index > this.#base.index, `truncation from ${index} reaches the base ${this.#base.index}`);
    while (this.#last.index >= index) {
      const entry = this.#entries.pop();
      if (entry === undefined) violation(`no entry at ${this.#last.index}`);
      this.#bytes -= entry.payload.length;
      const at = this.#entries.length - 1;
      this.#last = (at >= this.#dead ? this.#entries[at] : undefined) ?? this.#base;
    }
  }

  /** Drops every entry at or below `index`, which the log holds; it becomes the base. */
  compactTo(index: LogIndex): Position {
    const { term, chain } =
      this.positionAt(index) ?? violation(`compaction to ${index}, the log ends at ${this.#last.index}`);
    for (let each = this.#base.index + 1; each <= index; each++) this.#bytes -= this.at(each)?.payload.length ?? 0;
    this.#dead += index - this.#base.index;
    this.#base = { index, term, chain };
    if (this.#last.index === index) this.#last = this.#base;
    // Moving the rest only when it is the smaller part makes each entry move at most once on average.
    if (this.#dead * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#dead);
      this.#dead = 0;
    }
    return this.#base;
  }

  /** Forgets everything: the log now begins after `position`. */
  resetTo(position: Position): void {
    this.#entries = [];
    this.#dead = 0;
    this.#bytes = 0;
    this.#base = { index: position.index, term: position.term, chain: position.chain };
    this.#last = this.#base;
  }

  /** From `first` to `last`, both included, both held. */
  slice(first: LogIndex, last: LogIndex): readonly Entry[] {
    if (last < first) return [];
    invariant(
      first > this.#base.index && last <= this.#last.index,
      `entries ${first} to ${last} are not all in the log`,
    );
    const from = this.#dead + first - this.#base.index - 1;
    return this.#entries.slice(from, from + last - first + 1);
  }

  /** Contiguous entries from `first` within the limits; empty only if the log ends before `first` (S29). */
  batch(first: LogIndex, limits: BatchLimits): readonly Entry[] {
    const end = Math.min(this.#last.index, first + limits.entriesMax - 1);
    let last = first - 1;
    let bytes = 0;
    while (last < end) {
      bytes += this.at(last + 1)?.payload.length ?? 0;
      if (bytes > limits.bytesMax && last >= first) break;
      last += 1;
    }
    return this.slice(first, last);
  }

  /**
   * The largest index at or below `index` whose term is at or below `term`: where two logs may still agree (S27).
   * `base.index - 1` when even the base is of a later term.
   */
  lastAtMost(index: LogIndex, term: Term): LogIndex {
    let low = this.#base.index - 1;
    let high = Math.min(index, this.#last.index);
    // Terms never fall along the log, so the places that qualify are a prefix.
    while (low < high) {
      const middle = high - Math.floor((high - low) / 2);
      if ((this.termAt(middle) ?? Number.POSITIVE_INFINITY) <= term) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #push(entry: Entry): void {
    if (entry.index !== this.#last.index + 1) violation(`entry ${entry.index} does not follow ${this.#last.index}`);
    if (entry.term < this.#last.term)
      violation(`entry ${entry.index} is of term ${entry.term}, after ${this.#last.term}`);
    this.#entries.push(entry);
    this.#last = entry;
    this.#bytes += entry.payload.length;
  }
}
