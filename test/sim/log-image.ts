import type {
  Chain,
  ChainOf,
  ConfigurationAt,
  Entry,
  LogIndex,
  LogWrite,
  Position,
  Restored,
} from '../../raft/index.ts';
import { chainOf as toyChain } from './digest.ts';
import { require } from './violation.ts';

/**
 * What a log holds after a number of `LogWrite`s. The simulator keeps two per member: one of all that its core asked
 * for, one of what its disk would give back after a power loss. Judges every write that passes through (I3, I21).
 */
export class LogImage {
  readonly #chainOf: ChainOf;
  #base: Position;
  #entries: Entry[];
  /** The configuration entries among `#entries`. */
  #configurations: LogIndex[];
  /** The newest configuration that stands before `#entries`. */
  #configurationBelow: LogIndex;

  constructor(from: Pick<Restored, 'base' | 'entries' | 'checkpoint'>, chainOf: ChainOf = toyChain) {
    this.#chainOf = chainOf;
    this.#base = from.base;
    this.#entries = [...from.entries];
    this.#configurations = indexesOfConfigurations(from.entries);
    this.#configurationBelow = from.checkpoint.configuration.index;
  }

  get base(): Position {
    return this.#base;
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  get last(): Position {
    return this.#entries[this.#entries.length - 1] ?? this.#base;
  }

  /** The entry at `index`, the base if it stands there, or undefined. */
  at(index: LogIndex): Position | undefined {
    return index === this.#base.index ? this.#base : this.#entries[index - this.#base.index - 1];
  }

  chainAt(index: LogIndex): Chain | undefined {
    return this.at(index)?.chain;
  }

  /** The entry that set the configuration in force: the newest, committed or not. */
  get configIndex(): LogIndex {
    return this.#configurations[this.#configurations.length - 1] ?? this.#configurationBelow;
  }

  /** How many configuration entries stand above `index`. */
  configurationsAbove(index: LogIndex): number {
    let count = 0;
    for (let at = this.#configurations.length - 1; at >= 0; at -= 1) {
      if ((this.#configurations[at] ?? 0) <= index) break;
      count += 1;
    }
    return count;
  }

  /** Applies `write`; `checked` is false for a write that was checked before, on its way to the other image. */
  write(write: LogWrite, checked = true): void {
    if (write.install !== undefined) {
      const { position, configuration } = write.install.snapshot;
      this.#install(position, configuration, write.install.keepsSuffix);
    }
    if (write.base !== undefined) this.#rebase(write.base);
    if (write.truncateFrom !== undefined) this.#truncate(write.truncateFrom);
    for (const entry of write.entries) {
      if (checked) this.#check(entry);
      if (entry.kind === 'configuration') this.#configurations.push(entry.index);
      this.#entries.push(entry);
    }
  }

  #check(entry: Entry): void {
    const last = this.last;
    require(entry.index === last.index + 1, 'I21', () => `entry ${entry.index} stands after ${last.index}`);
    require(entry.term >= last.term, 'I21', () => `entry ${entry.index}: term ${entry.term} after ${last.term}`);
    require(entry.chain === this.#chainOf(last.chain, entry), 'I3', () => `entry ${entry.index} breaks the chain`);
  }

  #install(position: Position, configuration: ConfigurationAt, keepsSuffix: boolean): void {
    if (keepsSuffix) {
      require(this.chainAt(position.index) === position.chain, 'I3', () =>
        `kept suffix does not join at ${position.index}`);
      this.#rebase(position);
    } else {
      this.#entries = [];
      this.#configurations = [];
      this.#base = position;
    }
    this.#configurationBelow = configuration.index;
  }

  #rebase(base: Position): void {
    require(base.index <= this.last.index, 'I12', () => `base ${base.index} above the last entry ${this.last.index}`);
    if (base.index <= this.#base.index) return;
    require(this.chainAt(base.index) === base.chain, 'I3', () => `base ${base.index} is not what stood there`);
    this.#entries.splice(0, base.index - this.#base.index);
    this.#base = base;
    while ((this.#configurations[0] ?? Number.POSITIVE_INFINITY) <= base.index) {
      this.#configurationBelow = this.#configurations.shift() ?? 0;
    }
  }

  #truncate(from: LogIndex): void {
    require(from > this.#base.index, 'I12', () => `truncation at ${from}, base ${this.#base.index}`);
    this.#entries.length = Math.min(this.#entries.length, from - this.#base.index - 1);
    while ((this.#configurations[this.#configurations.length - 1] ?? 0) >= from) this.#configurations.pop();
  }
}

const indexesOfConfigurations = (entries: readonly Entry[]): LogIndex[] =>
  entries.filter((entry) => entry.kind === 'configuration').map((entry) => entry.index);
