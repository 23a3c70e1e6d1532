import type { Core, CoreStatus, Effects, MemberId, Message, ReadAnswer } from '../../raft/index.ts';
import type { Mutant } from './mutant.ts';

/** Lets the messages that `isHasty` picks leave before what they claim is durable. */
const hasty =
  (isHasty: (message: Message) => boolean) =>
  (effects: Effects): Effects => {
    const { persist } = effects;
    if (persist === undefined) return effects;
    return {
      ...effects,
      send: [...effects.send, ...persist.thenSend.filter(isHasty)],
      persist: { ...persist, thenSend: persist.thenSend.filter((message) => !isHasty(message)) },
    };
  };

/** What the leader tells its followers to be committed: as far as `quorum` of the voters hold, of whatever term. */
const generous =
  (quorum: (voters: number) => number) =>
  (effects: Effects, core: Core): Effects => {
    const { status } = core;
    if (status.role !== 'leader') return effects;
    const matches = status.configuration.voters.map(({ id }) => matchOf(status, id)).sort((a, b) => b - a);
    const commit = Math.max(status.commitIndex, matches[quorum(matches.length) - 1] ?? 0);
    const send = effects.send.map((message): Message => {
      if (message.kind === 'append') return { ...message, commit };
      if (message.kind !== 'heartbeat') return message;
      return { ...message, commit: Math.min(commit, matchOf(status, message.to)) };
    });
    return { ...effects, send };
  };

const matchOf = (status: CoreStatus, id: MemberId): number =>
  id === status.self ? status.durableIndex : (status.progress.find((peer) => peer.id === id)?.match ?? 0);

const majority = (voters: number): number => Math.floor(voters / 2) + 1;

/** A leader that answers reads from its own commit index, without asking whether it still leads. */
function hastyReads(): Mutant {
  const answers = new Map<Core, ReadAnswer[]>();
  return {
    name: 'a read is answered without asking a quorum',
    input: (input, core) => {
      const { role, commitIndex, term, leads, configuration } = core.status;
      // One alone has no beats that would carry the answer out.
      if (input.kind !== 'read' || role !== 'leader' || !leads || configuration.voters.length < 2) return input;
      const answer: ReadAnswer = { id: input.id, kind: 'confirmed', index: commitIndex, term };
      answers.set(core, [...(answers.get(core) ?? []), answer]);
      return { kind: 'tick' };
    },
    effects: (effects, core) => {
      const reads = [...effects.reads, ...(answers.get(core) ?? [])];
      answers.delete(core);
      return { ...effects, reads };
    },
  };
}

interface Planted {
  /** Made anew for each run: a mutant may remember. */
  readonly mutant: () => Mutant;
  /** Rules that see it by looking inside; blind to them, the outcome itself must give it away. */
  readonly inside: readonly string[];
}

/** The bugs that the simulator must be able to see. */
export const planted: readonly Planted[] = [
  {
    mutant: () => ({
      name: 'a ballot leaves before it is durable',
      effects: hasty(({ kind }) => kind === 'vote' || kind === 'vote-reply'),
    }),
    inside: ['I16'],
  },
  {
    mutant: () => ({
      name: 'an append is acknowledged before it is durable',
      effects: hasty(({ kind }) => kind === 'append-reply'),
    }),
    inside: ['I16', 'I6'],
  },
  {
    mutant: () => ({
      name: 'a vote is forgotten at a restart',
      restored: (restored) => ({ ...restored, hardState: { ...restored.hardState, votedFor: undefined } }),
    }),
    inside: [],
  },
  {
    mutant: () => ({
      name: 'a vote of an older term is counted',
      input: (input, core) => {
        if (input.kind !== 'message' || input.message.kind !== 'vote-reply') return input;
        return { kind: 'message', message: { ...input.message, term: core.status.term } };
      },
    }),
    inside: [],
  },
  {
    mutant: () => ({ name: 'an entry of an older term is committed by counting', effects: generous(majority) }),
    inside: [],
  },
  {
    mutant: () => ({ name: 'a quorum is one too small', effects: generous((voters) => majority(voters) - 1) }),
    inside: [],
  },
  { mutant: hastyReads, inside: [] },
];
