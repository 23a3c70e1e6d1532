import {
  type Decoded,
  decodeMessage,
  decodeValue,
  encodeMessage,
  encodeValue,
  type Packet,
} from '../../../src/transport/index.ts';

/** Each class of packet keeps its own order, as each has a stream of its own. */
export const streamOf = (packet: Packet | undefined): string =>
  packet?.kind === 'raft' ? (packet.message.kind.startsWith('append') ? 'append' : 'control') : (packet?.kind ?? '');

/** Through the codec and back, as on a real wire. */
export function travelled(packet: Packet): Packet {
  if (packet.kind === 'raft') return { kind: 'raft', message: arrived(decodeMessage(encodeMessage(packet.message))) };
  return { ...packet, body: arrived(decodeValue(encodeValue(packet.body))) };
}

function arrived<T>(decoded: Decoded<T>): T {
  if (!decoded.ok) throw new Error(`a packet does not survive its journey: ${decoded.bad}`);
  return decoded.value;
}
