import type { Failure, Gateway, Query, QueryOutcome } from '../node/index.ts';
import { listMax, validateName } from '../table/index.ts';
import type { ServerMessage } from './client-protocol.ts';
import type { Outlet } from './outlet.ts';

/** What one stream's questions need. */
export interface QuestionsWorld {
  readonly servant: Pick<Gateway, 'query'>;
  readonly outlet: Pick<Outlet, 'isSlow'>;
  readonly send: (message: ServerMessage) => void;
}

interface Question {
  readonly id: number;
  readonly query: Query;
}

/** Questions that one stream may have open; beyond it they are refused. */
const openMax = 64;

/** Larger views do not fit into one message. */
const resultBytesMax = 3.5 * 1024 * 1024;

/**
 * What one remote client asks. Its answers leave no faster than it reads them, and those about many locks or sessions
 * are looked up one at a time: together they would overflow its queue, which cuts it off, whereupon it would come back
 * and ask the same again; and they would keep this node from everything else.
 */
export class Questions {
  readonly #world: QuestionsWorld;
  #open = 0;
  /** Long ones that wait for their turn. */
  readonly #waiting: Question[] = [];
  #isListing = false;
  #isClosed = false;
  readonly #answers: { readonly question: Question; readonly outcome: QueryOutcome }[] = [];

  constructor(world: QuestionsWorld) {
    this.#world = world;
  }

  ask(id: number, query: Query): void {
    const bad = troubleWith(query);
    if (bad !== undefined) return this.#fail(id, { code: 'INVALID_ARGUMENT', text: bad });
    if (this.#open >= openMax) {
      return this.#fail(id, { code: 'OVERLOADED', text: 'this client asks faster than it reads' });
    }
    this.#open += 1;
    if (!isLong(query)) return this.#lookUp({ id, query });
    this.#waiting.push({ id, query });
    this.#listNext();
  }

  /** The client has read what was sent. */
  drained(): void {
    this.#answerOn();
  }

  /** The stream is over: what is still under way is answered to nobody. */
  close(): void {
    this.#isClosed = true;
    this.#waiting.length = 0;
    this.#answers.length = 0;
  }

  #listNext(): void {
    if (this.#isListing || this.#world.outlet.isSlow) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#isListing = true;
    this.#lookUp(next);
  }

  #lookUp(question: Question): void {
    this.#world.servant.query(question.query, (outcome) => {
      if (this.#isClosed) return;
      this.#answers.push({ question, outcome });
      this.#answerOn();
    });
  }

  #answerOn(): void {
    while (!this.#world.outlet.isSlow) {
      const next = this.#answers.shift();
      if (next === undefined) break;
      this.#open -= 1;
      if (isLong(next.question.query)) this.#isListing = false;
      this.#answer(next.question.id, next.outcome);
    }
    this.#listNext();
  }

  #answer(id: number, outcome: QueryOutcome): void {
    if (!outcome.ok) return this.#fail(id, outcome.failure);
    const json = JSON.stringify(outcome.value);
    if (Buffer.byteLength(json) > resultBytesMax) {
      return this.#fail(id, { code: 'LIMIT_EXCEEDED', text: 'the answer is too large: ask for fewer rows' });
    }
    this.#world.send({ kind: 'result', id, json, appliedIndex: outcome.appliedIndex });
  }

  #fail(id: number, failure: Failure): void {
    this.#world.send({ kind: 'failed', id, failure });
  }
}

const isLong = ({ kind }: Query): boolean => kind === 'list' || kind === 'sessions';

const troubleWith = (query: Query): string | undefined => {
  if (query.kind === 'inspect' || query.kind === 'verify' || query.kind === 'register') {
    const bad = validateName(query.name);
    return bad === undefined ? undefined : `the name is ${bad}`;
  }
  if (query.kind !== 'list' || (query.limit >= 1 && query.limit <= listMax)) return undefined;
  return `limit must be 1 to ${listMax}`;
};
