import type { ChainOf, Entry, HardState, LogIndex, Position } from '../raft/index.ts';
import { corrupt } from './errors.ts';
import type { FrameContent } from './frame.ts';
import type { StoredBounds } from './record.ts';
import type { Frame } from './segment-scan.ts';

/** Makes of all frames of a log, in their order, what they leave behind. */
export class LogReplay {
  #hardState: HardState | undefined;
  #bounds: StoredBounds | undefined;
  /** Contiguous, up to the last one; those that the base has passed may be missing, or still be there. */
  #entries: Entry[] = [];
  #first: LogIndex = 1;

  /** Throws `CORRUPT_STORAGE` where a frame contradicts those before it. */
  apply({ head, hardState, bounds, entries }: Frame): void {
    this.#hardState = hardState ?? this.#hardState;
    if (bounds !== undefined) this.#keepTo(bounds.keptTo);
    for (const entry of entries) {
      const index = this.#first + this.#entries.length;
      if (entry.index !== index) throw corrupt(`the log has a hole after entry ${index - 1}`);
      this.#entries.push(entry);
    }
    const { base, last: ended, table } = bounds ?? this.#begun(head.sequence);
    const last = bounds?.last ?? entries.at(-1) ?? ended;
    const lastIndex = this.#first + this.#entries.length - 1;
    if (last.index !== lastIndex) throw corrupt(`the log ends at ${lastIndex} instead of ${last.index}`);
    if (last.index < base.index) throw corrupt('the log ends before it begins');
    this.#bounds = { base, last, table };
  }

  get hardState(): HardState {
    if (this.#hardState === undefined) throw corrupt('the log lacks its hard state');
    return this.#hardState;
  }

  get bounds(): StoredBounds {
    return this.#begun(0);
  }

  /** The position of the entry at `index`, whether it is still in the log or only still on the disk. */
  positionAt(index: LogIndex): Position {
    const { base } = this.bounds;
    const found = index === base.index ? base : this.#entries[index - this.#first];
    if (found === undefined) throw corrupt(`the log lacks entry ${index}`);
    return { index, term: found.term, chain: found.chain };
  }

  /**
   * All entries after the base. Throws `CORRUPT_STORAGE` unless they are all there, in one chain, of terms that never
   * fall and that the hard state has reached, and end with the last one.
   */
  entries(chainOf: ChainOf): readonly Entry[] {
    const { base, last } = this.bounds;
    if (last.index > base.index && this.#first > base.index + 1) {
      throw corrupt(`the log begins at ${this.#first}, the entries after ${base.index} are gone`);
    }
    const entries = last.index > base.index ? this.#entries.slice(base.index + 1 - this.#first) : [];
    let before: Position = base;
    for (const entry of entries) {
      if (entry.chain !== chainOf(before.chain, entry))
        throw corrupt(`log entry ${entry.index} does not continue its chain`);
      if (entry.term < before.term) throw corrupt(`log entry ${entry.index} is of a lower term than the one before`);
      before = entry;
    }
    if (before.chain !== last.chain || before.term !== last.term) throw corrupt('the log ends with another entry');
    if (this.hardState.term < last.term) {
      throw corrupt(`the log holds entries of term ${last.term}, the hard state is of term ${this.hardState.term}`);
    }
    return entries;
  }

  #keepTo(index: LogIndex): void {
    const kept = index - this.#first + 1;
    if (kept >= 0 && kept <= this.#entries.length) {
      this.#entries.length = kept;
      return;
    }
    // The first frame that is there, or a snapshot beyond all that was: what is before it does not belong to it.
    this.#entries = [];
    this.#first = index + 1;
  }

  #begun(sequence: number): StoredBounds {
    if (this.#bounds === undefined) throw corrupt(`the log begins at write ${sequence}, which is no beginning`);
    return this.#bounds;
  }
}

/** Whether a frame says all that a log must know to begin with it. */
export const isBeginning = ({ segmentBytes, hardState, bounds }: FrameContent): boolean =>
  segmentBytes !== undefined && hardState !== undefined && bounds !== undefined;
