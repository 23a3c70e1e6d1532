import type { Member } from './config.ts';
import type { Refusal, Role } from './effects.ts';
import type { Message } from './message.ts';
import type { Server } from './server.ts';
import type { PeerProgress } from './status.ts';
import type { MemberId } from './types.ts';

/** What a step concluded. Only the core performs it. */
export type Transition =
  /** In the current term. `deadline`: an election timeout that goes on; absent, a new one begins. */
  | { readonly to: 'follower'; readonly leader: MemberId | undefined; readonly deadline: number | undefined }
  /** `urgent`: the leader's process is known to be gone, so its followers need not wait for their patience to end. */
  | { readonly to: 'pre-candidate'; readonly urgent: boolean }
  /** In the next term. `transfer`: the leader asked for it. */
  | { readonly to: 'candidate'; readonly transfer: boolean }
  /** `granted`: who voted for us. */
  | { readonly to: 'leader'; readonly granted: ReadonlySet<MemberId> };

/** Back to waiting, with nobody to follow. */
export const leaderless: Transition = { to: 'follower', leader: undefined, deadline: undefined };

/** How a server behaves in one role. Holds the state of that role only; it ends with the role. */
export interface RoleState {
  readonly role: Role;
  /** Who leads the current term, as far as this role knows. */
  readonly leader: MemberId | undefined;
  /** When patience ends; undefined at a leader. */
  readonly deadline: number | undefined;
  /** The next tick that finds something to do comes then; may lie in the past. Only a hint: ticks are never wrong. */
  readonly due: number;
  /** A live leader was heard of within an election timeout: nobody else shall stand (dissertation, 4.2.3). */
  readonly isSticky: boolean;
  /** An entry of our own term is committed under our lead, up to this index. Undefined at anyone else. */
  readonly opened: number | undefined;
  readonly progress: readonly PeerProgress[];
  /** First thing after the role began. */
  start(): Transition | undefined;
  /** A message of the current term (or a granted pre-vote of the next) that is not a question for a vote. */
  receive(message: Message): Transition | undefined;
  /** `stalled`: this process did not run for a while, so silence proves nothing. */
  tick(stalled: boolean): Transition | undefined;
  /** More of what we asked for is durable here. */
  durable(): Transition | undefined;
  propose(id: number, payload: Uint8Array): void;
  replace(id: number, member: Member, replaces: MemberId): void;
  read(id: number): void;
  transfer(to: MemberId | undefined): void;
  unreachable(peer: MemberId, refused: boolean): void;
  snapshotSent(to: MemberId, delivered: boolean): void;
  /** Before effects are taken: sends what the steps since the last time add up to. */
  flush(): Transition | undefined;
  /** The role ends: answers who waits on it. */
  leave(): void;
}

export function refuseProposal(
  server: Server,
  id: number,
  why: { reason: Refusal; leader: MemberId | undefined },
): void {
  server.outbox.answerProposal({ id, kind: 'refused', reason: why.reason, leader: why.leader });
}

export function refuseRead(server: Server, id: number, leader: MemberId | undefined): void {
  server.outbox.answerRead({ id, kind: 'refused', leader });
}
