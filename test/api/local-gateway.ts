import type { Clock } from '../../src/clock/index.ts';
import { HoldWatches } from '../../src/node/hold-watches.ts';
import type {
  AdminOutcome,
  Gateway,
  OpenOutcome,
  OpenRequest,
  Query,
  QueryOutcome,
  SessionListener,
  SessionRequest,
  Taken,
} from '../../src/node/index.ts';
import {
  type Command,
  defaultTableLimits,
  type HoldName,
  type SessionId,
  Table,
  type TableEvent,
} from '../../src/table/index.ts';

/** A cluster that never fails, in one object: a real table, and a leader who minds the sessions' deadlines. */
export class LocalCluster {
  readonly table: Table = new Table(defaultTableLimits);
  readonly #clock: Clock;
  readonly #heardAt = new Map<SessionId, number>();
  readonly #gateways = new Set<LocalGateway>();
  #index = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  join(gateway: LocalGateway): void {
    this.#gateways.add(gateway);
  }

  apply(command: Command): void {
    const events: TableEvent[] = [];
    this.#index += 1;
    this.table.apply(this.#index, Math.floor(this.#clock.wall()), command, (event) => events.push(event));
    for (const event of events) {
      if (event.kind === 'session-opened') this.heard(event.session, event.ttlMs);
      this.tell(event);
    }
  }

  /** Says something, perhaps once more. */
  tell(event: TableEvent): void {
    for (const gateway of this.#gateways) gateway.hear(event);
  }

  /** A heartbeat, or the opening, counts from its arrival. */
  heard(session: SessionId, ttlMs: number): void {
    this.#heardAt.set(session, this.#clock.now());
    this.#clock.after(ttlMs, () => this.#consider(session, ttlMs));
  }

  /** A new leader has heard of no heartbeat yet: every session has its whole TTL before it. */
  changeLeader(): void {
    for (const { session, ttlMs } of this.table.views.sessions()) this.heard(session, ttlMs);
  }

  #consider(session: SessionId, ttlMs: number): void {
    const heardAt = this.#heardAt.get(session);
    const record = this.table.views.session(session);
    if (record === undefined || heardAt === undefined || this.#clock.now() - heardAt < ttlMs) return;
    this.apply({ kind: 'expire', session, version: record.version });
  }
}

interface Attachment {
  readonly listener: SessionListener;
  readonly gateway: LocalGateway;
}

/** One process's way to the cluster, which a test can cut. Requests survive a cut, as they are sent again; beats do not. */
export class LocalGateway implements Gateway {
  readonly #cluster: LocalCluster;
  readonly #clock: Clock;
  readonly #attached = new Map<SessionId, Attachment>();
  readonly #openings = new Map<string, { listener: SessionListener; done: (outcome: OpenOutcome) => void }>();
  readonly #held: (() => void)[] = [];
  readonly ended: SessionId[] = [];
  readonly unwatched: HoldName[] = [];
  readonly watches: HoldWatches;
  #isCut = false;
  /** One way, milliseconds. */
  latencyMs = 1;
  /** How much longer the acknowledgements of heartbeats take. */
  ackDelayMs = 0;
  losesBeats = false;
  /** Of which request no answer arrives. */
  losesAnswersTo: number | undefined;
  /** What an opening is refused with. */
  refusal: OpenOutcome | undefined;

  constructor(cluster: LocalCluster, clock: Clock) {
    this.#cluster = cluster;
    this.#clock = clock;
    cluster.join(this);
    this.watches = new HoldWatches({
      ...{ clock, perSessionMax: 3, views: () => cluster.table.views },
      listenerOf: (session) => ({
        contended: (hold) => this.#carry(() => this.#attached.get(session)?.listener.contended(hold)),
      }),
    });
  }

  cut(): void {
    this.#isCut = true;
  }

  heal(): void {
    this.#isCut = false;
    for (const run of this.#held.splice(0)) run();
  }

  open(request: OpenRequest, listener: SessionListener, done: (outcome: OpenOutcome) => void): void {
    const { refusal } = this;
    if (refusal !== undefined) return this.#clock.soon(() => done(refusal));
    this.#openings.set(request.nonce, { listener, done });
    const { nonce, ttlMs, label } = request;
    this.#carry(() => this.#cluster.apply({ kind: 'open', nonce, ttlMs, home: undefined, label }));
  }

  reluctance(): undefined {}

  submit(request: SessionRequest): void {
    this.#carry(() => this.#cluster.apply(request));
  }

  forget(): void {}

  beat(session: SessionId, counter: number): void {
    this.#clock.after(this.latencyMs, () => {
      const record = this.#cluster.table.views.session(session);
      if (this.#isCut || this.losesBeats || record === undefined) return;
      this.#cluster.heard(session, record.ttlMs);
      this.#clock.after(this.latencyMs + this.ackDelayMs, () => {
        if (!this.#isCut) this.#attached.get(session)?.listener.beatAcknowledged(counter);
      });
    });
  }

  end(session: SessionId): void {
    this.ended.push(session);
    this.#carry(() => this.#cluster.apply({ kind: 'close', session }));
  }

  watchHold(session: SessionId, hold: HoldName): void {
    this.#carry(() => this.watches.add(session, hold));
  }

  unwatchHold(session: SessionId, hold: HoldName): void {
    this.unwatched.push(hold);
    this.#carry(() => this.watches.drop(session, hold.token));
  }

  query(query: Query, done: (outcome: QueryOutcome) => void): void {
    if (query.kind !== 'inspect') throw new Error('only inspect is known here');
    const value = this.#cluster.table.views.inspect(query.name) ?? null;
    this.#clock.soon(() => done({ ok: true, value, appliedIndex: 1 }));
  }

  replace(_nodeId: string, done: (outcome: AdminOutcome) => void): void {
    this.#clock.soon(() => done({ ok: true }));
  }

  takenFrom(session: SessionId): readonly Taken[] {
    return this.#cluster.table.views.takenFrom(session);
  }

  hear(event: TableEvent): void {
    if (this.watches.areSome) this.watches.heard(event);
    if (event.kind === 'session-opened') {
      const opening = this.#openings.get(event.nonce);
      if (opening === undefined) return;
      this.#openings.delete(event.nonce);
      this.#attached.set(event.session, { listener: opening.listener, gateway: this });
      this.#carry(() => opening.done({ ok: true, session: event.session }));
    } else if (event.kind === 'answered') {
      const { session, sequence, answer } = event;
      const attached = this.#attached.get(session);
      if (attached === undefined || sequence === this.losesAnswersTo) return;
      this.#carry(() => attached.listener.answered(sequence, answer));
    } else if (event.kind === 'session-ended') {
      const attached = this.#attached.get(event.session);
      if (attached !== undefined) this.#carry(() => attached.listener.ended(event.end, event.by));
    } else if ((event.kind === 'lost' || event.kind === 'revoke-requested') && event.by !== undefined) {
      const { kind, session, name, token, by } = event;
      const tell = kind === 'lost' ? 'taken' : 'revokeRequested';
      const taken: Taken = { name, token, by };
      const isHandedOver = event.kind === 'lost' && event.reason === 'handed-over';
      this.#carry(() => this.#attached.get(session)?.listener[tell](isHandedOver ? { ...taken, isHandedOver } : taken));
    }
  }

  #carry(run: () => void): void {
    this.#clock.after(this.latencyMs, () => {
      if (this.#isCut) this.#held.push(run);
      else run();
    });
  }
}
