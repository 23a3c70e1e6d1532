import type {
  Acquire,
  AcquireAll,
  Answer,
  Begun,
  Cancel,
  ChangeLimit,
  Downgrade,
  Guarded,
  HoldName,
  OpenSession,
  Part,
  Proclaim,
  Release,
  Sequence,
  SessionId,
  SessionRequest,
  TakeOver,
  Upgrade,
  WriteRegister,
} from './command.ts';
import { areSameOptions } from './hold-options.ts';
import type { Claim } from './lock-row.ts';
import type { Intervention } from './operator-command.ts';
import { isSameOrder, type Order } from './order-tuple.ts';

/** The part of a request that a repetition of the same sequence must have in common with it. */
export type Asked =
  | PlainAsked
  | GuardedAsked
  /** An acquire, upgrade, steal or take-over that a cancel overtook: what it would have asked for is not known, and never will be granted. */
  | { readonly kind: 'withdrawn' };

/** That part of a request without a guard. */
export type PlainAsked =
  | Pick<Acquire, 'kind' | 'name' | 'mode' | 'waits'>
  | Pick<AcquireAll, 'kind' | 'parts' | 'waits' | 'owner' | 'reenters' | 'options'>
  | Pick<Upgrade, 'kind' | 'name' | 'token' | 'waits'>
  | Pick<Downgrade, 'kind' | 'name' | 'token' | 'to'>
  | Pick<Begun, 'kind' | 'name' | 'token'>
  | Pick<ChangeLimit, 'kind' | 'name' | 'limit'>
  | Pick<Cancel, 'kind' | 'target'>
  | Pick<Release, 'kind' | 'name' | 'token'>
  | Pick<Proclaim, 'kind' | 'name' | 'token' | 'metadata'>
  | Pick<TakeOver, 'kind' | 'name' | 'secret' | 'token'>
  | Order;

export type WriteAsked = Pick<WriteRegister, 'kind' | 'register' | 'value' | 'expected'>;

export interface GuardedAsked extends Pick<Guarded, 'kind' | 'guard'> {
  readonly request: PlainAsked | WriteAsked;
}

export type AnyAsked = Asked | WriteAsked;

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

  /** Whether it is one that a cancel may end. */
  get mayWait(): boolean {
    const { asked } = this;
    return asked.kind === 'withdrawn' || mayTake(asked.kind === 'guarded' ? asked.request : asked);
  }

  /** Whether `command`, which came under the same sequence, asks for the same. */
  isRepeatedBy(command: SessionRequest): boolean {
    return isSame(this.asked, command);
  }
}

function isSame(asked: AnyAsked, command: SessionRequest | WriteRegister): boolean {
  switch (asked.kind) {
    case 'withdrawn':
      return mayTake(command.kind === 'guarded' ? command.request : command);
    case 'guarded':
      return (
        command.kind === 'guarded' && isSameHold(command.guard, asked.guard) && isSame(asked.request, command.request)
      );
    case 'acquire':
      return (
        command.kind === 'acquire' &&
        command.name === asked.name &&
        command.mode === asked.mode &&
        command.waits === asked.waits
      );
    case 'acquire-all':
      return (
        command.kind === 'acquire-all' &&
        command.waits === asked.waits &&
        command.owner === asked.owner &&
        command.reenters === asked.reenters &&
        areSameOptions(command.options, asked.options) &&
        areSameParts(command.parts, asked.parts)
      );
    case 'upgrade':
      return command.kind === 'upgrade' && isSameHold(command, asked) && command.waits === asked.waits;
    case 'downgrade':
      return command.kind === 'downgrade' && isSameHold(command, asked) && command.to === asked.to;
    case 'limit':
      return command.kind === 'limit' && command.name === asked.name && command.limit === asked.limit;
    case 'cancel':
      return command.kind === 'cancel' && command.target === asked.target;
    case 'begun':
    case 'release':
      return command.kind === asked.kind && isSameHold(command, asked);
    case 'proclaim':
      return command.kind === 'proclaim' && isSameHold(command, asked) && command.metadata === asked.metadata;
    case 'take-over':
      return (
        command.kind === 'take-over' &&
        command.name === asked.name &&
        command.secret === asked.secret &&
        command.token === asked.token
      );
    case 'write':
      return (
        command.kind === 'write' &&
        command.register === asked.register &&
        command.value === asked.value &&
        command.expected === asked.expected
      );
    case 'force-release':
    case 'end-session':
    case 'request-revoke':
    case 'steal':
      return command.kind === asked.kind && isSameOrder(command, asked);
    default:
      return asked satisfies never;
  }
}

/** What a cancel may come for: whoever does not want it any more must not be left with a hold. */
const mayTake = ({ kind }: { readonly kind: string }): boolean =>
  kind === 'acquire' || kind === 'acquire-all' || kind === 'upgrade' || kind === 'steal' || kind === 'take-over';

const isSameHold = (one: HoldName, other: HoldName): boolean => one.name === other.name && one.token === other.token;

const areSameParts = (some: readonly Part[], others: readonly Part[]): boolean =>
  some.length === others.length &&
  some.every(({ name, mode, permits, limit }, at) => {
    const other = others[at];
    return name === other?.name && mode === other.mode && permits === other.permits && limit === other.limit;
  });

/** A hold that was ended by force or taken over, until its session is known to have heard. */
export interface Loss {
  readonly session: Session;
  readonly name: string;
  readonly token: number;
  readonly by: Intervention;
  /** It was not ended: another session has taken it over. */
  readonly isHandedOver: boolean;
  /** See `ChangedRows`. */
  isPersisted: boolean;
}

/** The number of what is no session, but has the holds that outlived theirs. */
export const nobodysId: SessionId = 0;

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
  /** By token: of holds ended by force, those that the session has not let go of yet. In no order. */
  readonly losses: Map<number, Loss> = new Map();
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
