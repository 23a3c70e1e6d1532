import type { AcquireWish } from '../../../src/acquisition.ts';
import { errandOf, type Order } from '../../../src/errand.ts';
import type { SessionEngine } from '../../../src/session-engine.ts';
import type { Stream } from '../../../src/testing/index.ts';
import { decodeSessions } from '../../../src/views.ts';
import { type Desire, nameAt } from './desires.ts';
import type { Way } from './party.ts';
import type { NodeWorld } from './world.ts';

/** What a party lends to its meddler. */
interface Lent {
  readonly way: Way;
  readonly engine: SessionEngine;
  /** Something is asked; the result is called when it has its outcome. */
  readonly ask: (what: string) => () => void;
  /** Its own, so that runs without operators take the course that they always took. */
  readonly stream: Stream;
}

/** Hears whether the cluster has answered. */
type Done = (isAnswered: boolean) => void;

/** The part of a party that does what operators may do. */
export class Meddler {
  readonly #world: NodeWorld;
  readonly #lent: Lent;

  constructor(world: NodeWorld, lent: Lent) {
    this.#world = world;
    this.#lent = lent;
  }

  /** Whether it meddles now. */
  get isMinded(): boolean {
    return this.#world.conditions.isMeddled && this.#lent.stream.chance(0.1);
  }

  /** Now and then somebody takes what he would have waited for. */
  stealing({ parts, owner, options }: Desire): AcquireWish['steals'] {
    const isPlain = owner === undefined && options === undefined;
    const isApt = isPlain && (parts === undefined || (parts.length === 1 && parts[0]?.mode === 'W'));
    if (!this.#world.conditions.isMeddled || !isApt || !this.#lent.stream.chance(0.1)) return undefined;
    return { actor: this.#lent.way.name, reason: 'in haste' };
  }

  /** Ends what others hold, or its own, or the session of somebody. */
  meddle(done: Done): void {
    const { stream, way } = this.#lent;
    const by = { actor: way.name, reason: 'it could' };
    if (stream.chance(0.2)) return this.#closeSession(by, done);
    const name = nameAt(stream.int(1, this.#world.conditions.locks));
    const kind = stream.chance(0.2) ? 'request-revoke' : 'force-release';
    this.#order({ kind, name, token: undefined, ...by }, done);
  }

  #closeSession(by: { readonly actor: string; readonly reason: string }, done: Done): void {
    const { stream, way, ask } = this.#lent;
    const settle = ask('sessions');
    way.gateway.query({ kind: 'sessions', consistency: 'local' }, (outcome) => {
      settle();
      const ids = outcome.ok ? decodeSessions(outcome.value).map(({ session }) => session) : [];
      if (ids.length === 0) return done(false);
      this.#order({ kind: 'end-session', target: stream.pick(ids), ...by }, done);
    });
  }

  #order(order: Order, done: Done): void {
    const { way, engine, ask } = this.#lent;
    const settle = ask(order.kind);
    engine.run(errandOf(order), (outcome) => {
      settle();
      this.#world.trace(way.name, `${order.kind} ${outcome.ok ? outcome.answer.kind : 'failed'}`, undefined);
      done(outcome.ok);
    });
  }
}
