import type { Clock } from '../clock/index.ts';
import type { HoldName, SessionId, TableEvent, Views } from '../table/index.ts';
import type { SessionListener } from './gateway.ts';

interface Watch {
  readonly session: SessionId;
  readonly hold: HoldName;
  /** The highest arrival that was waiting when it was last looked at; 0 before that. */
  seen: number;
}

/** What the watches need of their node. */
export interface HoldWatchesWorld {
  readonly clock: Clock;
  /** More than a session can hold need not be watched for it. */
  readonly perSessionMax: number;
  /** Absent while the node has no table. */
  readonly views: () => Pick<Views, 'contention' | 'waitsAt'> | undefined;
  readonly listenerOf: (session: SessionId) => Pick<SessionListener, 'contended'> | undefined;
}

/**
 * Whose holders want to hear that somebody waits, among the sessions attached to this node. Of this node alone, in no log:
 * a session that turns up elsewhere says there again what it wants. Costs nothing while nobody listens.
 */
export class HoldWatches {
  readonly #world: HoldWatchesWorld;
  readonly #byName = new Map<string, Set<Watch>>();
  readonly #bySession = new Map<SessionId, Map<number, Watch>>();

  constructor(world: HoldWatchesWorld) {
    this.#world = world;
  }

  /** Whether anything that happens can be of interest. */
  get areSome(): boolean {
    return this.#byName.size > 0;
  }

  /**
   * Tells soon if somebody waits already, else when somebody comes. The hold need not be in the table yet: this node may
   * lag behind the one that told of the grant.
   */
  add(session: SessionId, hold: HoldName): void {
    this.drop(session, hold.token);
    const ofSession = this.#bySession.get(session) ?? new Map<number, Watch>();
    if (ofSession.size >= this.#world.perSessionMax) return;
    const watch: Watch = { session, hold, seen: 0 };
    this.#bySession.set(session, ofSession.set(hold.token, watch));
    this.#byName.set(hold.name, (this.#byName.get(hold.name) ?? new Set()).add(watch));
    this.#world.clock.soon(() => {
      if (this.#isKept(watch)) this.#look(watch);
    });
  }

  drop(session: SessionId, token: number): void {
    const ofSession = this.#bySession.get(session);
    const watch = ofSession?.get(token);
    if (ofSession === undefined || watch === undefined) return;
    ofSession.delete(token);
    if (ofSession.size === 0) this.#bySession.delete(session);
    const { name } = watch.hold;
    const ofName = this.#byName.get(name);
    ofName?.delete(watch);
    if (ofName?.size === 0) this.#byName.delete(name);
  }

  /** The session has ended, or belongs to another stream from now on. */
  dropAll(session: SessionId): void {
    for (const token of [...(this.#bySession.get(session)?.keys() ?? [])]) this.drop(session, token);
  }

  /** Only while `areSome`. */
  heard(event: TableEvent): void {
    switch (event.kind) {
      case 'answered':
        if (event.answer.kind === 'queued') this.#queued(event.session, event.sequence);
        return;
      // A node that lags hears of both after the holder has asked to be told.
      case 'granted':
        return this.#lookSoonAt(event.name);
      case 'converted':
        if (event.had !== event.token) this.drop(event.session, event.had);
        return this.#lookSoonAt(event.name);
      case 'released':
      case 'lost':
        return this.drop(event.session, event.token);
      case 'session-ended':
        return this.dropAll(event.session);
      case 'session-opened':
      case 'session-refused':
      case 'started':
      case 'proclaimed':
      case 'delayed':
      case 'orphaned':
      case 'revoke-requested':
        return;
      default:
        event satisfies never;
    }
  }

  /** The table was replaced by a snapshot: whoever came meanwhile waits in the new one. */
  lookAtAll(): void {
    for (const name of [...this.#byName.keys()]) this.#lookAt(name);
  }

  /** The command that grants may be about to grant more: whoever waits in the midst of it need not wait after it. */
  #lookSoonAt(name: string): void {
    if (this.#byName.has(name)) this.#world.clock.soon(() => this.#lookAt(name));
  }

  #isKept(watch: Watch): boolean {
    return this.#bySession.get(watch.session)?.get(watch.hold.token) === watch;
  }

  #queued(session: SessionId, sequence: number): void {
    for (const { name } of this.#world.views()?.waitsAt(session, sequence) ?? []) this.#lookAt(name);
  }

  #lookAt(name: string): void {
    for (const watch of [...(this.#byName.get(name) ?? [])]) this.#look(watch);
  }

  /** Every arrival is looked at, so the queue was empty in between if all who wait now came after the last look. */
  #look(watch: Watch): void {
    const contention = this.#world.views()?.contention(watch.session, watch.hold);
    if (contention === undefined) return;
    const isNew = contention.first > watch.seen;
    watch.seen = Math.max(watch.seen, contention.last);
    if (isNew) this.#world.listenerOf(watch.session)?.contended(watch.hold);
  }
}
