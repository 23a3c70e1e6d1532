import type { Query, QueryOutcome, SessionRequest } from '../../src/node/index.ts';
import type { Answer } from '../../src/table/index.ts';

/** A bug planted between a cluster and its clients, to see it found. */
export interface Lie {
  /** An answer given without asking the cluster. */
  insteadOf(request: SessionRequest): Answer | undefined;
  /** What is told in place of the cluster's answer. */
  told(request: SessionRequest, answer: Answer): Answer;
  shown(query: Query, outcome: QueryOutcome): QueryOutcome;
  readonly acknowledgesBeats: boolean;
  /** Whether a hold that is over still claims to be held. */
  readonly clings: boolean;
}

/** No bug at all. */
export const truth: Lie = {
  insteadOf: () => undefined,
  told: (_, answer) => answer,
  shown: (_, outcome) => outcome,
  acknowledgesBeats: false,
  clings: false,
};

/** Each makes a lie with a memory of its own, for one run. */
export const lies: Readonly<Record<string, () => Lie>> = {
  'a request that waits is told that it was granted': () => {
    let token = 1_000_000;
    return {
      ...truth,
      told: (_, answer) => (answer.kind === 'queued' ? { kind: 'granted', token: ++token, grantedAt: 0 } : answer),
    };
  },
  'every second grant of a lock has the token of the one before': () => {
    const last = new Map<string, number>();
    return {
      ...truth,
      told: (request, answer) => {
        if (request.kind !== 'acquire' || answer.kind !== 'granted') return answer;
        const before = last.get(request.name);
        if (before === undefined || before === answer.token) last.set(request.name, answer.token);
        else last.delete(request.name);
        return { ...answer, token: before ?? answer.token };
      },
    };
  },
  'a release is confirmed and never carried out': () => ({
    ...truth,
    insteadOf: (request) => (request.kind === 'release' ? { kind: 'released' } : undefined),
  }),
  'a release is carried out and denied': () => ({
    ...truth,
    told: (_, answer) => (answer.kind === 'released' ? { kind: 'not-held' } : answer),
  }),
  'whoever does not wait is told that the lock is held': () => ({
    ...truth,
    insteadOf: (request) => (request.kind === 'acquire' && !request.waits ? { kind: 'busy' } : undefined),
  }),
  'a cancel is confirmed and the request stays': () => ({
    ...truth,
    insteadOf: (request) => (request.kind === 'cancel' ? { kind: 'cancelled' } : undefined),
  }),
  'a read shows what the read before should have shown': () => {
    const before = new Map<string, QueryOutcome>();
    return {
      ...truth,
      shown: (query, outcome) => {
        if (query.kind !== 'inspect' || query.consistency === 'local' || !outcome.ok) return outcome;
        const shown = before.get(query.name) ?? outcome;
        before.set(query.name, outcome);
        return shown;
      },
    };
  },
  'heartbeats are acknowledged and never reach the leader': () => ({ ...truth, acknowledgesBeats: true }),
  'a hold claims to be held for ever': () => ({ ...truth, clings: true }),
};
