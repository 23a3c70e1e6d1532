import type { Chain, Configuration, CoreStatus, Entry, LogIndex, MemberId, Term } from '../../raft/index.ts';
import type { LogImage } from './log-image.ts';
import { require } from './violation.ts';

/** Something that a run did, counted so that a run in which nothing happened is not taken for a proof. */
export type Deed =
  | 'elections'
  | 'commits'
  | 'acknowledged'
  | 'reads'
  | 'truncations'
  | 'snapshots'
  | 'checkpoints'
  | 'crashes'
  | 'pauses'
  | 'partitions'
  | 'replacements'
  | 'transfers'
  | 'grants'
  | 'losses'
  | 'upgrades'
  | 'downgrades'
  | 'composites'
  | 'deadlocks'
  | 're-entries'
  | 'register writes'
  | 'fenced writes'
  | 'verifications'
  | 'metadata'
  | 'positions'
  | 'full queues'
  | 'bounded holds'
  | 'overdue holds'
  | 'delays'
  | 'forced ends'
  | 'contentions'
  | 'hand-overs'
  | 'orphans'
  | 'events'
  | 'terms'
  | 'proclamations'
  | 'sightings'
  | 'questions'
  | 'stops'
  | 'suspends'
  | 'clock steps'
  | 'stalls'
  | 'disk errors'
  | 'damaged disks'
  | 'blind copies'
  | 'broken links'
  | 'wounds'
  | 'lost packets'
  | 'repeated packets'
  | 'broken streams';

/**
 * What nobody in the cluster can know: everything that was ever elected, committed and applied anywhere. Judges each
 * news against all of it, at a cost of the news alone.
 */
export class Ghost {
  readonly counts: Map<Deed, number> = new Map();
  readonly #blind: ReadonlySet<string>;
  readonly #leaders = new Map<Term, MemberId>();
  readonly #votes = new Map<string, MemberId>();
  /** By (index, term): the chain of the one entry that may stand there. */
  readonly #chains = new Map<number, Chain>();
  /** By index, from 1: the chain of the committed entry, and the term of the leader that first reported it. */
  readonly #committed: { readonly chain: Chain; readonly inTerm: Term }[] = [];
  /** By index: the state of the state machine. */
  readonly #states = new Map<LogIndex, number>();
  readonly #disks = new Map<MemberId, LogImage>();

  /** Rules in `blind` are not judged: shows what the other rules see alone. */
  constructor(blind: readonly string[] = []) {
    this.#blind = new Set(blind);
  }

  count(deed: Deed): void {
    this.counts.set(deed, (this.counts.get(deed) ?? 0) + 1);
  }

  demand(holds: boolean, rule: string, message: () => string): void {
    if (!holds && !this.#blind.has(rule)) require(holds, rule, message);
  }

  /** The durable log of a member, for ever: also of one that is down or gone. */
  meet(member: MemberId, durable: LogImage): void {
    this.#disks.set(member, durable);
  }

  get committedIndex(): LogIndex {
    return this.#committed.length;
  }

  committedChain(index: LogIndex): Chain | undefined {
    return index === 0 ? 0 : this.#committed[index - 1]?.chain;
  }

  /** I3: an entry came into somebody's log. */
  stored(member: MemberId, entry: Entry): void {
    const key = entry.index * 2 ** 24 + entry.term;
    const known = this.#chains.get(key);
    if (known === undefined) this.#chains.set(key, entry.chain);
    else this.demand(known === entry.chain, 'I3', () => `${member}: two entries ${entry.index}/${entry.term}`);
  }

  /** I7: an entry left somebody's log by a truncation. */
  truncated(member: MemberId, entry: Entry): void {
    const isCommitted = this.committedChain(entry.index) === entry.chain;
    this.demand(!isCommitted, 'I7', () => `${member} truncates ${entry.index}/${entry.term}, which is committed`);
  }

  /** I1 and I4: the member of `status` leads its term with `log`. */
  elected({ self: member, term, configuration }: CoreStatus, log: LogImage): void {
    const other = this.#leaders.get(term);
    if (other === member) return;
    this.demand(other === undefined, 'I1', () => `${member} and ${other} lead term ${term}`);
    const lacking = missing(configuration, (id) => id === member || this.#votes.get(`${id}/${term}`) === member);
    this.demand(lacking.length === 0, 'I11', () => `${member} leads ${term} without votes of ${lacking.join(' ')}`);
    this.#leaders.set(term, member);
    this.count('elections');
    let newest = this.#committed.length;
    // Of what later leaders committed it cannot know: its votes may have been on the way for long.
    while (newest > 0 && (this.#committed[newest - 1]?.inTerm ?? 0) >= term) newest -= 1;
    if (newest <= log.base.index) return;
    this.demand(
      log.chainAt(newest) === this.committedChain(newest),
      'I4',
      () => `${member} leads term ${term} without the committed entry ${newest}`,
    );
  }

  /** I11: `voter` asks for `candidate` in `term`, or tells it so. */
  voted(voter: MemberId, candidate: MemberId, term: Term): void {
    const ballot = `${voter}/${term}`;
    const other = this.#votes.get(ballot) ?? candidate;
    this.demand(other === candidate, 'I11', () => `${voter} votes for ${other} and ${candidate} in term ${term}`);
    this.#votes.set(ballot, candidate);
  }

  /**
   * I6 and I7: the commit index of a member is, or came to, `status.commitIndex`. `former` is the configuration that
   * it had one observation ago: the step that commits may append the next one.
   */
  committed(status: CoreStatus, log: LogImage, former: Configuration): void {
    const { commitIndex, self } = status;
    if (commitIndex > this.#committed.length) {
      this.demand(status.role === 'leader', 'I6', () => `${self} commits ${commitIndex}, which no leader has`);
      this.#commit(status, log, former);
    }
    const chain = log.chainAt(commitIndex);
    this.demand(
      chain === undefined || chain === this.committedChain(commitIndex),
      'I7',
      () => `${self} commits another entry ${commitIndex}`,
    );
  }

  /** I5: the state machine of `member` has executed `entry` and is in `state`, if anybody looked. */
  applied(member: MemberId, entry: Entry, state?: number): void {
    this.demand(entry.index <= this.#committed.length, 'I5', () => `${member} applies ${entry.index}, not committed`);
    const isSame = this.committedChain(entry.index) === entry.chain;
    this.demand(isSame, 'I5', () => `${member} applies another entry ${entry.index}`);
    if (state !== undefined) this.stateAt(member, entry.index, state);
  }

  /** I5: the state machine of `member` is in `state` at `index`. */
  stateAt(member: MemberId, index: LogIndex, state: number): void {
    const known = this.#states.get(index) ?? state;
    this.demand(known === state, 'I5', () => `${member}: another state at ${index}`);
    this.#states.set(index, state);
  }

  #commit({ commitIndex, configuration, term, self }: CoreStatus, log: LogImage, former: Configuration): void {
    const newest = log.at(commitIndex);
    this.demand(newest?.term === term, 'I6', () => `${self} commits ${commitIndex} of term ${newest?.term} in ${term}`);
    const isHeld = [configuration, former].some((one) => this.#lacking(one, commitIndex, newest?.chain).length === 0);
    this.demand(isHeld, 'I6', () => {
      const lacking = this.#lacking(configuration, commitIndex, newest?.chain);
      return `${self} commits ${commitIndex}, which is not durable on a quorum: ${lacking.join(' ')} lack it`;
    });
    for (let index = this.#committed.length + 1; index <= commitIndex; index += 1) {
      this.count('commits');
      this.#committed.push({ chain: log.chainAt(index) ?? Number.NaN, inTerm: term });
    }
  }

  /** Who keeps `configuration` from holding the entry durably; nobody if a majority of each group holds it. */
  #lacking(configuration: Configuration, index: LogIndex, chain: Chain | undefined): readonly MemberId[] {
    return missing(configuration, (id) => this.#disks.get(id)?.chainAt(index) === chain);
  }
}

/** Who stands against `configuration` being one in what `holds`; nobody if a majority of each of its groups is. */
const missing = ({ voters, outgoing }: Configuration, holds: (id: MemberId) => boolean): readonly MemberId[] =>
  [voters, outgoing].flatMap((group) => {
    const lacking = group.filter(({ id }) => !holds(id)).map(({ id }) => id);
    return group.length > 0 && lacking.length * 2 >= group.length ? lacking : [];
  });
