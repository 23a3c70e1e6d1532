import type { Member } from './config.ts';
import { isVoter, membersOf } from './config.ts';
import type { Message } from './message.ts';
import { verdict } from './quorum.ts';
import { leaderless, type RoleState, refuseProposal, refuseRead, type Transition } from './role.ts';
import type { Server } from './server.ts';
import type { PeerProgress } from './status.ts';
import type { MemberId } from './types.ts';

/** How a candidacy came about. */
export interface Candidacy {
  /** `pre-candidate` asks whether it could win, in the term it has; `candidate` asks for votes in a term of its own. */
  readonly stage: 'pre-candidate' | 'candidate';
  readonly urgent: boolean;
  readonly transfer: boolean;
}

/** Stands for election (paper, 5.2; dissertation, 9.6). */
export class Candidate implements RoleState {
  readonly role: 'pre-candidate' | 'candidate';
  readonly leader: undefined;
  readonly opened: undefined;
  readonly isSticky = false;
  readonly progress: readonly PeerProgress[] = [];
  readonly #server: Server;
  readonly #candidacy: Candidacy;
  readonly #granted: Set<MemberId> = new Set();
  readonly #refused: Set<MemberId> = new Set();
  #deadline: number;

  constructor(server: Server, candidacy: Candidacy) {
    this.#server = server;
    this.#candidacy = candidacy;
    this.role = candidacy.stage;
    // Others may notice a moment later than we that the leader is gone, so an urgent question is soon asked again.
    const soon = server.now + (1 + server.random()) * server.options.heartbeatInterval;
    this.#deadline = candidacy.urgent && candidacy.stage === 'pre-candidate' ? soon : server.electionDeadline();
  }

  get deadline(): number {
    return this.#deadline;
  }

  get due(): number {
    return this.#deadline;
  }

  start(): Transition | undefined {
    const { self, term, log, membership } = this.#server;
    const { index: lastIndex, term: lastTerm } = log.last;
    const configIndex = membership.effective.index;
    for (const { id: to } of membersOf(membership.configuration)) {
      if (to === self || !isVoter(membership.configuration, to)) continue;
      const log = { lastIndex, lastTerm, configIndex };
      if (this.role === 'pre-candidate')
        this.#server.post({ kind: 'pre-vote', from: self, to, term: term + 1, ...log });
      else this.#server.post({ kind: 'vote', from: self, to, term, ...log, transfer: this.#candidacy.transfer });
    }
    return this.#voteForSelf();
  }

  receive(message: Message): Transition | undefined {
    const { term } = this.#server;
    switch (message.kind) {
      case 'pre-vote-reply':
        if (this.role !== 'pre-candidate' || message.term !== (message.granted ? term + 1 : term)) return undefined;
        return this.#count(message.from, message.granted);
      case 'vote-reply':
        return this.role === 'candidate' ? this.#count(message.from, message.granted) : undefined;
      case 'read-request': {
        const { from: to, read } = message;
        this.#server.post({ kind: 'read-reply', from: this.#server.self, to, term, read, index: undefined });
        return undefined;
      }
      case 'append':
      case 'heartbeat':
      case 'pre-vote':
      case 'vote':
      case 'append-reply':
      case 'heartbeat-reply':
      case 'timeout-now':
      case 'read-reply':
        return undefined;
      default:
        return message satisfies never;
    }
  }

  tick(stalled: boolean): Transition | undefined {
    const { now, options } = this.#server;
    if (stalled) {
      const anchor = now + (2 + this.#server.random()) * options.heartbeatInterval;
      this.#deadline = Math.max(this.#deadline, anchor);
    }
    if (now < this.#deadline) return undefined;
    if (!this.#server.isPromotable) return leaderless;
    return { to: 'pre-candidate', urgent: this.#candidacy.urgent };
  }

  durable(): Transition | undefined {
    return this.#voteForSelf();
  }

  propose(id: number): void {
    refuseProposal(this.#server, id, { reason: 'not-leader', leader: undefined });
  }

  replace(id: number, _member: Member, _replaces: MemberId): void {
    refuseProposal(this.#server, id, { reason: 'not-leader', leader: undefined });
  }

  read(id: number): void {
    refuseRead(this.#server, id, undefined);
  }

  transfer(): void {}

  unreachable(): void {}

  snapshotSent(): void {}

  flush(): undefined {}

  leave(): void {}

  /** Our own vote counts like any other: once it is durable. A pre-vote promises nothing. */
  #voteForSelf(): Transition | undefined {
    const { self, ballotIsDurable } = this.#server;
    if (this.#granted.has(self)) return undefined;
    return this.role === 'pre-candidate' || ballotIsDurable ? this.#count(self, true) : undefined;
  }

  #count(from: MemberId, granted: boolean): Transition | undefined {
    // The first answer stands: a repeated one must not count twice, nor undo it (S07).
    if (this.#granted.has(from) || this.#refused.has(from)) return undefined;
    (granted ? this.#granted : this.#refused).add(from);
    if (verdict(this.#server.membership.configuration, this.#granted, this.#refused) !== 'won') return undefined;
    if (this.role === 'candidate') return { to: 'leader', granted: this.#granted };
    return this.#server.isPromotable ? { to: 'candidate', transfer: false } : leaderless;
  }
}
