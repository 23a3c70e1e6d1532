import type { Append, AppendReply, Entry, EntryKind, Message } from '../../raft/index.ts';
import { type CodecBounds, type Decoded, decodeValue, encodeValue } from './codec.ts';
import { Fields, reading, refuse } from './fields.ts';
import { defaultTransportLimits } from './limits.ts';
import type { Value } from './transport.ts';

/** `<node id>@<incarnation>`, both bounded by the handshake. */
const memberCharsMax = 512;
const entriesMax = 65_536;

const kindCodes: Readonly<Record<Message['kind'], number>> = {
  'pre-vote': 0,
  'pre-vote-reply': 1,
  vote: 2,
  'vote-reply': 3,
  append: 4,
  'append-reply': 5,
  heartbeat: 6,
  'heartbeat-reply': 7,
  'timeout-now': 8,
  'read-request': 9,
  'read-reply': 10,
};

const entryKindCodes: Readonly<Record<EntryKind, number>> = { noop: 0, configuration: 1, commands: 2 };
const entryKinds: readonly EntryKind[] = ['noop', 'configuration', 'commands'];

/** A message of the core on the wire: `[kind, from, to, term, ...its fields in the order of `raft/message.ts`]`. */
export const encodeMessage = (message: Message): Buffer => encodeValue(messageToValue(message));

/** Reads what `encodeMessage` wrote and checks every field; see `valueToMessage`. Never throws. */
export function decodeMessage(bytes: Uint8Array, bounds: CodecBounds = defaultTransportLimits): Decoded<Message> {
  const decoded = decodeValue(bytes, bounds);
  return decoded.ok ? valueToMessage(decoded.value) : decoded;
}

export function messageToValue(message: Message): Value {
  return [kindCodes[message.kind], message.from, message.to, message.term, ...bodyOf(message)];
}

function bodyOf(message: Message): readonly Value[] {
  switch (message.kind) {
    case 'pre-vote':
      return [message.lastIndex, message.lastTerm, message.configIndex];
    case 'vote':
      return [message.lastIndex, message.lastTerm, message.configIndex, message.transfer];
    case 'pre-vote-reply':
    case 'vote-reply':
      return [message.granted];
    case 'append':
      return [message.request, message.prevIndex, message.prevTerm, message.commit, message.entries.map(entryToValue)];
    case 'append-reply':
      return message.accepted
        ? [true, message.request, message.match]
        : [false, message.request, message.prevIndex, message.hintIndex, message.hintTerm, message.lastIndex];
    case 'heartbeat':
      return [message.commit, message.round];
    case 'heartbeat-reply':
      return [message.round];
    case 'timeout-now':
      return [];
    case 'read-request':
      return [message.read];
    case 'read-reply':
      return [message.read, message.index ?? null];
    default:
      return message satisfies never;
  }
}

const entryToValue = (entry: Entry): Value => [
  entry.index,
  entry.term,
  entryKindCodes[entry.kind],
  entry.payload,
  entry.chain,
];

/**
 * Checks form and what one message alone can show: counters are safe integers from 0 up, entries are contiguous from
 * `prevIndex + 1` with terms that never fall nor exceed the message's (I21). Whether it makes sense now is the core's.
 */
export const valueToMessage = (value: Value): Decoded<Message> => reading(() => readMessage(value));

type Envelope = Pick<Message, 'from' | 'to' | 'term'>;

function readMessage(value: Value): Message {
  const fields = new Fields(value, 'message');
  const code = fields.count('kind');
  const read = readers[code] ?? refuse(`message: kind ${code} is not known`);
  const from = fields.text('from', memberCharsMax);
  const to = fields.text('to', memberCharsMax);
  const term = fields.count('term');
  const message = read({ from, to, term }, fields);
  fields.end();
  return message;
}

/** By code. */
const readers: readonly ((envelope: Envelope, fields: Fields) => Message)[] = [
  (envelope, fields) => ({ kind: 'pre-vote', ...envelope, ...readCandidacy(fields) }),
  (envelope, fields) => ({ kind: 'pre-vote-reply', ...envelope, granted: fields.flag('granted') }),
  (envelope, fields) => ({
    kind: 'vote',
    ...envelope,
    ...readCandidacy(fields),
    transfer: fields.flag('transfer'),
  }),
  (envelope, fields) => ({ kind: 'vote-reply', ...envelope, granted: fields.flag('granted') }),
  readAppend,
  readAppendReply,
  (envelope, fields) => ({
    kind: 'heartbeat',
    ...envelope,
    commit: fields.count('commit'),
    round: fields.count('round'),
  }),
  (envelope, fields) => ({ kind: 'heartbeat-reply', ...envelope, round: fields.count('round') }),
  (envelope) => ({ kind: 'timeout-now', ...envelope }),
  (envelope, fields) => ({ kind: 'read-request', ...envelope, read: fields.count('read') }),
  (envelope, fields) => ({
    kind: 'read-reply',
    ...envelope,
    read: fields.count('read'),
    index: fields.optionalCount('index'),
  }),
];

const readCandidacy = (
  fields: Fields,
): { readonly lastIndex: number; readonly lastTerm: number; readonly configIndex: number } => ({
  lastIndex: fields.count('lastIndex'),
  lastTerm: fields.count('lastTerm'),
  configIndex: fields.count('configIndex'),
});

function readAppend(envelope: Envelope, fields: Fields): Append {
  const request = fields.count('request');
  const prevIndex = fields.count('prevIndex');
  const prevTerm = fields.count('prevTerm');
  const commit = fields.count('commit');
  const entries = fields.list('entries', entriesMax).map(readEntry);
  if (prevIndex === 0 && prevTerm !== 0) refuse(`append: nothing at index 0 has term ${prevTerm}`);
  let index = prevIndex;
  let term = prevTerm;
  for (const entry of entries) {
    if (entry.index !== index + 1) refuse(`append: entry ${entry.index} follows ${index}`);
    if (entry.term < term) refuse(`append: term ${entry.term} of entry ${entry.index} follows term ${term}`);
    index = entry.index;
    term = entry.term;
  }
  if (term > envelope.term) refuse(`append: an entry of term ${term} from a leader of term ${envelope.term}`);
  return { kind: 'append', ...envelope, request, prevIndex, prevTerm, entries, commit };
}

function readEntry(value: Value): Entry {
  const fields = new Fields(value, 'entry');
  const index = fields.count('index');
  const term = fields.count('term');
  const code = fields.count('kind');
  const kind = entryKinds[code] ?? refuse(`entry: kind ${code} is not known`);
  const payload = fields.bytes('payload');
  const chain = fields.count('chain');
  fields.end();
  return { index, term, kind, payload, chain };
}

function readAppendReply(envelope: Envelope, fields: Fields): AppendReply {
  const accepted = fields.flag('accepted');
  const request = fields.count('request');
  if (accepted) return { kind: 'append-reply', ...envelope, accepted, request, match: fields.count('match') };
  return {
    kind: 'append-reply',
    ...envelope,
    accepted,
    request,
    prevIndex: fields.count('prevIndex'),
    hintIndex: fields.count('hintIndex'),
    hintTerm: fields.count('hintTerm'),
    lastIndex: fields.count('lastIndex'),
  };
}
