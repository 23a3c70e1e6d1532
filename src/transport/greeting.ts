import { isAddress } from './address.ts';
import { type CodecBounds, decodeValue, encodeValue } from './codec.ts';
import { Fields, reading, refuse } from './fields.ts';
import { printable } from './notices.ts';
import type { ClientHello, Hello, RefusalCode, Refused, ServerHello, Value } from './transport.ts';

/** Rises when an older node could misread what a newer one sends. */
export const protocolVersion = 1;

/** The first message of a stream, in either direction. `refused`: by the other side, or by us for its protocol. */
export type Greeting<T> =
  | { readonly kind: 'hello'; readonly hello: T }
  | { readonly kind: 'refused'; readonly refused: Refused; readonly byUs: boolean }
  | { readonly kind: 'bad'; readonly bad: string };

/** A greeting is small: the bounds keep a stranger from making us work before we know him. */
const bounds: CodecBounds = { messageBytesMax: 64 * 1024, elementsMax: 1_024, depthMax: 4 };
const nameCharsMax = 255;
const addressCharsMax = 300;
const textCharsMax = 512;
const genesisMembersMax = 128;
const labelBytesMax = 128;

export const encodePeerHello = (hello: Hello): Buffer =>
  encodeValue([
    'hello',
    protocolVersion,
    'peer',
    hello.clusterId ?? null,
    hello.nodeId,
    hello.incarnation,
    hello.run,
    hello.boot,
    hello.configIndex,
    hello.membersHash,
    hello.address,
    hello.genesis,
  ]);

export const encodeClientHello = (hello: ClientHello): Buffer =>
  encodeValue(['hello', protocolVersion, 'client', hello.clusterId ?? null, hello.label, hello.requireLeader]);

export const encodeServerHello = (hello: ServerHello): Buffer =>
  encodeValue(['hello', protocolVersion, 'server', hello.clusterId ?? null, hello.nodeId]);

export const encodeRefusal = (refused: Refused): Buffer =>
  encodeValue(['refused', refused.code, refused.text.slice(0, textCharsMax)]);

export const decodePeerHello = (bytes: Uint8Array): Greeting<Hello> => decode(bytes, 'peer', readPeerHello);

export const decodeClientHello = (bytes: Uint8Array): Greeting<ClientHello> => decode(bytes, 'client', readClientHello);

export const decodeServerHello = (bytes: Uint8Array): Greeting<ServerHello> => decode(bytes, 'server', readServerHello);

type Role = 'peer' | 'client' | 'server';

function decode<T>(bytes: Uint8Array, role: Role, read: (fields: Fields) => T): Greeting<T> {
  const decoded = decodeValue(bytes, bounds);
  if (!decoded.ok) return { kind: 'bad', bad: decoded.bad };
  const greeting = reading(() => readGreeting(decoded.value, role, read));
  return greeting.ok ? greeting.value : { kind: 'bad', bad: greeting.bad };
}

function readGreeting<T>(value: Value, role: Role, read: (fields: Fields) => T): Greeting<T> {
  const fields = new Fields(value, 'greeting');
  const tag = fields.text('tag', nameCharsMax);
  if (tag === 'refused') return { kind: 'refused', refused: readRefusal(fields), byUs: false };
  if (tag !== 'hello') refuse('greeting: neither a hello nor a refusal');
  const version = fields.count('protocol');
  // Nothing after the version is read: another version may mean anything by it.
  if (version !== protocolVersion) {
    const text = `this node speaks protocol ${protocolVersion}, the other one ${version}`;
    return { kind: 'refused', refused: { code: 'PROTOCOL', text }, byUs: true };
  }
  const came = fields.text('role', nameCharsMax);
  if (came !== role) refuse(`greeting: expected a ${role}, came a ${printable(came)}`);
  const hello = read(fields);
  fields.end();
  return { kind: 'hello', hello };
}

function readPeerHello(fields: Fields): Hello {
  return {
    clusterId: fields.optionalText('cluster id', nameCharsMax),
    nodeId: fields.text('node id', nameCharsMax),
    incarnation: readIncarnation(fields),
    run: fields.count('run'),
    boot: fields.text('boot', nameCharsMax),
    configIndex: fields.count('configuration index'),
    membersHash: fields.text('hash of members', nameCharsMax, true),
    address: readAddress(fields),
    genesis: fields.list('genesis', genesisMembersMax).map(readGenesisMember),
  };
}

function readGenesisMember(value: Value): readonly [nodeId: string, incarnation: string, address: string] {
  const fields = new Fields(value, 'genesis member');
  const nodeId = fields.text('node id', nameCharsMax);
  const incarnation = readIncarnation(fields);
  const address = readAddress(fields);
  fields.end();
  return [nodeId, incarnation, address];
}

/** Nobody listens to a node without one. Any other is handed on to all members and their clients, who dial it. */
function readAddress(fields: Fields): string {
  const address = fields.text('address', addressCharsMax, true);
  return address === '' || isAddress(address) ? address : refuse('address is none: expected host:port or [ipv6]:port');
}

/** The last `@` of a member id separates node id and incarnation, so there is none in the latter. */
function readIncarnation(fields: Fields): string {
  const incarnation = fields.text('incarnation', nameCharsMax);
  return incarnation.includes('@') ? refuse('incarnation contains @') : incarnation;
}

function readClientHello(fields: Fields): ClientHello {
  const clusterId = fields.optionalText('cluster id', nameCharsMax);
  const label = fields.text('label', labelBytesMax, true);
  if (Buffer.byteLength(label) > labelBytesMax) refuse(`label exceeds ${labelBytesMax} bytes`);
  return { clusterId, label, requireLeader: fields.flag('need of a leader') };
}

const readServerHello = (fields: Fields): ServerHello => ({
  clusterId: fields.optionalText('cluster id', nameCharsMax),
  nodeId: fields.text('node id', nameCharsMax),
});

const refusalCodes: Readonly<Record<RefusalCode, RefusalCode>> = {
  PROTOCOL: 'PROTOCOL',
  WRONG_CLUSTER: 'WRONG_CLUSTER',
  WRONG_NODE: 'WRONG_NODE',
  UNKNOWN_MEMBER: 'UNKNOWN_MEMBER',
  OTHER_INCARNATION: 'OTHER_INCARNATION',
  OLD_RUN: 'OLD_RUN',
  MEMBERS_DIFFER: 'MEMBERS_DIFFER',
  QUARANTINED: 'QUARANTINED',
  NOT_READY: 'NOT_READY',
  UNAUTHENTICATED: 'UNAUTHENTICATED',
  OVERLOADED: 'OVERLOADED',
  SHUTTING_DOWN: 'SHUTTING_DOWN',
};

function readRefusal(fields: Fields): Refused {
  const code = fields.text('code', nameCharsMax);
  const text = printable(fields.text('text', textCharsMax, true));
  const known = Object.values(refusalCodes).find((candidate) => candidate === code);
  // A newer node may refuse for reasons that this one has no word for; its text still reaches a person.
  return known === undefined ? { code: 'PROTOCOL', text: `${printable(code)}: ${text}` } : { code: known, text };
}
