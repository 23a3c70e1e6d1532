import { failureCodes, type NodeStatus, type Query, type SessionRequest } from '../node/index.ts';
import { type HoldName, type Intervention, parseCommand, type SessionEnd } from '../table/index.ts';
import type { Value } from '../transport/index.ts';
import type { ClientMessage, ClusterView, ServerMessage } from './client-protocol.ts';
import { readAnswer } from './parse-answer.ts';
import { Fields, MalformedError } from './reading.ts';

/** What came is no message; `bad` says why, for one log line. */
export interface BadMessage {
  readonly kind: 'bad';
  readonly bad: string;
}

const nonceCharsMax = 64;
const nameCharsMax = 600;
const addressCharsMax = 300;
const membersMax = 64;
const consistencies = ['linearizable', 'local'] as const;

/** Never throws, whatever is passed. */
export const parseClientMessage = (value: Value): ClientMessage | BadMessage => guarded(() => readClient(value));

/** Never throws, whatever is passed. */
export const parseServerMessage = (value: Value): ServerMessage | BadMessage => guarded(() => readServer(value));

const guarded = <T>(read: () => T): T | BadMessage => {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedError) return { kind: 'bad', bad: error.message };
    throw error;
  }
};

const clientKinds = [
  'open',
  'attach',
  'submit',
  'forget',
  'beat',
  'end',
  'query',
  'replace',
  'ping',
  'watch-hold',
  'unwatch-hold',
] as const;

const readClient = (value: Value): ClientMessage => {
  const fields = new Fields(value, 'message');
  const kind = fields.one(clientKinds);
  const message = readClientBody(kind, fields);
  fields.end();
  return message;
};

const readClientBody = (kind: (typeof clientKinds)[number], fields: Fields): ClientMessage => {
  switch (kind) {
    case 'open': {
      const id = fields.count();
      const nonce = fields.text(nonceCharsMax);
      const ttlMs = fields.count();
      return { kind, id, nonce, ttlMs, label: fields.text(nameCharsMax) };
    }
    case 'attach': {
      const session = fields.count();
      return { kind, session, nonce: fields.text(nonceCharsMax) };
    }
    case 'submit':
      return { kind, request: readRequest(fields.value()) };
    case 'forget': {
      const session = fields.count();
      return { kind, session, sequence: fields.count() };
    }
    case 'beat': {
      const session = fields.count();
      return { kind, session, counter: fields.count() };
    }
    case 'end':
      return { kind, session: fields.count() };
    case 'query': {
      const id = fields.count();
      return { kind, id, query: readQuery(fields.value()) };
    }
    case 'replace': {
      const id = fields.count();
      return { kind, id, nodeId: fields.text(nonceCharsMax) };
    }
    case 'ping':
      return { kind, id: fields.count() };
    case 'watch-hold':
    case 'unwatch-hold': {
      const session = fields.count();
      return { kind, session, hold: readHold(fields) };
    }
    default:
      return kind satisfies never;
  }
};

/** The table's own validator decides; of its commands only those of a session may come from outside. */
const readRequest = (value: Value): SessionRequest => {
  const command = parseCommand(value);
  switch (command.kind) {
    case 'started':
    case 'open':
    case 'close':
    case 'expire':
    case 'overdue':
    case 'delay-over':
      throw new MalformedError(`a client does not send the command ${command.kind}`);
    case 'malformed':
      throw new MalformedError(command.reason);
    default:
      return command;
  }
};

const readQuery = (value: Value): Query => {
  const fields = new Fields(value, 'query');
  const kind = fields.one(['inspect', 'list', 'sessions', 'verify', 'register', 'events', 'status', 'position']);
  const query = readQueryBody(kind, fields);
  fields.end();
  return query;
};

const readQueryBody = (kind: Query['kind'], fields: Fields): Query => {
  switch (kind) {
    case 'inspect':
    case 'register': {
      const name = fields.text(nameCharsMax);
      return { kind, name, consistency: fields.one(consistencies) };
    }
    case 'list': {
      const prefix = fields.text(nameCharsMax);
      const limit = fields.count();
      const after = fields.optionalText(nameCharsMax);
      return { kind, prefix, limit, after, consistency: fields.one(consistencies) };
    }
    case 'sessions':
      return { kind, consistency: fields.one(consistencies) };
    case 'verify': {
      const name = fields.text(nameCharsMax);
      const token = fields.count();
      return { kind, name, token, consistency: fields.one(consistencies) };
    }
    case 'events': {
      const prefix = fields.text(nameCharsMax);
      const index = fields.optionalCount();
      const place = fields.count();
      return { kind, prefix, after: index === undefined ? undefined : { index, place } };
    }
    case 'status':
      return { kind };
    case 'position': {
      const session = fields.count();
      const sequence = fields.count();
      return { kind, session, sequence, consistency: fields.one(consistencies) };
    }
    default:
      return kind satisfies never;
  }
};

const serverKinds = [
  'opened',
  'failed',
  'attached',
  'answer',
  'later',
  'beat',
  'taken',
  'revoke',
  'contended',
  'ended',
  'result',
  'replaced',
  'pong',
  'cluster',
] as const;

const readServer = (value: Value): ServerMessage => {
  const fields = new Fields(value, 'message');
  const kind = fields.one(serverKinds);
  const message = readServerBody(kind, fields);
  fields.end();
  return message;
};

const readServerBody = (kind: (typeof serverKinds)[number], fields: Fields): ServerMessage => {
  switch (kind) {
    case 'opened': {
      const id = fields.count();
      return { kind, id, session: fields.count() };
    }
    case 'failed': {
      const id = fields.count();
      const code = fields.one(failureCodes);
      return { kind, id, failure: { code, text: fields.text() } };
    }
    case 'attached':
      return { kind, session: fields.count() };
    case 'answer': {
      const session = fields.count();
      const sequence = fields.count();
      return { kind, session, sequence, answer: readAnswer(fields.value()) };
    }
    case 'later': {
      const session = fields.count();
      return { kind, session, sequence: fields.count() };
    }
    case 'beat': {
      const session = fields.count();
      return { kind, session, counter: fields.count() };
    }
    case 'taken':
    case 'revoke': {
      const session = fields.count();
      const name = fields.text(nameCharsMax);
      const token = fields.count();
      const by = readIntervention(fields);
      const isHandedOver = kind === 'taken' && fields.hasMore && fields.flag();
      return { kind, session, taken: isHandedOver ? { name, token, by, isHandedOver } : { name, token, by } };
    }
    case 'contended': {
      const session = fields.count();
      return { kind, session, hold: readHold(fields) };
    }
    case 'ended': {
      const session = fields.count();
      const end = fields.one(ends);
      return fields.hasMore ? { kind, session, end, by: readIntervention(fields) } : { kind, session, end };
    }
    case 'result': {
      const id = fields.count();
      const json = fields.text();
      return { kind, id, json, appliedIndex: fields.count() };
    }
    case 'replaced':
    case 'pong':
      return { kind, id: fields.count() };
    case 'cluster':
      return { kind, view: readView(fields) };
    default:
      return kind satisfies never;
  }
};

const readHold = (fields: Fields): HoldName => {
  const name = fields.text(nameCharsMax);
  return { name, token: fields.count() };
};

const readIntervention = (fields: Fields): Intervention => {
  const session = fields.count();
  const actor = fields.text(nameCharsMax);
  return { session, actor, reason: fields.text(nameCharsMax) };
};

const readView = (fields: Fields): ClusterView => {
  const nodeId = fields.text(nonceCharsMax);
  const role = fields.one(roles);
  const isReady = fields.flag();
  const isDiskLow = fields.flag();
  const leader = fields.optionalText(nonceCharsMax);
  const members = fields.list(membersMax).map((value) => {
    const member = new Fields(value, 'member');
    const id = member.text(nonceCharsMax);
    const address = member.text(addressCharsMax);
    member.end();
    return { id, address };
  });
  return { nodeId, role, isReady, isDiskLow, leader, members };
};

const ends: readonly SessionEnd[] = ['closed', 'expired', 'superseded', 'unknown'];

const roles: readonly NodeStatus['role'][] = [
  'leader',
  'follower',
  'candidate',
  'learner',
  'blank',
  'quarantined',
  'failed',
  'stopped',
];
