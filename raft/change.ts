import { type Configuration, isJoint, type Learner, type Member, membersOf } from './config.ts';
import type { Refusal } from './effects.ts';
import type { MemberId } from './types.ts';

/**
 * Why `member` may not take the place of `replaces` now; undefined if it may. A newcomer that was lost on its way may be
 * replaced in its turn, or the cluster could not be cured of it.
 */
export function refusalOfReplacement(
  configuration: Configuration,
  member: Member,
  replaces: MemberId,
): Refusal | undefined {
  const waiting = waitingLearner(configuration);
  if (isJoint(configuration)) return 'change-in-progress';
  if (waiting !== undefined && (waiting.replaces !== replaces || waiting.id === member.id)) return 'change-in-progress';
  if (!configuration.voters.some((voter) => voter.id === replaces)) return 'bad-change';
  return membersOf(configuration).some((known) => known.id === member.id) ? 'bad-change' : undefined;
}

/** The first step of a replacement. An earlier newcomer for the same place gives way. */
export function withLearner(configuration: Configuration, member: Member, replaces: MemberId): Configuration {
  const others = configuration.learners.filter((learner) => learner.replaces !== replaces);
  return { ...configuration, learners: [...others, { id: member.id, address: member.address, replaces }] };
}

/** The next step of what is under way: into the joint configuration once the learner has caught up, then out of it. */
export function nextStep(
  configuration: Configuration,
  hasCaughtUp: (id: MemberId) => boolean,
): Configuration | undefined {
  if (isJoint(configuration)) return { voters: configuration.voters, outgoing: [], learners: configuration.learners };
  const learner = waitingLearner(configuration);
  return learner !== undefined && hasCaughtUp(learner.id) ? withJoint(configuration, learner) : undefined;
}

/** The learner votes in the place of the voter that it replaces, while the old majority is needed too. */
function withJoint(configuration: Configuration, learner: Learner): Configuration {
  const newcomer: Member = { id: learner.id, address: learner.address };
  return {
    voters: configuration.voters.map((voter) => (voter.id === learner.replaces ? newcomer : voter)),
    outgoing: configuration.voters,
    learners: configuration.learners.filter((other) => other.id !== learner.id),
  };
}

function waitingLearner(configuration: Configuration): Learner | undefined {
  return configuration.learners.find((learner) => learner.replaces !== undefined);
}
