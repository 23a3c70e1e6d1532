import type { Failure, NodeStatus, Query, SessionRequest } from '../node/index.ts';
import {
  type Answer,
  commandTuple,
  type HoldName,
  type Intervention,
  type Sequence,
  type SessionEnd,
  type SessionId,
  type Taken,
  termsCells,
} from '../table/index.ts';
import type { Value } from '../transport/index.ts';

/** What a client says on its stream, after the handshake. Numbers called `id` are the client's own, for the answer. */
export type ClientMessage =
  | {
      readonly kind: 'open';
      readonly id: number;
      readonly nonce: string;
      readonly ttlMs: number;
      readonly label: string;
    }
  /** Goes on with a session that was opened on another stream; the nonce proves that it is the client's. */
  | { readonly kind: 'attach'; readonly session: SessionId; readonly nonce: string }
  | { readonly kind: 'submit'; readonly request: SessionRequest }
  | { readonly kind: 'forget'; readonly session: SessionId; readonly sequence: Sequence }
  | { readonly kind: 'beat'; readonly session: SessionId; readonly counter: number }
  | { readonly kind: 'end'; readonly session: SessionId }
  | { readonly kind: 'query'; readonly id: number; readonly query: Query }
  | { readonly kind: 'replace'; readonly id: number; readonly nodeId: string }
  | { readonly kind: 'ping'; readonly id: number }
  /** To be told, or no more, when somebody waits for what that hold has. */
  | { readonly kind: 'watch-hold' | 'unwatch-hold'; readonly session: SessionId; readonly hold: HoldName };

/** What a node says to a client. */
export type ServerMessage =
  | { readonly kind: 'opened'; readonly id: number; readonly session: SessionId }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: Failure }
  | { readonly kind: 'attached'; readonly session: SessionId }
  | { readonly kind: 'answer'; readonly session: SessionId; readonly sequence: Sequence; readonly answer: Answer }
  /** This node has no room for the request: send it again a little later. */
  | { readonly kind: 'later'; readonly session: SessionId; readonly sequence: Sequence }
  | { readonly kind: 'beat'; readonly session: SessionId; readonly counter: number }
  /** A hold was ended by force, or taken over. */
  | { readonly kind: 'taken'; readonly session: SessionId; readonly taken: Taken }
  /** The holder is asked to let go. */
  | { readonly kind: 'revoke'; readonly session: SessionId; readonly taken: Taken }
  /** Somebody waits for what a hold has that is watched. */
  | { readonly kind: 'contended'; readonly session: SessionId; readonly hold: HoldName }
  | {
      readonly kind: 'ended';
      readonly session: SessionId;
      readonly end: SessionEnd;
      readonly by?: Intervention | undefined;
    }
  /** `json`: the view as text, so that its form is free to grow. */
  | { readonly kind: 'result'; readonly id: number; readonly json: string; readonly appliedIndex: number }
  | { readonly kind: 'replaced'; readonly id: number }
  | { readonly kind: 'pong'; readonly id: number }
  | { readonly kind: 'cluster'; readonly view: ClusterView };

/** What a node tells its clients of the cluster: at first, and whenever it changes. */
export interface ClusterView {
  readonly nodeId: string;
  readonly role: NodeStatus['role'];
  /** Whether this node can serve: it has caught up and knows a leader. */
  readonly isReady: boolean;
  /** Whether it has too little disk for new locks and sessions. */
  readonly isDiskLow: boolean;
  /** Node id of the leader. */
  readonly leader: string | undefined;
  readonly members: readonly { readonly id: string; readonly address: string }[];
}

/** Read back by `parseClientMessage`. */
export const clientTuple = (message: ClientMessage): Value => {
  switch (message.kind) {
    case 'open':
      return [message.kind, message.id, message.nonce, message.ttlMs, message.label];
    case 'attach':
      return [message.kind, message.session, message.nonce];
    case 'submit':
      return [message.kind, commandTuple(message.request)];
    case 'forget':
      return [message.kind, message.session, message.sequence];
    case 'beat':
      return [message.kind, message.session, message.counter];
    case 'end':
      return [message.kind, message.session];
    case 'query':
      return [message.kind, message.id, queryTuple(message.query)];
    case 'replace':
      return [message.kind, message.id, message.nodeId];
    case 'ping':
      return [message.kind, message.id];
    case 'watch-hold':
    case 'unwatch-hold':
      return [message.kind, message.session, message.hold.name, message.hold.token];
    default:
      return message satisfies never;
  }
};

/** Read back by `parseServerMessage`. */
export const serverTuple = (message: ServerMessage): Value => {
  switch (message.kind) {
    case 'opened':
      return [message.kind, message.id, message.session];
    case 'failed':
      return [message.kind, message.id, message.failure.code, message.failure.text];
    case 'attached':
      return [message.kind, message.session];
    case 'answer':
      return [message.kind, message.session, message.sequence, answerTuple(message.answer)];
    case 'later':
      return [message.kind, message.session, message.sequence];
    case 'beat':
      return [message.kind, message.session, message.counter];
    case 'taken': {
      const { name, token, by, isHandedOver } = message.taken;
      const cells = [message.kind, message.session, name, token, ...interventionCells(by)];
      return isHandedOver === true ? [...cells, true] : cells;
    }
    case 'revoke': {
      const { name, token, by } = message.taken;
      return [message.kind, message.session, name, token, ...interventionCells(by)];
    }
    case 'contended':
      return [message.kind, message.session, message.hold.name, message.hold.token];
    case 'ended':
      return [message.kind, message.session, message.end, ...(message.by ? interventionCells(message.by) : [])];
    case 'result':
      return [message.kind, message.id, message.json, message.appliedIndex];
    case 'replaced':
    case 'pong':
      return [message.kind, message.id];
    case 'cluster':
      return [message.kind, ...viewTuple(message.view)];
    default:
      return message satisfies never;
  }
};

const interventionCells = ({ session, actor, reason }: Intervention): readonly Value[] => [session, actor, reason];

const queryTuple = (query: Query): readonly Value[] => {
  switch (query.kind) {
    case 'inspect':
    case 'register':
      return [query.kind, query.name, query.consistency];
    case 'list':
      return [query.kind, query.prefix, query.limit, query.after ?? null, query.consistency];
    case 'events':
      return [query.kind, query.prefix, query.after?.index ?? null, query.after?.place ?? 0];
    case 'sessions':
      return [query.kind, query.consistency];
    case 'verify':
      return [query.kind, query.name, query.token, query.consistency];
    case 'position':
      return [query.kind, query.session, query.sequence, query.consistency];
    case 'status':
      return [query.kind];
    default:
      return query satisfies never;
  }
};

const answerTuple = (answer: Answer): readonly Value[] => {
  switch (answer.kind) {
    case 'granted': {
      const { kind, token, grantedAt, terms } = answer;
      return terms === undefined ? [kind, token, grantedAt] : [kind, token, grantedAt, termsCells(terms)];
    }
    case 'already-granted':
      return [answer.kind, answer.token];
    case 'limit-exceeded':
      return [answer.kind, answer.limit, answer.max];
    case 'wrong-mode':
      return [answer.kind, answer.mode];
    case 'kind-mismatch':
      return [answer.kind, answer.name, answer.is];
    case 'deadlock':
      return [answer.kind, answer.cycle.map(({ owner, lock }) => [owner, lock])];
    case 'semaphore-limit':
      return [answer.kind, answer.name, answer.limit];
    case 'fenced':
      return [answer.kind, answer.highest];
    case 'written':
    case 'version-mismatch':
      return [answer.kind, answer.version];
    case 'queue-full':
      return [answer.kind, answer.name, answer.max];
    case 'force-released':
    case 'revoke-requested':
      return [answer.kind, answer.count, answer.tokens];
    case 'not-closed':
      return [answer.kind, answer.why];
    default:
      return [answer.kind];
  }
};

const viewTuple = ({ nodeId, role, isReady, isDiskLow, leader, members }: ClusterView): readonly Value[] => [
  nodeId,
  role,
  isReady,
  isDiskLow,
  leader ?? null,
  members.map(({ id, address }) => [id, address]),
];
