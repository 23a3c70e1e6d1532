import type { LogIndex, MemberId } from './types.ts';

export interface Member {
  readonly id: MemberId;
  /** `host:port`. May differ between configurations; `id` identifies. */
  readonly address: string;
}

/** Replicates, does not vote. */
export interface Learner extends Member {
  /**
   * The voter that this learner takes the place of. Once the learner has caught up, the leader moves to it through a
   * joint configuration by itself, whoever leads then.
   */
  readonly replaces: MemberId | undefined;
}

/** Who decides. Joint while `outgoing` is not empty: then both majorities are needed (dissertation, 4.3). */
export interface Configuration {
  readonly voters: readonly Member[];
  /** The former voters of a joint configuration; empty otherwise. */
  readonly outgoing: readonly Member[];
  readonly learners: readonly Learner[];
}

/** A configuration and the entry that set it (0: genesis). */
export interface ConfigurationAt {
  readonly index: LogIndex;
  readonly configuration: Configuration;
}

export const isJoint = (configuration: Configuration): boolean => configuration.outgoing.length > 0;

/** Every member once, voters first. */
export function membersOf(configuration: Configuration): readonly Member[] {
  const seen = new Map<MemberId, Member>();
  for (const member of [...configuration.voters, ...configuration.outgoing, ...configuration.learners]) {
    if (!seen.has(member.id)) seen.set(member.id, member);
  }
  return [...seen.values()];
}

export const isVoter = (configuration: Configuration, id: MemberId): boolean =>
  configuration.voters.some((voter) => voter.id === id) || configuration.outgoing.some((voter) => voter.id === id);
