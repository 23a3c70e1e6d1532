import { type Configuration, membersOf } from './config.ts';
import type { Progress } from './progress.ts';
import { reachedByQuorum } from './quorum.ts';
import type { PeerProgress } from './status.ts';
import type { LogIndex, MemberId } from './types.ts';

/** A leader's view of the other members, in the order of the configuration, and what a quorum of all has reached. */
export class Peers {
  readonly #self: MemberId;
  #configuration: Configuration;
  #all: readonly Progress[] = [];
  #byId: Map<MemberId, Progress> = new Map();
  /** What `self` has reached, in the question under way. */
  #own = 0;
  readonly #matchOf = (id: MemberId): number =>
    id === this.#self ? this.#own : (this.#byId.get(id)?.countedMatch ?? 0);
  readonly #roundOf = (id: MemberId): number => (id === this.#self ? this.#own : (this.#byId.get(id)?.round ?? 0));
  readonly #contactOf = (id: MemberId): number =>
    id === this.#self ? this.#own : (this.#byId.get(id)?.contactAt ?? Number.NEGATIVE_INFINITY);

  constructor(self: MemberId, configuration: Configuration) {
    this.#self = self;
    this.#configuration = configuration;
  }

  get all(): readonly Progress[] {
    return this.#all;
  }

  get(id: MemberId): Progress | undefined {
    return this.#byId.get(id);
  }

  /** Another configuration is in force: who stays keeps the progress, who is new begins with what `start` makes. */
  follow(configuration: Configuration, start: (id: MemberId) => Progress): void {
    const others = membersOf(configuration).filter((member) => member.id !== this.#self);
    this.#configuration = configuration;
    this.#all = others.map((member) => this.#byId.get(member.id) ?? start(member.id));
    this.#byId = new Map(this.#all.map((progress) => [progress.id, progress]));
  }

  /** The index that a quorum holds durably, `own` being ours. */
  match(own: LogIndex): LogIndex {
    this.#own = own;
    return Math.max(0, reachedByQuorum(this.#configuration, this.#matchOf));
  }

  /** The heartbeat round that a quorum has answered, `own` being the newest. */
  round(own: number): number {
    this.#own = own;
    return Math.max(0, reachedByQuorum(this.#configuration, this.#roundOf));
  }

  /** When a quorum was last heard of. */
  contact(now: number): number {
    this.#own = now;
    return reachedByQuorum(this.#configuration, this.#contactOf);
  }

  /** The voter of the incoming majority that could lead best: the one that holds most, of those heard of since `since`. */
  best(since: number): Progress | undefined {
    let best: Progress | undefined;
    for (const voter of this.#configuration.voters) {
      const progress = this.#byId.get(voter.id);
      if (progress === undefined || progress.reverted || progress.contactAt < since) continue;
      if (best === undefined || progress.match > best.match) best = progress;
    }
    return best;
  }

  status(): readonly PeerProgress[] {
    return this.#all.map(({ id, match, mode, reverted }) => ({ id, match, mode, reverted }));
  }
}
