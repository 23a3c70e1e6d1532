import { judgePreVote, judgeVote } from './ballot.ts';
import { Candidate } from './candidate.ts';
import type { Effects, Restored } from './effects.ts';
import { Follower } from './follower.ts';
import type { Input } from './input.ts';
import { InvariantViolation, invariant, violation } from './invariant.ts';
import { Leader } from './leader.ts';
import type { Message, PreVote, Vote } from './message.ts';
import type { CoreOptions } from './options.ts';
import type { RoleState, Transition } from './role.ts';
import { Server } from './server.ts';
import type { CoreStatus } from './status.ts';
import type { MemberId, Term } from './types.ts';
import type { SnapshotHead } from './write.ts';

type Received = Extract<Input, { kind: 'snapshot-received' }>;

/**
 * One member of one Raft group, without clock, disk or network: `step` takes what happened, `take` gives what to do
 * about it. Deterministic: the same inputs give the same effects. Throws an `InvariantViolation` when a law of the
 * algorithm is broken, and from then on for every call: the node must stop and leave its data as they are.
 */
export class Core {
  readonly #server: Server;
  readonly #options: CoreOptions;
  #role: RoleState | undefined;
  #tickedAt = 0;
  #failure: InvariantViolation | undefined;

  /** `restored` is what the store found; `options.seed` should differ from node to node and from run to run. */
  constructor(options: CoreOptions, restored: Restored) {
    this.#options = options;
    this.#server = new Server(options, restored);
  }

  /** Takes in one input at `now` (monotonic milliseconds). Never throws for anything the world can do to a node. */
  step(input: Input, now: number): void {
    this.#guarded(() => {
      invariant(
        now >= this.#server.now || this.#role === undefined,
        `time went back from ${this.#server.now} to ${now}`,
      );
      this.#server.now = now;
      this.#become(this.#handle(input, this.#current()));
    });
  }

  /** What is to be done, once; undefined if nothing. Call it after the inputs of a turn, not after each. */
  take(): Effects | undefined {
    return this.#guarded(() => {
      if (this.#role === undefined) return undefined;
      this.#become(this.#role.flush());
      return this.#gather();
    });
  }

  /** When a tick next has something to do, on the clock of `step`; undefined before the first step. Only a hint. */
  get due(): number | undefined {
    return this.#role?.due;
  }

  /** A picture as of now. */
  get status(): CoreStatus {
    const { self, term, log, membership, durableIndex, commit, applied } = this.#server;
    const role = this.#role;
    const { index: configIndex, configuration } = membership.effective;
    return {
      self,
      role: role?.role ?? 'follower',
      term,
      leader: role?.leader,
      firstIndex: log.base.index + 1,
      lastIndex: log.last.index,
      durableIndex,
      commitIndex: commit,
      appliedIndex: applied,
      logBytes: log.bytes,
      configIndex,
      configuration,
      leads: role?.opened !== undefined && applied >= role.opened,
      progress: role?.progress ?? [],
    };
  }

  #guarded<T>(work: () => T): T {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return work();
    } catch (error) {
      this.#failure =
        error instanceof InvariantViolation ? error : new InvariantViolation('a step failed', { cause: error });
      throw this.#failure;
    }
  }

  /** The first step starts the clock, and with it the first election timeout. */
  #current(): RoleState {
    if (this.#role === undefined) {
      this.#tickedAt = this.#server.now;
      this.#role = new Follower(this.#server, undefined, this.#isAlone ? this.#server.now : undefined);
    }
    return this.#role;
  }

  /** The only voter need not wait for anybody. */
  get #isAlone(): boolean {
    const { voters, outgoing } = this.#server.membership.configuration;
    return voters.length === 1 && outgoing.length === 0 && voters[0]?.id === this.#options.self;
  }

  #handle(input: Input, role: RoleState): Transition | undefined {
    const server = this.#server;
    switch (input.kind) {
      case 'tick':
        return this.#tick(role);
      case 'message':
        return this.#receive(input.message, role);
      case 'propose':
        return ignore(role.propose(input.id, input.payload));
      case 'durable':
        return server.completed(input.write) ? role.durable() : undefined;
      case 'applied':
        return ignore(server.appliedTo(input.index));
      case 'read':
        return ignore(role.read(input.id));
      case 'compact':
        return ignore(server.compactTo(input.index));
      case 'snapshot-received':
        return this.#snapshotReceived(input, role);
      case 'snapshot-installed':
        return ignore(server.installedTo(input.index));
      case 'snapshot-sent':
        return ignore(role.snapshotSent(input.to, input.delivered));
      case 'unreachable':
        return ignore(role.unreachable(input.peer, input.refused));
      case 'disk-stalled':
        server.diskStalledAt = input.stalled ? (server.diskStalledAt ?? server.now) : undefined;
        return undefined;
      case 'transfer':
        return ignore(role.transfer(input.to));
      case 'replace':
        return ignore(role.replace(input.id, input.member, input.replaces));
      case 'campaign':
        return role.role === 'follower' && server.isPromotable ? { to: 'pre-candidate', urgent: false } : undefined;
      default:
        return input satisfies never;
    }
  }

  #tick(role: RoleState): Transition | undefined {
    const { now } = this.#server;
    const stalled = now - this.#tickedAt > this.#options.electionTimeout / 2;
    this.#tickedAt = now;
    return role.tick(stalled);
  }

  /** The only place where a role ends and another begins. */
  #become(transition: Transition | undefined): void {
    for (let next = transition; next !== undefined; ) {
      this.#current().leave();
      this.#role = this.#begin(next);
      next = this.#role.start();
    }
  }

  #begin(transition: Transition): RoleState {
    const server = this.#server;
    switch (transition.to) {
      case 'follower':
        return new Follower(server, transition.leader, transition.deadline);
      case 'pre-candidate':
        return new Candidate(server, { stage: 'pre-candidate', urgent: transition.urgent, transfer: false });
      case 'candidate':
        server.enterTerm(server.term + 1, server.self);
        return new Candidate(server, { stage: 'candidate', urgent: false, transfer: transition.transfer });
      case 'leader':
        return new Leader(server, transition.granted);
      default:
        return transition satisfies never;
    }
  }

  #receive(message: Message, role: RoleState): Transition | undefined {
    const server = this.#server;
    invariant(message.to === server.self, `a message for ${message.to} came to ${server.self}`);
    if (message.from === server.self) return undefined;
    if (message.kind === 'pre-vote') return ignore(this.#preVote(message, role));
    if (message.kind === 'vote') return this.#vote(message, role);
    const leads = message.kind === 'append' || message.kind === 'heartbeat';
    // A leader may be newer than our configuration, or hand over as it leaves it; anybody else outside was removed (S55).
    const mayBeStranger = leads || message.kind === 'timeout-now';
    if (!mayBeStranger && !server.membership.knows(message.from)) return undefined;
    // Who is to stand has acknowledged the leader's whole log, and so its term.
    if (message.kind === 'timeout-now' && message.term !== server.term) return undefined;
    const isAnswerAhead = message.kind === 'pre-vote-reply' && message.granted;
    if (message.term < server.term) return ignore(this.#answerStale(message));
    if (message.term > server.term && !isAnswerAhead) this.#rise(message.term, leads ? message.from : undefined);
    else if (leads && role instanceof Candidate) {
      this.#become({ to: 'follower', leader: message.from, deadline: undefined });
    }
    return this.#current().receive(message);
  }

  #rise(term: Term, leader: MemberId | undefined): void {
    this.#server.enterTerm(term);
    this.#become({ to: 'follower', leader, deadline: undefined });
  }

  #preVote(question: PreVote, role: RoleState): void {
    const server = this.#server;
    const granted = judgePreVote(server, role, question);
    const term = granted ? question.term : server.term;
    server.post({ kind: 'pre-vote-reply', from: server.self, to: question.from, term, granted });
  }

  #vote(question: Vote, role: RoleState): undefined {
    const server = this.#server;
    const { raises, granted } = judgeVote(server, role, question);
    if (raises) {
      server.enterTerm(question.term);
      // Who is refused must not win time by asking: our own patience goes on.
      this.#become({ to: 'follower', leader: undefined, deadline: role.deadline });
    }
    if (granted) {
      if (server.votedFor === undefined) server.voteFor(question.from);
      this.#become({ to: 'follower', leader: undefined, deadline: undefined });
    }
    server.post({ kind: 'vote-reply', from: server.self, to: question.from, term: server.term, granted });
  }

  /** Tells a sender of the past about our term; what answers nothing needs no answer. */
  #answerStale(message: Exclude<Message, PreVote | Vote>): void {
    const server = this.#server;
    const envelope = { from: server.self, to: message.from, term: server.term };
    switch (message.kind) {
      case 'append': {
        const { request, prevIndex } = message;
        const { index: lastIndex, term: hintTerm } = server.log.last;
        const hints = { prevIndex, hintIndex: lastIndex, hintTerm, lastIndex };
        server.post({ kind: 'append-reply', ...envelope, accepted: false, request, ...hints });
        return;
      }
      case 'heartbeat':
        server.post({ kind: 'heartbeat-reply', ...envelope, round: message.round });
        return;
      case 'read-request':
        server.post({ kind: 'read-reply', ...envelope, read: message.read, index: undefined });
        return;
      case 'pre-vote-reply':
      case 'vote-reply':
      case 'append-reply':
      case 'heartbeat-reply':
      case 'timeout-now':
      case 'read-reply':
        return;
      default:
        message satisfies never;
    }
  }

  #snapshotReceived({ from, term, head }: Received, role: RoleState): undefined {
    const server = this.#server;
    const { index } = head.position;
    if (term > server.term) this.#rise(term, from);
    else if (term === server.term && role.role !== 'follower') {
      invariant(role.role !== 'leader', `${server.self} and ${from} lead term ${term}`);
      this.#become({ to: 'follower', leader: from, deadline: undefined });
    }
    const isCurrent = term === server.term;
    if (isCurrent && this.#role instanceof Follower) this.#role.follow(from);
    if (isCurrent && index > server.commit) {
      server.install(head);
      this.#acknowledge(from, index, true);
      return;
    }
    if (index <= server.commit) this.#compare(head);
    this.#acknowledge(from, server.commit, false);
  }

  /** What is committed here at the snapshot's index is the same as there, or one of two is not this cluster's (S63). */
  #compare({ position }: SnapshotHead): void {
    const held = this.#server.log.positionAt(position.index);
    if (held === undefined || (held.term === position.term && held.chain === position.chain)) return;
    violation(
      `a snapshot holds another entry ${position.index} than the one of term ${held.term} that is committed here`,
    );
  }

  /** An acknowledgement of a snapshot answers no request. */
  #acknowledge(to: MemberId, match: number, afterWrite: boolean): void {
    const server = this.#server;
    const { self: from, term } = server;
    const reply: Message = { kind: 'append-reply', from, to, term, accepted: true, request: 0, match };
    if (afterWrite) server.postAfterWrite(reply);
    else server.post(reply, match);
  }

  #gather(): Effects | undefined {
    const server = this.#server;
    const taken = server.takeWrite();
    const apply = server.takeCommitted();
    if (taken === undefined && apply.length === 0 && server.outbox.isEmpty) return undefined;
    const { send, thenSend, proposals, reads, snapshots } = server.outbox.take();
    invariant(taken !== undefined || thenSend.length === 0, 'a message waits for a write that is none');
    const persist = taken && { id: taken.id, write: taken.write, thenSend };
    return { send, persist, apply, proposals, reads, snapshots };
  }
}

/** For inputs that never change the role. */
const ignore = (_nothing: unknown): undefined => undefined;
