import type { AppendAccepted, Entry, Message } from '../../raft/index.ts';

type Of<K extends Message['kind']> = Extract<Message, { kind: K }>;

/** An append to `a` from `b`; what is not given is 0 or empty. */
export const append = (over: Partial<Of<'append'>> & { readonly term: number }): Of<'append'> => ({
  kind: 'append',
  from: 'b',
  to: 'a',
  request: 1,
  prevIndex: 0,
  prevTerm: 0,
  entries: [],
  commit: 0,
  ...over,
});

/** Appends `entries` after what stands before them in `log`. */
export function appendOf(
  log: readonly Entry[],
  range: { readonly from: number; readonly to: number },
  over: Partial<Of<'append'>> & { readonly term: number },
): Of<'append'> {
  const prev = log[range.from - 2];
  const entries = log.slice(range.from - 1, range.to);
  return append({ prevIndex: prev?.index ?? 0, prevTerm: prev?.term ?? 0, entries, ...over });
}

export const vote = (over: Partial<Of<'vote'>> & { readonly term: number }): Of<'vote'> => ({
  kind: 'vote',
  from: 'b',
  to: 'a',
  lastIndex: 0,
  lastTerm: 0,
  configIndex: 0,
  transfer: false,
  ...over,
});

export const preVote = (over: Partial<Of<'pre-vote'>> & { readonly term: number }): Of<'pre-vote'> => ({
  kind: 'pre-vote',
  from: 'b',
  to: 'a',
  lastIndex: 0,
  lastTerm: 0,
  configIndex: 0,
  ...over,
});

export const voteReply = (over: Partial<Of<'vote-reply'>> & { readonly term: number }): Of<'vote-reply'> => ({
  kind: 'vote-reply',
  from: 'b',
  to: 'a',
  granted: true,
  ...over,
});

export const preVoteReply = (
  over: Partial<Of<'pre-vote-reply'>> & { readonly term: number },
): Of<'pre-vote-reply'> => ({
  kind: 'pre-vote-reply',
  from: 'b',
  to: 'a',
  granted: true,
  ...over,
});

export const heartbeat = (over: Partial<Of<'heartbeat'>> & { readonly term: number }): Of<'heartbeat'> => ({
  kind: 'heartbeat',
  from: 'b',
  to: 'a',
  commit: 0,
  round: 1,
  ...over,
});

export const heartbeatReply = (
  over: Partial<Of<'heartbeat-reply'>> & { readonly term: number },
): Of<'heartbeat-reply'> => ({
  kind: 'heartbeat-reply',
  from: 'b',
  to: 'a',
  round: 1,
  ...over,
});

export const accepted = (over: Partial<AppendAccepted> & { readonly term: number }): AppendAccepted => ({
  kind: 'append-reply',
  from: 'b',
  to: 'a',
  accepted: true,
  request: 1,
  match: 0,
  ...over,
});

type Rejected = Extract<Message, { kind: 'append-reply'; accepted: false }>;

export const rejected = (over: Partial<Rejected> & { readonly term: number }): Rejected => ({
  kind: 'append-reply',
  from: 'b',
  to: 'a',
  accepted: false,
  request: 1,
  prevIndex: 0,
  hintIndex: 0,
  hintTerm: 0,
  lastIndex: 0,
  ...over,
});
