import type { MemberId } from '../../raft/index.ts';
import type { Packet } from './transport.ts';

/**
 * A message counts only for those between whom its stream was opened: what is wrong with the packet's sender or
 * addressee, or undefined. Otherwise one member could vote in another's name (SECURITY, row 7).
 */
export function strangerAmong(
  packet: Packet,
  ends: { readonly peer: MemberId; readonly self: MemberId },
): string | undefined {
  if (packet.kind !== 'raft') return undefined;
  const { kind, from, to } = packet.message;
  if (from !== ends.peer) return `a ${kind} names ${from} as its sender`;
  if (to !== ends.self) return `a ${kind} is addressed to ${to}, not to this node`;
  return undefined;
}
