import { receiveAppend } from './append.ts';
import type { Member } from './config.ts';
import { invariant } from './invariant.ts';
import type { Heartbeat, Message, ReadReply } from './message.ts';
import { ReadRequests } from './reads.ts';
import { type RoleState, refuseProposal, refuseRead, type Transition } from './role.ts';
import type { Server } from './server.ts';
import type { PeerProgress } from './status.ts';
import type { MemberId } from './types.ts';

/** Follows a leader, or waits for one (paper, 5.2). */
export class Follower implements RoleState {
  readonly role = 'follower';
  readonly opened: undefined;
  readonly progress: readonly PeerProgress[] = [];
  readonly #server: Server;
  readonly #reads: ReadRequests = new ReadRequests();
  #leader: MemberId | undefined;
  #heardAt: number;
  #deadline: number;
  /** The leader's host said that nobody listens there any more: its process is gone, stickiness would only cost time. */
  #waived = false;

  constructor(server: Server, leader: MemberId | undefined, deadline: number | undefined) {
    this.#server = server;
    this.#leader = leader;
    this.#heardAt = leader === undefined ? Number.NEGATIVE_INFINITY : server.now;
    this.#deadline = deadline ?? server.electionDeadline();
  }

  get leader(): MemberId | undefined {
    return this.#leader;
  }

  get deadline(): number {
    return this.#deadline;
  }

  get due(): number {
    return this.#deadline;
  }

  get isSticky(): boolean {
    const { now, options } = this.#server;
    return this.#leader !== undefined && !this.#waived && now - this.#heardAt < options.electionTimeout;
  }

  start(): undefined {}

  receive(message: Message): Transition | undefined {
    switch (message.kind) {
      case 'append':
        this.#heard(message.from);
        receiveAppend(this.#server, message);
        return undefined;
      case 'heartbeat':
        this.#heard(message.from);
        this.#heartbeat(message);
        return undefined;
      case 'timeout-now':
        return message.from === this.#leader && this.#server.isPromotable
          ? { to: 'candidate', transfer: true }
          : undefined;
      case 'read-reply':
        this.#readReply(message);
        return undefined;
      case 'read-request':
        this.#refuseReadRequest(message.from, message.read);
        return undefined;
      case 'pre-vote':
      case 'vote':
      case 'pre-vote-reply':
      case 'vote-reply':
      case 'append-reply':
      case 'heartbeat-reply':
        return undefined;
      default:
        return message satisfies never;
    }
  }

  tick(stalled: boolean): Transition | undefined {
    const { now, options } = this.#server;
    for (const id of this.#reads.expired(now - options.electionTimeout)) refuseRead(this.#server, id, this.#leader);
    if (stalled) {
      // A leader that beats all along needs a moment to get through to us; jitter keeps nodes that woke together apart.
      const anchor = now + (2 + this.#server.random()) * options.heartbeatInterval;
      this.#deadline = Math.max(this.#deadline, anchor);
    }
    if (now < this.#deadline) return undefined;
    if (this.#server.isPromotable) return { to: 'pre-candidate', urgent: this.#waived };
    this.#deadline = this.#server.electionDeadline();
    return undefined;
  }

  durable(): undefined {}

  propose(id: number): void {
    refuseProposal(this.#server, id, { reason: 'not-leader', leader: this.#leader });
  }

  replace(id: number, _member: Member, _replaces: MemberId): void {
    refuseProposal(this.#server, id, { reason: 'not-leader', leader: this.#leader });
  }

  read(id: number): void {
    if (this.#leader === undefined || !this.#reads.ask(id)) refuseRead(this.#server, id, this.#leader);
  }

  transfer(): void {}

  unreachable(peer: MemberId, refused: boolean): void {
    if (!refused || peer !== this.#leader || this.#waived) return;
    const { now, options } = this.#server;
    this.#waived = true;
    this.#deadline = Math.min(this.#deadline, now + this.#server.random() * options.heartbeatInterval);
  }

  snapshotSent(): void {}

  flush(): undefined {
    const { now, self, term } = this.#server;
    if (this.#leader === undefined || !this.#reads.hasNews) return undefined;
    const read = this.#server.nextRead();
    this.#reads.send(read, now);
    this.#server.post({ kind: 'read-request', from: self, to: this.#leader, term, read });
    return undefined;
  }

  leave(): void {
    for (const id of this.#reads.drain()) refuseRead(this.#server, id, undefined);
  }

  /** The leader of this term gave a sign of life. */
  follow(leader: MemberId): void {
    this.#heard(leader);
  }

  #heard(leader: MemberId): void {
    invariant(this.#leader === undefined || this.#leader === leader, `${this.#leader} and ${leader} lead one term`);
    this.#leader = leader;
    this.#heardAt = this.#server.now;
    this.#waived = false;
    this.#deadline = this.#server.electionDeadline();
  }

  #heartbeat(message: Heartbeat): void {
    const { commit, log, self, term } = this.#server;
    // Never above what we acknowledged. If it is, our log was lost: the leader finds out by its next append (S34).
    if (message.commit > commit && message.commit <= log.last.index) this.#server.commitTo(message.commit);
    if (message.round > 0)
      this.#server.post({ kind: 'heartbeat-reply', from: self, to: message.from, term, round: message.round });
  }

  #readReply(message: ReadReply): void {
    if (message.from !== this.#leader) return;
    const { index, term } = message;
    for (const id of this.#reads.answered(message.read)) {
      if (index === undefined) refuseRead(this.#server, id, this.#leader);
      else this.#server.outbox.answerRead({ id, kind: 'confirmed', index, term });
    }
  }

  #refuseReadRequest(to: MemberId, read: number): void {
    const { self, term } = this.#server;
    this.#server.post({ kind: 'read-reply', from: self, to, term, read, index: undefined });
  }
}
