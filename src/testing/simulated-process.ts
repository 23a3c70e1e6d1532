import type { MemberId } from '../../raft/index.ts';
import type { Failure, Runtime } from '../node/index.ts';
import type { LockService } from '../server/index.ts';
import type { PeerHandlers } from '../transport/index.ts';
import type { NodeClock } from './node-clock.ts';

/** One process of one simulated node, from its start to its death. */
export interface SimulatedProcess {
  readonly nodeId: string;
  readonly runtime: Runtime;
  readonly clock: NodeClock;
  readonly service: LockService;
  /** Why it stopped by itself, if it did. */
  readonly failures: Failure[];
  handlers: PeerHandlers | undefined;
  /** Who it is to its peers, once it has spoken to one. */
  member: MemberId | undefined;
  /** By node id: the process that a live link which this one dialled leads to. */
  readonly links: Map<string, SimulatedProcess>;
  /** Clients' streams here: each breaks when it is called, and the process hears of it if it lives. */
  readonly clients: Set<(isAlive: boolean) => void>;
  isAlive: boolean;
}
