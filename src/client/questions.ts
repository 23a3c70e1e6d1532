import type { Clock, Timer } from '../clock/index.ts';
import type { Failure, Query, QueryOutcome } from '../node/index.ts';
import type { ServerMessage } from '../server/index.ts';
import type { Connection } from './connection.ts';
import { Lane } from './lane.ts';
import { askInPages, pageRowsMax } from './pages.ts';

type Done = (outcome: QueryOutcome) => void;

interface Asked {
  readonly query: Query;
  readonly done: Done;
  /** Ends the patience with it; events may be long in coming. */
  readonly timer: Timer | undefined;
}

/** What a client's questions need. */
export interface QuestionsWorld {
  readonly clock: Clock;
  readonly connection: Pick<Connection, 'send' | 'isConnected' | 'failure'>;
  /** A number for the answer, from a series that all messages of this client share. */
  readonly takeId: () => number;
}

/** Longer than a node itself looks for a leader. */
const queryTimeoutMs = 10_000;

/** Questions without an answer; more are refused. */
const openMax = 10_000;

/**
 * Under way at one time: below what a node lets one client have open, and of long views one, as the node answers them.
 * A question for events stays open until there are some.
 */
const underWayMax = { short: 32, long: 1, events: 24 };

/**
 * What this client asks about locks and sessions: each question is put to whatever node serves us, again after each
 * change of it, until it is answered or its time is up.
 */
export class Questions {
  readonly #world: QuestionsWorld;
  readonly #open = new Map<number, Asked>();
  readonly #lanes = {
    short: new Lane<Query>(underWayMax.short),
    long: new Lane<Query>(underWayMax.long),
    events: new Lane<Query>(underWayMax.events),
  };
  #refusal: Failure | undefined;

  constructor(world: QuestionsWorld) {
    this.#world = world;
  }

  ask(query: Query, done: Done): void {
    if (query.kind !== 'list' || query.limit <= pageRowsMax) return this.#ask(query, done);
    askInPages(query, (page, pageDone) => this.#ask(page, pageDone), done);
  }

  /** Another node serves us: it has heard of nothing yet. */
  connected(): void {
    for (const lane of Object.values(this.#lanes)) {
      lane.restart();
      this.#sendFrom(lane);
    }
  }

  answered({ id, json, appliedIndex }: ServerMessage & { readonly kind: 'result' }): void {
    const done = this.#take(id);
    if (done === undefined) return;
    try {
      const value: unknown = JSON.parse(json);
      done({ ok: true, value, appliedIndex });
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      done({ ok: false, failure: { code: 'BACKEND', text: 'the node sent an answer that is no JSON' } });
    }
  }

  /** False: `id` is none of ours. */
  failed(id: number, failure: Failure): boolean {
    const done = this.#take(id);
    done?.({ ok: false, failure });
    return done !== undefined;
  }

  /** Everything that is asked, now or later, fails. */
  close(failure: Failure): void {
    this.#refusal = failure;
    for (const id of [...this.#open.keys()]) {
      const done = this.#take(id);
      this.#world.clock.soon(() => done?.({ ok: false, failure }));
    }
  }

  #ask(query: Query, done: Done): void {
    const { clock, connection, takeId } = this.#world;
    const failure = this.#refusal ?? (this.#open.size >= openMax ? tooMany : undefined);
    if (failure !== undefined) return clock.soon(() => done({ ok: false, failure }));
    const id = takeId();
    const giveUp = (): boolean => this.failed(id, connection.isConnected ? tooLate : connection.failure);
    // Whoever reads events goes on, at whatever node serves next and where it was, until it ends that itself.
    const timer = query.kind === 'events' ? undefined : clock.after(queryTimeoutMs, giveUp);
    this.#open.set(id, { query, done, timer });
    this.#laneOf(query).add(id, query);
    this.#sendFrom(this.#laneOf(query));
  }

  #laneOf({ kind }: Query): Lane<Query> {
    if (kind === 'events') return this.#lanes.events;
    return kind === 'list' || kind === 'sessions' ? this.#lanes.long : this.#lanes.short;
  }

  /** Without a node they count as sent: `connected` begins anew. */
  #sendFrom(lane: Lane<Query>): void {
    for (let next = lane.next(); next !== undefined; next = lane.next()) {
      this.#world.connection.send({ kind: 'query', id: next.id, query: next.thing });
    }
  }

  #take(id: number): Done | undefined {
    const asked = this.#open.get(id);
    if (asked === undefined) return undefined;
    this.#open.delete(id);
    asked.timer?.cancel();
    const lane = this.#laneOf(asked.query);
    lane.delete(id);
    if (this.#refusal === undefined) this.#sendFrom(lane);
    return asked.done;
  }
}

const tooLate: Failure = { code: 'CONNECTION', text: `no answer within ${queryTimeoutMs} ms` };

const tooMany: Failure = { code: 'OVERLOADED', text: `more than ${openMax} questions are open` };
