import type { MemberId } from './types.ts';

/** `<node id>@<incarnation>`: how the floors above name a life of a node. The core itself never looks inside. */
export const memberId = (nodeId: string, incarnation: string): MemberId => `${nodeId}@${incarnation}`;

export const nodeIdOf = (member: MemberId): string => member.slice(0, member.lastIndexOf('@'));

export const incarnationOf = (member: MemberId): string => member.slice(member.lastIndexOf('@') + 1);
