import type { Clock, Timer } from '../clock/index.ts';
import type { Failure, Gateway, Runtime, SessionListener, SessionRequest } from '../node/index.ts';
import {
  askedFor,
  commandTuple,
  type Intervention,
  parseCommand,
  type Sequence,
  type SessionEnd,
  type SessionId,
  type Unguarded,
} from '../table/index.ts';
import type { ClientChannel, Value } from '../transport/index.ts';
import { BeatGate } from './beat-gate.ts';
import { type ClientMessage, type ClusterView, type ServerMessage, serverTuple } from './client-protocol.ts';
import { messagesOf, Outlet } from './outlet.ts';
import { parseClientMessage } from './parse-message.ts';
import { Questions } from './questions.ts';

/** What the server floor needs of the node. */
export type Servant = Gateway &
  Pick<
    Runtime,
    'attach' | 'takenFrom' | 'detach' | 'forgetOpening' | 'hasRoom' | 'isKnown' | 'isReady' | 'isDiskLow' | 'status'
  >;

/** What one stream works with. */
export interface StreamWorld {
  readonly servant: Servant;
  readonly clock: Clock;
  readonly channel: ClientChannel;
  /** Ends the stream and says so in one log line. */
  readonly expel: (why: string) => void;
}

/**
 * What one stream may have under way; beyond it a request is refused or put off, and the others go on. A client needs
 * a further session when one has had thousands of requests since one that still waits; see `SessionEngine`.
 */
const limits = { openings: 16, sessions: 1_024, requests: 32_768, replacements: 1 };

/** Requests that may stay open for long. */
const waiting: ReadonlySet<Unguarded['kind']> = new Set(['acquire', 'acquire-all', 'upgrade'] as const);

/** How long to wait before a question about an unknown session is asked again. */
const barrierRetryMs = 200;

interface Member {
  session: SessionId | undefined;
  readonly listener: SessionListener;
  readonly open: Set<Sequence>;
  readonly beats: BeatGate;
}

/**
 * One remote client's stream at this node. It may use the sessions that it opened or attached to by their nonce, and
 * no others; the node learns and forgets them with the stream.
 */
export class ClientStream {
  readonly #world: StreamWorld;
  readonly #sessions = new Map<SessionId, Member>();
  readonly #openings = new Map<number, { readonly nonce: string; readonly listener: SessionListener }>();
  readonly #attaching = new Set<SessionId>();
  readonly #timers = new Set<Timer>();
  #replacements = 0;
  #requests = 0;
  readonly #outlet: Outlet;
  readonly #questions: Questions;
  #isClosed = false;
  #isExpelled = false;

  constructor(world: StreamWorld) {
    this.#world = world;
    this.#outlet = new Outlet(world.channel, world.clock);
    const send = (message: ServerMessage): void => this.#send(message);
    this.#questions = new Questions({ servant: world.servant, outlet: this.#outlet, send });
  }

  receive(frame: Value): void {
    const bodies = messagesOf(frame);
    if (bodies === undefined) return this.#expel('a frame is a list of messages');
    for (const body of bodies) {
      if (this.#isClosed || this.#isExpelled) return;
      const message = parseClientMessage(body);
      if (message.kind === 'bad') this.#expel(message.bad);
      else this.#carryOut(message);
    }
  }

  drained(): void {
    this.#outlet.drained();
    this.#questions.drained();
  }

  closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#questions.close();
    const { servant } = this.#world;
    for (const timer of this.#timers) timer.cancel();
    for (const { nonce, listener } of this.#openings.values()) servant.forgetOpening(nonce, listener);
    for (const [session, member] of this.#sessions) {
      member.beats.close();
      servant.detach(session, member.listener);
    }
    this.#sessions.clear();
  }

  tell(view: ClusterView): void {
    this.#send({ kind: 'cluster', view });
  }

  #carryOut(message: ClientMessage): void {
    const { servant } = this.#world;
    switch (message.kind) {
      case 'open':
        return this.#open(message);
      case 'attach':
        return this.#attach(message.session, message.nonce);
      case 'submit':
        return this.#submit(message.request);
      case 'forget':
        return this.#forget(message.session, message.sequence);
      case 'beat':
        return this.#sessions.get(message.session)?.beats.beat(message.counter);
      case 'end':
        if (this.#sessions.has(message.session)) servant.end(message.session);
        return;
      case 'query':
        return this.#questions.ask(message.id, message.query);
      case 'replace':
        return this.#replace(message.id, message.nodeId);
      case 'ping':
        return this.#send({ kind: 'pong', id: message.id });
      case 'watch-hold':
        if (this.#sessions.has(message.session)) servant.watchHold(message.session, message.hold);
        return;
      case 'unwatch-hold':
        if (this.#sessions.has(message.session)) servant.unwatchHold(message.session, message.hold);
        return;
      default:
        message satisfies never;
    }
  }

  #open({ id, nonce, ttlMs, label }: ClientMessage & { readonly kind: 'open' }): void {
    const { servant } = this.#world;
    const command = parseCommand(commandTuple({ kind: 'open', nonce, ttlMs, home: undefined, label }));
    if (command.kind === 'malformed') return this.#expel(command.reason);
    const known = this.#openings.size + this.#attaching.size + this.#sessions.size;
    if (this.#openings.size >= limits.openings || known >= limits.sessions) {
      const text = `this client has ${known} sessions, at most ${limits.sessions} are allowed, and ${limits.openings} being opened: one ends when nothing is held or awaited in it any more`;
      return this.#fail(id, { code: 'OVERLOADED', text });
    }
    const member = this.#member();
    this.#openings.set(id, { nonce, listener: member.listener });
    servant.open({ nonce, ttlMs, label, isHome: false }, member.listener, (outcome) => {
      this.#openings.delete(id);
      if (!outcome.ok) return this.#fail(id, outcome.failure);
      if (this.#isClosed) return servant.detach(outcome.session, member.listener);
      this.#admit(outcome.session, member);
      this.#send({ kind: 'opened', id, session: outcome.session });
    });
  }

  #attach(session: SessionId, nonce: string): void {
    if (this.#sessions.has(session)) return this.#send({ kind: 'attached', session });
    if (this.#attaching.has(session)) return;
    if (this.#attaching.size + this.#sessions.size >= limits.sessions) {
      return this.#expel('it attaches to too many sessions');
    }
    this.#attaching.add(session);
    this.#tryAttach(session, nonce, false);
  }

  /**
   * A table that lags may not know a session that lives: only after a quorum has confirmed that this table is current
   * does `unknown` mean that it has ended.
   */
  #tryAttach(session: SessionId, nonce: string, isCurrent: boolean): void {
    const { servant, clock } = this.#world;
    const member = this.#member();
    const end = servant.attach(session, nonce, member.listener);
    if (end === undefined || isCurrent) {
      this.#attaching.delete(session);
      if (end !== undefined) return this.#send({ kind: 'ended', session, end });
      this.#admit(session, member);
      this.#send({ kind: 'attached', session });
      for (const taken of servant.takenFrom(session)) member.listener.taken(taken);
      return;
    }
    servant.query({ kind: 'inspect', name: 'barrier', consistency: 'linearizable' }, (outcome) => {
      if (this.#isClosed) return;
      if (outcome.ok) return this.#tryAttach(session, nonce, true);
      const timer = clock.after(barrierRetryMs, () => {
        this.#timers.delete(timer);
        this.#tryAttach(session, nonce, false);
      });
      this.#timers.add(timer);
    });
  }

  #submit(request: SessionRequest): void {
    const { session, sequence } = request;
    const member = this.#sessions.get(session);
    // It ended meanwhile, or the client was too fast: it attaches first and sends again.
    if (member === undefined) return;
    if (!member.open.has(sequence)) {
      if (!this.#hasRoomFor(request)) return this.#send({ kind: 'later', session, sequence });
      member.open.add(sequence);
      this.#requests += 1;
    }
    this.#world.servant.submit(request);
  }

  /** What ends claims gets room where what makes them has none: waiters that fill a node wait for that very release. */
  #hasRoomFor(request: SessionRequest): boolean {
    const { session, sequence } = request;
    if (!waiting.has(askedFor(request).kind)) return this.#requests < 2 * limits.requests;
    const { servant } = this.#world;
    // One that the table has, by way of another node, may hold what those who fill this one wait for.
    return this.#requests < limits.requests && (servant.hasRoom || servant.isKnown(session, sequence));
  }

  #forget(session: SessionId, sequence: Sequence): void {
    const member = this.#sessions.get(session);
    if (member?.open.delete(sequence) !== true) return;
    this.#requests -= 1;
    this.#world.servant.forget(session, sequence);
  }

  #replace(id: number, nodeId: string): void {
    if (this.#replacements >= limits.replacements) {
      return this.#fail(id, { code: 'OVERLOADED', text: 'a replacement is under way already' });
    }
    this.#replacements += 1;
    this.#world.servant.replace(nodeId, (outcome) => {
      this.#replacements -= 1;
      if (outcome.ok) this.#send({ kind: 'replaced', id });
      else this.#fail(id, outcome.failure);
    });
  }

  #member(): Member {
    const { servant, clock } = this.#world;
    const member: Member = {
      session: undefined,
      open: new Set(),
      beats: new BeatGate(clock, (counter) => {
        if (member.session !== undefined) servant.beat(member.session, counter);
      }),
      listener: {
        answered: (sequence, answer) => {
          if (answer.kind !== 'queued' && member.open.delete(sequence)) this.#requests -= 1;
          const { session } = member;
          if (session !== undefined) this.#send({ kind: 'answer', session, sequence, answer });
        },
        beatAcknowledged: (counter) => {
          const { session } = member;
          if (session !== undefined) this.#send({ kind: 'beat', session, counter });
        },
        taken: (taken) => {
          const { session } = member;
          if (session !== undefined) this.#send({ kind: 'taken', session, taken });
        },
        revokeRequested: (taken) => {
          const { session } = member;
          if (session !== undefined) this.#send({ kind: 'revoke', session, taken });
        },
        contended: (hold) => {
          const { session } = member;
          if (session !== undefined) this.#send({ kind: 'contended', session, hold });
        },
        ended: (end, by) => this.#ended(member, end, by),
      },
    };
    return member;
  }

  #ended(member: Member, end: SessionEnd, by: Intervention | undefined): void {
    const { session } = member;
    if (session === undefined || this.#sessions.get(session) !== member) return;
    // A node that stops knows no session any more, though the cluster may: the client asks another node.
    if (end === 'unknown') {
      this.#outlet.flush();
      return this.#world.channel.close();
    }
    this.#sessions.delete(session);
    this.#requests -= member.open.size;
    member.beats.close();
    this.#send({ kind: 'ended', session, end, by });
  }

  #admit(session: SessionId, member: Member): void {
    member.session = session;
    this.#sessions.set(session, member);
  }

  #fail(id: number, failure: Failure): void {
    this.#send({ kind: 'failed', id, failure });
  }

  #send(message: ServerMessage): void {
    if (!this.#isClosed) this.#outlet.send(serverTuple(message), message.kind === 'result');
  }

  /** What comes after a bad message is not read any more. */
  #expel(why: string): void {
    this.#isExpelled = true;
    this.#world.expel(why);
  }
}
