import type { Clock, Random, Timer } from '../clock/index.ts';
import {
  type AdminOutcome,
  diskLow,
  type Failure,
  type Gateway,
  type OpenOutcome,
  type OpenRequest,
  type Query,
  type QueryOutcome,
  type SessionListener,
  type SessionRequest,
} from '../node/index.ts';
import type { ServerMessage } from '../server/index.ts';
import type { HoldName, Sequence, SessionId } from '../table/index.ts';
import { Connection, type ConnectionOptions } from './connection.ts';
import { Questions } from './questions.ts';
import { RemoteSession } from './remote-session.ts';

interface Opening {
  readonly request: OpenRequest;
  readonly listener: SessionListener;
  readonly done: (outcome: OpenOutcome) => void;
}

interface Ordered {
  readonly done: (outcome: AdminOutcome) => void;
  readonly timer: Timer;
}

/** A replaced node has a whole table to fetch. */
const replaceTimeoutMs = 600_000;

/** A node takes one at a time. */
const ordersMax = 64;

/** How long a request that a node had no room for waits: between the half and the whole of it. */
const laterMs = 400;

/** Failures that say nothing of the cluster. */
const ofOneNode: ReadonlySet<Failure['code']> = new Set([
  'SHUTTING_DOWN',
  'NOT_READY',
  'QUARANTINED',
  'BACKEND',
  'CORRUPT_STORAGE',
]);

const shuttingDown: Failure = { code: 'SHUTTING_DOWN', text: 'this client is closed' };

/**
 * A client's way into the cluster, over one node at a time. When that changes, sessions are attached anew by their
 * nonce and every open request is sent again under its own sequence, so nothing is lost and nothing is done twice.
 */
export class RemoteGateway implements Gateway {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #connection: Connection;
  readonly #questions: Questions;
  readonly #sessions = new Map<SessionId, RemoteSession>();
  readonly #openings = new Map<number, Opening>();
  readonly #orders = new Map<number, Ordered>();
  readonly #delayed = new Set<Timer>();
  #ids = 0;
  #isClosed = false;
  #whenConnected: (() => void) | undefined;

  constructor(options: ConnectionOptions) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#connection = new Connection(options, {
      connected: () => this.#connected(),
      received: (message) => this.#received(message),
    });
    const takeId = (): number => this.#nextId();
    this.#questions = new Questions({ clock: options.clock, connection: this.#connection, takeId });
  }

  /** Begins to look for a node; `done` once one serves us. */
  start(done: () => void): void {
    this.#whenConnected = done;
    this.#connection.start();
  }

  /** Why nobody serves us. */
  get failure(): Failure {
    return this.#connection.failure;
  }

  /** Ends the links; everything that is still asked fails. End the sessions before. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connection.close();
    for (const timer of this.#delayed) timer.cancel();
    const outcome = { ok: false, failure: shuttingDown } as const;
    for (const { done } of [...this.#openings.values()]) this.#clock.soon(() => done(outcome));
    for (const { done, timer } of [...this.#orders.values()]) {
      timer.cancel();
      this.#clock.soon(() => done(outcome));
    }
    this.#questions.close(shuttingDown);
    this.#openings.clear();
    this.#orders.clear();
    this.#sessions.clear();
  }

  open(request: OpenRequest, listener: SessionListener, done: (outcome: OpenOutcome) => void): void {
    if (this.#isClosed) return this.#clock.soon(() => done({ ok: false, failure: shuttingDown }));
    const id = this.#nextId();
    this.#openings.set(id, { request, listener, done });
    this.#sendOpening(id, request);
  }

  /** What the node that serves us has against new locks: it says so in advance, so that no request is left behind. */
  reluctance(): Failure | undefined {
    return this.#connection.view?.isDiskLow === true ? diskLow : undefined;
  }

  submit(request: SessionRequest): void {
    const session = this.#sessions.get(request.session);
    if (session === undefined) return;
    session.open.set(request.sequence, request);
    if (session.isAttached) this.#connection.send({ kind: 'submit', request });
  }

  forget(session: SessionId, sequence: Sequence): void {
    const known = this.#sessions.get(session);
    if (known?.open.delete(sequence) !== true || !known.isAttached) return;
    this.#connection.send({ kind: 'forget', session, sequence });
  }

  beat(session: SessionId, counter: number): void {
    if (this.#sessions.get(session)?.isAttached === true) this.#connection.send({ kind: 'beat', session, counter });
  }

  end(session: SessionId): void {
    const known = this.#sessions.get(session);
    if (known === undefined) return;
    known.isEnding = true;
    if (known.isAttached) this.#connection.send({ kind: 'end', session });
  }

  watchHold(session: SessionId, hold: HoldName): void {
    const known = this.#sessions.get(session);
    known?.watched.set(hold.token, hold);
    if (known?.isAttached === true) this.#connection.send({ kind: 'watch-hold', session, hold });
  }

  unwatchHold(session: SessionId, hold: HoldName): void {
    const known = this.#sessions.get(session);
    if (known?.watched.delete(hold.token) !== true || !known.isAttached) return;
    this.#connection.send({ kind: 'unwatch-hold', session, hold });
  }

  query(query: Query, done: (outcome: QueryOutcome) => void): void {
    this.#questions.ask(query, done);
  }

  /** Not repeated by itself: when the node is lost meanwhile, the outcome is unknown. */
  replace(nodeId: string, done: (outcome: AdminOutcome) => void): void {
    const refusal = this.#refusal();
    if (refusal !== undefined) return this.#clock.soon(() => done({ ok: false, failure: refusal }));
    const id = this.#nextId();
    if (!this.#connection.send({ kind: 'replace', id, nodeId })) {
      const { failure } = this;
      return this.#clock.soon(() => done({ ok: false, failure }));
    }
    const timer = this.#clock.after(replaceTimeoutMs, () => this.#failOrder(id, 'it takes too long; see its status'));
    this.#orders.set(id, { done, timer });
  }

  /** Another node serves us: it has heard of nothing yet. */
  #connected(): void {
    for (const id of [...this.#orders.keys()]) this.#failOrder(id, 'the node that was asked is gone; see its status');
    // What there is goes before what may be: the node would cut us off for one that it has no room for.
    for (const session of this.#sessions.values()) {
      session.isAttached = false;
      this.#connection.send({ kind: 'attach', session: session.id, nonce: session.nonce });
    }
    for (const [id, { request }] of this.#openings) this.#sendOpening(id, request);
    this.#questions.connected();
    const whenConnected = this.#whenConnected;
    this.#whenConnected = undefined;
    whenConnected?.();
  }

  #received(message: ServerMessage): void {
    switch (message.kind) {
      case 'opened':
        return this.#opened(message.id, message.session);
      case 'attached':
        return this.#attached(message.session);
      case 'answer':
        return this.#answered(message);
      case 'later':
        return this.#later(message.session, message.sequence);
      case 'beat':
        return this.#sessions.get(message.session)?.listener.beatAcknowledged(message.counter);
      case 'taken':
        return this.#sessions.get(message.session)?.listener.taken(message.taken);
      case 'revoke':
        return this.#sessions.get(message.session)?.listener.revokeRequested(message.taken);
      case 'contended':
        return this.#sessions.get(message.session)?.listener.contended(message.hold);
      case 'ended': {
        const session = this.#sessions.get(message.session);
        this.#sessions.delete(message.session);
        return session?.listener.ended(message.end, message.by);
      }
      case 'failed':
        return this.#failed(message.id, message.failure);
      case 'result':
        return this.#questions.answered(message);
      case 'replaced': {
        const order = this.#takeOrder(message.id);
        return order?.done({ ok: true });
      }
      case 'pong':
      case 'cluster':
        return;
      default:
        message satisfies never;
    }
  }

  #opened(id: number, sessionId: SessionId): void {
    const opening = this.#openings.get(id);
    if (opening === undefined) return;
    this.#openings.delete(id);
    const session = new RemoteSession(sessionId, { nonce: opening.request.nonce, listener: opening.listener });
    session.isAttached = true;
    this.#sessions.set(sessionId, session);
    opening.done({ ok: true, session: sessionId });
  }

  #attached(id: SessionId): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    session.isAttached = true;
    for (const request of session.open.values()) this.#connection.send({ kind: 'submit', request });
    for (const hold of session.watched.values()) this.#connection.send({ kind: 'watch-hold', session: id, hold });
    if (session.isEnding) this.#connection.send({ kind: 'end', session: id });
  }

  #answered({ session, sequence, answer }: ServerMessage & { readonly kind: 'answer' }): void {
    const known = this.#sessions.get(session);
    if (known?.open.has(sequence) !== true) return;
    if (answer.kind !== 'queued') known.open.delete(sequence);
    known.listener.answered(sequence, answer);
  }

  #later(session: SessionId, sequence: Sequence): void {
    const waitMs = laterMs / 2 + (this.#random.u32() / 2 ** 32) * (laterMs / 2);
    const timer = this.#clock.after(waitMs, () => {
      this.#delayed.delete(timer);
      const known = this.#sessions.get(session);
      const request = known?.open.get(sequence);
      if (known?.isAttached === true && request !== undefined) this.#connection.send({ kind: 'submit', request });
    });
    this.#delayed.add(timer);
  }

  #failed(id: number, failure: Failure): void {
    // That node cannot serve; the next one that can is asked again.
    if (this.#isAskedElsewhere(failure) && !this.#orders.has(id)) return;
    const opening = this.#openings.get(id);
    this.#openings.delete(id);
    if (opening !== undefined) return opening.done({ ok: false, failure });
    if (!this.#questions.failed(id, failure)) this.#takeOrder(id)?.done({ ok: false, failure });
  }

  /** A client that takes any node stays with one that has failed; it leaves only one that closes. */
  #isAskedElsewhere({ code }: Failure): boolean {
    return ofOneNode.has(code) && (this.#connection.requiresLeader || code === 'SHUTTING_DOWN');
  }

  #failOrder(id: number, text: string): void {
    this.#takeOrder(id)?.done({ ok: false, failure: { code: 'CONNECTION', text } });
  }

  #takeOrder(id: number): Ordered | undefined {
    const order = this.#orders.get(id);
    this.#orders.delete(id);
    order?.timer.cancel();
    return order;
  }

  #sendOpening(id: number, { nonce, ttlMs, label }: OpenRequest): void {
    this.#connection.send({ kind: 'open', id, nonce, ttlMs, label });
  }

  #refusal(): Failure | undefined {
    if (this.#isClosed) return shuttingDown;
    if (this.#orders.size < ordersMax) return undefined;
    return { code: 'OVERLOADED', text: `${ordersMax} orders to the cluster are under way` };
  }

  #nextId(): number {
    this.#ids += 1;
    return this.#ids;
  }
}
