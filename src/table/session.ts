import type { Acquire, Answer, Cancel, OpenSession, Release, Sequence, SessionId } from './command.ts';
import type { Claim } from './lock-row.ts';

/** The part of a request that a repetition of the same sequence must have in common with it. */
export type Asked =
  | Pick<Acquire, 'kind' | 'name' | 'mode' | 'waits'>
  | Pick<Cancel, 'kind' | 'target'>
  | Pick<Release, 'kind' | 'name' | 'token'>
  /** An acquire that a cancel overtook: what it would have asked for is not known, and never will be granted. */
  | { readonly kind: 'withdrawn' };

/** What is remembered of one sequence of one session, so that it is executed at most once. */
export class Request {
  readonly session: Session;
  readonly sequence: Sequence;
  readonly asked: Asked;
  answer: Answer;
  /** See `ChangedRows`. */
  isPersisted = false;

  constructor(session: Session, sequence: Sequence, first: { readonly asked: Asked; readonly answer: Answer }) {
    this.session = session;
    this.sequence = sequence;
    this.asked = first.asked;
    this.answer = first.answer;
  }

  /** Whether `command`, which came under the same sequence, asks for the same. */
  isRepeatedBy(command: Acquire | Cancel | Release): boolean {
    const { asked } = this;
    switch (asked.kind) {
      case 'withdrawn':
        return command.kind === 'acquire';
      case 'acquire':
        return (
          command.kind === 'acquire' &&
          command.name === asked.name &&
          command.mode === asked.mode &&
          command.waits === asked.waits
        );
      case 'cancel':
        return command.kind === 'cancel' && command.target === asked.target;
      case 'release':
        return command.kind === 'release' && command.name === asked.name && command.token === asked.token;
      default:
        return asked satisfies never;
    }
  }
}

/** What never changes of a session. */
export interface SessionOrigin {
  readonly id: SessionId;
  readonly nonce: string;
  readonly ttlMs: number;
  readonly home: OpenSession['home'];
  readonly label: string;
  /** Table time, ms. */
  readonly openedAt: number;
}

/** One client's liveness, with everything that ends when it ends. */
export class Session {
  readonly id: SessionId;
  readonly nonce: string;
  readonly ttlMs: number;
  readonly home: OpenSession['home'];
  readonly label: string;
  readonly openedAt: number;
  /** Commands of the session applied so far, its open included. */
  version = 1;
  /** Never falls. */
  mark: Sequence = 0;
  /** By sequence: those above the mark, and acquires below it that wait, or were granted since the mark passed them. */
  readonly requests: Map<Sequence, Request> = new Map();
  /** By token; iterates in the order of grants. */
  readonly holds: Map<number, Claim> = new Map();
  /** By sequence; iterates in the order of arrival. */
  readonly waiters: Map<Sequence, Claim> = new Map();
  /** See `ChangedRows`. */
  isPersisted = false;

  constructor(origin: SessionOrigin) {
    this.id = origin.id;
    this.nonce = origin.nonce;
    this.ttlMs = origin.ttlMs;
    this.home = origin.home;
    this.label = origin.label;
    this.openedAt = origin.openedAt;
  }
}
