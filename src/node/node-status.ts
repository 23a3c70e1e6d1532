import { type CoreStatus, isVoter, membersOf, nodeIdOf } from '../../raft/index.ts';
import type { NodeStatus } from './gateway.ts';

interface StatusParts {
  readonly nodeId: string;
  readonly clusterId: string | undefined;
  /** Absent while the node is no member. */
  readonly core: CoreStatus | undefined;
  /** Outranks the role that the core has. */
  readonly stoppedAs: 'quarantined' | 'failed' | 'stopped' | undefined;
  readonly reason: string | undefined;
}

/** A picture of this node for people. */
export function statusOf({ nodeId, clusterId, core, stoppedAs, reason }: StatusParts): NodeStatus {
  return {
    nodeId,
    clusterId,
    role: stoppedAs ?? (core === undefined ? 'blank' : roleOf(core)),
    term: core?.term ?? 0,
    leader: core?.leader === undefined || stoppedAs !== undefined ? undefined : nodeIdOf(core.leader),
    commitIndex: core?.commitIndex ?? 0,
    appliedIndex: core?.appliedIndex ?? 0,
    members: core === undefined ? [] : membersIn(core),
    reason,
  };
}

function roleOf(core: CoreStatus): NodeStatus['role'] {
  if (core.role === 'pre-candidate') return 'candidate';
  if (core.role === 'follower' && !isVoter(core.configuration, core.self)) return 'learner';
  return core.role;
}

function membersIn(core: CoreStatus): NodeStatus['members'] {
  const matches = new Map(core.progress.map((peer) => [peer.id, peer.match]));
  if (core.role === 'leader') matches.set(core.self, core.durableIndex);
  return membersOf(core.configuration).map((member) => ({
    id: nodeIdOf(member.id),
    address: member.address,
    voter: isVoter(core.configuration, member.id),
    matchIndex: matches.get(member.id),
  }));
}
