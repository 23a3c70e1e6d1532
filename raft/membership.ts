import { type Configuration, type ConfigurationAt, isVoter, type Member } from './config.ts';
import { decodeConfiguration } from './config-codec.ts';
import { invariant, violation } from './invariant.ts';
import type { Entry, LogIndex, MemberId } from './types.ts';

/**
 * Which configuration is in force: the last one in the log, committed or not (dissertation, 4.1). Holds nothing that
 * does not follow from the checkpoint and the entries after it; truncation takes back, a snapshot replaces.
 */
export class Membership {
  /** Rising by index; the first stands for everything before it and is never taken back. */
  #history: ConfigurationAt[];
  #effective: ConfigurationAt;

  constructor(checkpoint: ConfigurationAt) {
    this.#history = [checkpoint];
    this.#effective = checkpoint;
  }

  /** The configuration in force, and its entry. */
  get effective(): ConfigurationAt {
    return this.#effective;
  }

  get configuration(): Configuration {
    return this.#effective.configuration;
  }

  /** The configuration as of `index`, which is not below what was compacted away. */
  at(index: LogIndex): ConfigurationAt {
    return (
      this.#history.findLast((each) => each.index <= index) ?? violation(`no configuration is known as of ${index}`)
    );
  }

  /** Is `id` a member in any part? */
  knows(id: MemberId): boolean {
    const { voters, outgoing, learners } = this.configuration;
    const same = (member: Member): boolean => member.id === id;
    return voters.some(same) || outgoing.some(same) || learners.some(same);
  }

  isVoter(id: MemberId): boolean {
    return isVoter(this.configuration, id);
  }

  /**
   * May `id` stand for election, `commit` being committed? Voters, and those whom a configuration that is not committed
   * yet would remove: only they may hold its entry, and without them nobody else could win (dissertation, 4.2.2).
   */
  mayLead(id: MemberId, commit: LogIndex): boolean {
    if (this.isVoter(id)) return true;
    const former = this.#effective.index > commit ? this.#history.at(-2) : undefined;
    return former !== undefined && isVoter(former.configuration, id);
  }

  /** In force from the moment it stands in the log. */
  appended(entry: Entry): void {
    if (entry.kind !== 'configuration') return;
    invariant(entry.index > this.#effective.index, `configuration ${entry.index} comes after ${this.#effective.index}`);
    this.#history.push({ index: entry.index, configuration: decodeConfiguration(entry.payload) });
    this.#settle();
  }

  /** Entries from `index` on are gone: the one in force before them is in force again (S51). */
  truncated(index: LogIndex): void {
    while (this.#history.length > 1 && this.#effective.index >= index) {
      this.#history.pop();
      this.#settle();
    }
    invariant(this.#effective.index < index, `no configuration is left before ${index}`);
  }

  /** Entries up to `index` are gone into a checkpoint; what was in force there stays as the first. */
  compacted(index: LogIndex): void {
    let superseded = 0;
    while ((this.#history[superseded + 1]?.index ?? Number.POSITIVE_INFINITY) <= index) superseded += 1;
    this.#history.splice(0, superseded);
  }

  /** The log up to `index` was replaced by a snapshot; what stands in the log after it stays only if the log does. */
  installed(snapshot: ConfigurationAt, index: LogIndex, keepsSuffix: boolean): void {
    const after = keepsSuffix ? this.#history.filter((each) => each.index > index) : [];
    this.#history = [snapshot, ...after];
    this.#settle();
  }

  #settle(): void {
    this.#effective = this.#history.at(-1) ?? violation('no configuration is left');
  }
}
