import type { Message } from '../../raft/index.ts';
import { type CodecBounds, type Decoded, decodeValue, encodeValue } from './codec.ts';
import { isList } from './fields.ts';
import { messageToValue, valueToMessage } from './message-codec.ts';
import type { Packet, Value } from './transport.ts';

/** The streams of a pair of nodes: what travels on one never waits behind what travels on another. */
export type StreamClass = 'control' | 'append' | 'snapshot' | 'forward';

export const streamClasses: readonly StreamClass[] = ['append', 'snapshot', 'forward', 'control'];

/** A stream class and a direction: replies go back on the stream that the other side opened. */
export interface Route {
  readonly streamClass: StreamClass;
  readonly isReply: boolean;
}

const control: Route = { streamClass: 'control', isReply: false };
const controlReply: Route = { streamClass: 'control', isReply: true };

/** One object per message kind: routes of equal packets are identical. */
const messageRoutes: Readonly<Record<Message['kind'], Route>> = {
  'pre-vote': control,
  'pre-vote-reply': controlReply,
  vote: control,
  'vote-reply': controlReply,
  append: { streamClass: 'append', isReply: false },
  'append-reply': { streamClass: 'append', isReply: true },
  heartbeat: control,
  'heartbeat-reply': controlReply,
  'timeout-now': control,
  'read-request': control,
  'read-reply': controlReply,
};
const bodyRoutes = {
  snapshot: [
    { streamClass: 'snapshot', isReply: false },
    { streamClass: 'snapshot', isReply: true },
  ],
  forward: [
    { streamClass: 'forward', isReply: false },
    { streamClass: 'forward', isReply: true },
  ],
} as const satisfies Record<'snapshot' | 'forward', readonly [Route, Route]>;

export function routeOf(packet: Packet): Route {
  if (packet.kind === 'raft') return messageRoutes[packet.message.kind];
  return bodyRoutes[packet.kind][packet.isReply ? 1 : 0];
}

/** `packets` in groups that travel together, each group's order kept. */
export function byRoute(packets: readonly Packet[]): ReadonlyMap<Route, readonly Packet[]> {
  const groups = new Map<Route, Packet[]>();
  for (const packet of packets) {
    const route = routeOf(packet);
    const group = groups.get(route);
    if (group === undefined) groups.set(route, [packet]);
    else group.push(packet);
  }
  return groups;
}

/** One gRPC message. */
export interface Frame {
  readonly bytes: Buffer;
  /** Nothing but heartbeats, or nothing but their answers: a newer one makes it worthless. */
  readonly isHeartbeat: boolean;
}

/**
 * Packets of one route as few gRPC messages as fit in `bytesMax` each. A packet that does not fit alone is left out and
 * counted in `oversized`.
 */
export function encodeFrames(
  packets: readonly Packet[],
  bytesMax: number,
): { readonly frames: readonly Frame[]; readonly oversized: number } {
  const bytes = encodeValue(packets.map(packetToValue));
  if (bytes.length <= bytesMax) return { frames: [{ bytes, isHeartbeat: packets.every(isBeat) }], oversized: 0 };
  if (packets.length === 1) return { frames: [], oversized: 1 };
  const half = Math.ceil(packets.length / 2);
  const front = encodeFrames(packets.slice(0, half), bytesMax);
  const back = encodeFrames(packets.slice(half), bytesMax);
  return { frames: [...front.frames, ...back.frames], oversized: front.oversized + back.oversized };
}

/** Reads a gRPC message that came on `route`; one bad packet makes all of it bad. Never throws. */
export function decodeFrame(bytes: Uint8Array, route: Route, bounds: CodecBounds): Decoded<readonly Packet[]> {
  const decoded = decodeValue(bytes, bounds);
  if (!decoded.ok) return decoded;
  if (!isList(decoded.value)) return { ok: false, bad: 'a frame is not an array' };
  const packets: Packet[] = [];
  for (const value of decoded.value) {
    const packet = valueToPacket(value, route);
    if (!packet.ok) return packet;
    packets.push(packet.value);
  }
  return { ok: true, value: packets };
}

const packetToValue = (packet: Packet): Value =>
  packet.kind === 'raft' ? messageToValue(packet.message) : packet.body;

function valueToPacket(value: Value, route: Route): Decoded<Packet> {
  const { streamClass, isReply } = route;
  if (streamClass === 'snapshot' || streamClass === 'forward') {
    return { ok: true, value: { kind: streamClass, isReply, body: value } };
  }
  const message = valueToMessage(value);
  if (!message.ok) return message;
  const due = messageRoutes[message.value.kind];
  if (due.streamClass !== streamClass || due.isReply !== isReply) {
    return { ok: false, bad: `a ${message.value.kind} on the ${streamClass} stream of the wrong direction or class` };
  }
  return { ok: true, value: { kind: 'raft', message: message.value } };
}

const isBeat = (packet: Packet): boolean =>
  packet.kind === 'raft' && (packet.message.kind === 'heartbeat' || packet.message.kind === 'heartbeat-reply');
