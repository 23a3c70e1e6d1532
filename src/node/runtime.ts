import type { Identity } from '../../storage/index.ts';
import type { HoldName, Sequence, SessionEnd, SessionId, Taken } from '../table/index.ts';
import type { EventsQuery } from './cluster-event.ts';
import { diskLow, isDiskLow } from './disk-space.ts';
import type {
  AdminOutcome,
  Failure,
  Gateway,
  NodeStatus,
  OpenOutcome,
  OpenRequest,
  Query,
  QueryOutcome,
  SessionListener,
  SessionRequest,
} from './gateway.ts';
import { HoldWatches } from './hold-watches.ts';
import { Life, type StartOutcome } from './life.ts';
import { statusOf } from './node-status.ts';
import type { RuntimeOptions } from './options.ts';
import { Queries } from './queries.ts';
import { digestOf } from './row-codec.ts';
import { Tickets } from './tickets.ts';

/** A linearizable query is given up after this many election timeouts without a leader. */
const queryElections = 5;

/**
 * One embedded node: opens its store, becomes a member, carries the requests of its sessions, and stops for good at
 * the first storage error or broken invariant, with its data left as it is.
 */
export class Runtime implements Gateway {
  readonly #options: RuntimeOptions;
  readonly #tickets: Tickets;
  readonly #queries: Queries;
  readonly #watches: HoldWatches;
  readonly #life: Life;

  constructor(options: RuntimeOptions) {
    this.#options = options;
    this.#tickets = new Tickets(options.clock, options.limits.openRequestsMax);
    this.#queries = new Queries(options.clock, options.timings.electionTimeout * queryElections);
    this.#watches = new HoldWatches({
      clock: options.clock,
      perSessionMax: options.limits.table.holdsPerSessionMax,
      views: () => this.#life.replica?.applier.table.views,
      listenerOf: (session) => this.#tickets.listenerOf(session),
    });
    this.#life = new Life(options, { tickets: this.#tickets, queries: this.#queries, watches: this.#watches });
  }

  /** Opens the store and takes part. Also ok for a blank and for a quarantined node: `status` tells them apart. */
  start(done: (outcome: StartOutcome) => void): void {
    this.#life.start(done);
  }

  /** Called once this node's start is in the log, under a leader that it knows; at once when that is so. */
  whenReady(done: (outcome: StartOutcome) => void): void {
    this.#life.whenReady(done);
  }

  /** True while this node can serve: it is a member, has caught up with the cluster once and knows a leader. */
  get isReady(): boolean {
    return this.#life.isReady;
  }

  /** True while there is too little room on its disk for new locks and sessions. */
  get isDiskLow(): boolean {
    return isDiskLow(this.#options);
  }

  /** Milliseconds that the write to the log under way has taken so far; 0 when there is none. */
  get writeMs(): number {
    return this.#life.replica?.writeMs ?? 0;
  }

  /** Hands leadership over, stops, closes the store; `done` comes after `deadlineMs` at the latest. End sessions first. */
  stop({ deadlineMs }: { readonly deadlineMs: number }, done: () => void): void {
    this.#life.stop(deadlineMs, done);
  }

  status(): NodeStatus {
    const { phase, failure, members, replica } = this.#life;
    return statusOf({
      nodeId: this.#options.nodeId,
      clusterId: members?.identity.clusterId,
      core: replica?.status,
      stoppedAs: phase === 'quarantined' || phase === 'failed' || phase === 'stopped' ? phase : undefined,
      reason: failure?.text,
    });
  }

  /** The whole table in one hash, and the index it stands at: equal tables have equal digests. For tests and operators. */
  digest(): { readonly appliedIndex: number; readonly digest: string } | undefined {
    const applier = this.#life.replica?.applier;
    if (applier === undefined) return undefined;
    return { appliedIndex: applier.head.position.index, digest: digestOf(applier.table) };
  }

  open(request: OpenRequest, listener: SessionListener, done: (outcome: OpenOutcome) => void): void {
    const failure = this.#unserved();
    if (failure !== undefined) return this.#soon(() => done({ ok: false, failure }));
    const { nonce, ttlMs, label, isHome } = request;
    const identity = this.#life.members?.identity;
    // A home session that does not say whose it is would outlive its process.
    const notYet: Failure = { code: 'NOT_READY', text: 'this node is still opening its data' };
    if (isHome && identity === undefined) return this.#soon(() => done({ ok: false, failure: notYet }));
    const home = isHome && identity !== undefined ? homeOf(identity) : undefined;
    this.#tickets.open({ kind: 'open', nonce, ttlMs, home, label }, listener, done);
    this.#life.replica?.wake();
  }

  /** That listener does not wait for that opening any more; a session that it still makes ends by its TTL. */
  forgetOpening(nonce: string, listener: SessionListener): void {
    this.#tickets.forgetOpening(nonce, listener);
  }

  reluctance(): Failure | undefined {
    if (!this.#tickets.hasRoom) {
      const text = `${this.#options.limits.openRequestsMax} requests of this node wait for their answers already`;
      return { code: 'OVERLOADED', text };
    }
    return this.isDiskLow ? diskLow : undefined;
  }

  submit(request: SessionRequest): void {
    this.#tickets.submit(request);
    this.#life.replica?.wake();
  }

  forget(session: SessionId, sequence: Sequence): void {
    this.#tickets.forget(session, sequence);
  }

  beat(session: SessionId, counter: number): void {
    this.#life.replica?.beat({ session, counter });
  }

  end(session: SessionId): void {
    this.#tickets.end(session);
    this.#life.replica?.wake();
  }

  watchHold(session: SessionId, hold: HoldName): void {
    this.#watches.add(session, hold);
  }

  unwatchHold(session: SessionId, { token }: HoldName): void {
    this.#watches.drop(session, token);
  }

  query(query: Query, done: (outcome: QueryOutcome) => void): void {
    if (query.kind === 'status') {
      const status = this.status();
      return this.#soon(() => done({ ok: true, value: status, appliedIndex: status.appliedIndex }));
    }
    const failure = this.#unserved();
    if (failure !== undefined) return this.#soon(() => done({ ok: false, failure }));
    if (query.kind === 'events') return this.#readEvents(query, done);
    this.#queries.ask(query, done);
    this.#life.replica?.wake();
  }

  replace(nodeId: string, done: (outcome: AdminOutcome) => void): void {
    const replica = this.#life.replica;
    const notYet: Failure = { code: 'NOT_READY', text: 'this node is blank: ask a member' };
    const failure = this.#unserved() ?? (replica === undefined ? notYet : undefined);
    if (failure !== undefined) return this.#soon(() => done({ ok: false, failure }));
    replica?.replace(nodeId, done);
  }

  /**
   * Attaches a remote client's listener to its session, which another node may have opened. Says `unknown` if this
   * node's table has no such session or its nonce is another one, without telling which.
   */
  attach(session: SessionId, nonce: string, listener: SessionListener): SessionEnd | undefined {
    const known = this.#life.replica?.applier.table.views.session(session);
    if (known === undefined || known.nonce !== nonce) return 'unknown';
    // Whoever comes by another stream says there what is to be watched.
    this.#watches.dropAll(session);
    this.#tickets.attach(session, nonce, listener);
    return undefined;
  }

  /** What was taken by force from a session that was just attached: a listener is told of what comes later. */
  takenFrom(session: SessionId): readonly Taken[] {
    return this.#life.replica?.applier.table.views.takenFrom(session) ?? [];
  }

  /** Nothing happens if another listener has been attached since. */
  detach(session: SessionId, listener: SessionListener): void {
    if (this.#tickets.listenerOf(session) === listener) this.#watches.dropAll(session);
    this.#tickets.detach(session, listener);
  }

  /** Whether another request may be taken in; a server refuses its clients' otherwise. */
  get hasRoom(): boolean {
    return this.#tickets.hasRoom;
  }

  /** Whether this node's table has an answer to that request already, if only that it waits. */
  isKnown(session: SessionId, sequence: Sequence): boolean {
    return this.#life.replica?.applier.table.views.answerOf(session, sequence) !== undefined;
  }

  #readEvents(query: EventsQuery, done: (outcome: QueryOutcome) => void): void {
    const history = this.#life.replica?.applier.history;
    if (history !== undefined) return this.#queries.events.ask(query, history, done);
    const failure: Failure = { code: 'NOT_READY', text: 'this node is blank: nothing has happened here yet' };
    this.#soon(() => done({ ok: false, failure }));
  }

  /** Why nothing can be asked of this node any more, if so. A blank node takes requests: they wait for the cluster. */
  #unserved(): Failure | undefined {
    const { failure, phase } = this.#life;
    if (failure !== undefined) return failure;
    return phase === 'new' ? { code: 'NOT_READY', text: 'this node was not started' } : undefined;
  }

  #soon(run: () => void): void {
    this.#options.clock.soon(run);
  }
}

const homeOf = ({ nodeId, incarnation, run }: Identity): { node: string; incarnation: string; run: number } => ({
  node: nodeId,
  incarnation,
  run,
});
