import { z } from 'zod';
import { CancelledError, EventsLostError, outOfRange, wrongType } from './errors.ts';
import {
  type ClusterEvent,
  type EventPosition,
  type EventsAnswer,
  type EventsQuery,
  wholeEntry,
} from './node/index.ts';
import { decode } from './views.ts';

export type { ClusterEvent, EventPosition };

/** Which events to tell, from where on and until when. */
export interface EventOptions {
  /** Only events of locks whose names begin with it, at most 512 characters. Absent or empty: all events. */
  readonly prefix?: string | undefined;
  /**
   * Only what lies behind: an event that was seen, or the `appliedIndex` of a list, for all that its entry and those
   * before it caused. Absent: what happens from now on.
   */
  readonly after?: EventPosition | number | undefined;
  /** Ends it: the next step rejects with a `CancelledError` that has the reason as its `cause`. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * What happens in the cluster, in the order of the log, each event once. Reads as it is read: who does not ask for the
 * next event makes nobody keep it, and gets an `EventsLostError` if it is kept no more. A step rejects once, with the
 * error that ended it; after that, and after `return`, there is nothing more.
 */
export interface ClusterEvents extends AsyncIterableIterator<ClusterEvent, undefined>, AsyncDisposable {
  /** Ends it; a step under way is told that there is nothing more. */
  return(): Promise<IteratorReturnResult<undefined>>;
  [Symbol.asyncIterator](): ClusterEvents;
}

type Ask = (query: EventsQuery) => Promise<unknown>;

type State =
  | { readonly kind: 'open' }
  /** The error is to be told, once. */
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'over' };

const over: IteratorReturnResult<undefined> = { done: true, value: undefined };

const prefixCharsMax = 512;

/** The iterator over the questions of one provider. It holds one page and no more. */
export class EventReader implements ClusterEvents {
  readonly #ask: Ask;
  readonly #prefix: string;
  readonly #signal: AbortSignal | undefined;
  #after: EventPosition | undefined;
  #page: readonly ClusterEvent[] = [];
  #at = 0;
  #state: State = { kind: 'open' };
  /** The question under way. */
  #asking: Promise<void> | undefined;
  /** Steps follow each other, as those of a generator do. */
  #last: Promise<unknown> = Promise.resolve();
  #wake: (() => void) | undefined;
  readonly #aborted = (): void => {
    this.#fail(new CancelledError('the signal of these events aborted', { cause: this.#signal?.reason }));
  };

  /** Throws a TypeError or RangeError for wrong options. `ask` rejects when there is nothing to be had any more. */
  constructor(ask: Ask, options: EventOptions) {
    const { prefix, after, signal } = checkEventOptions(options);
    this.#ask = ask;
    this.#prefix = prefix;
    this.#after = after;
    this.#signal = signal;
    if (signal?.aborted === true) this.#aborted();
    else signal?.addEventListener('abort', this.#aborted);
    // Now, not when it is first read: what is done after this call must not happen before the first event.
    if (after === undefined && this.#state.kind === 'open') this.#asking = this.#turnPage();
  }

  next(): Promise<IteratorResult<ClusterEvent, undefined>> {
    const step = this.#last.then(() => this.#step());
    this.#last = step.catch(() => undefined);
    return step;
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#end({ kind: 'over' });
    return over;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #step(): Promise<IteratorResult<ClusterEvent, undefined>> {
    for (;;) {
      const state = this.#state;
      if (state.kind === 'over') return over;
      if (state.kind === 'failed') {
        this.#state = { kind: 'over' };
        throw state.error;
      }
      const event = this.#page[this.#at];
      if (event !== undefined) {
        this.#at += 1;
        return { done: false, value: event };
      }
      await this.#more();
    }
  }

  /** Until there is a page, or it is over. */
  #more(): Promise<void> {
    this.#asking ??= this.#turnPage();
    const asking = this.#asking;
    return new Promise((resolve) => {
      this.#wake = resolve;
      asking.then(resolve, resolve);
    });
  }

  /** Never rejects. */
  async #turnPage(): Promise<void> {
    try {
      const query = { kind: 'events', prefix: this.#prefix, after: this.#after } as const;
      const answer = decodeEvents(await this.#ask(query));
      if ('firstIndex' in answer) return this.#fail(lost(answer.firstIndex));
      this.#page = answer.events;
      this.#at = 0;
      this.#after = answer.next;
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#asking = undefined;
    }
  }

  #fail(error: unknown): void {
    this.#end({ kind: 'failed', error });
  }

  /** The first end counts; one that was not told yet is forgotten by whoever leaves. */
  #end(state: State): void {
    if (this.#state.kind === 'over' || (this.#state.kind === 'failed' && state.kind === 'failed')) return;
    this.#state = state;
    this.#page = [];
    this.#signal?.removeEventListener('abort', this.#aborted);
    this.#wake?.();
  }
}

const lost = (firstIndex: number): EventsLostError =>
  new EventsLostError(
    `events before log index ${firstIndex} are not kept any more: see what is held with list(), and begin anew`,
    { firstIndex },
  );

const known = ['prefix', 'after', 'signal'];

const checkEventOptions = (
  options: EventOptions,
): { readonly prefix: string; readonly after: EventPosition | undefined; readonly signal: AbortSignal | undefined } => {
  if (typeof options !== 'object' || options === null) throw wrongType('options must be an object');
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) throw wrongType(`unknown option ${JSON.stringify(key)}; known are ${known.join(', ')}`);
  }
  const { prefix = '', after, signal } = options;
  if (typeof prefix !== 'string') throw wrongType('prefix must be a string');
  if (prefix.length > prefixCharsMax) {
    throw outOfRange(`prefix must have at most ${prefixCharsMax} characters, not ${prefix.length}`);
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw wrongType('signal must be an AbortSignal');
  return { prefix, after: after === undefined ? undefined : checkPosition(after), signal };
};

const checkPosition = (after: EventPosition | number): EventPosition => {
  if (typeof after === 'number') return { index: checkCount(after, 'after'), place: wholeEntry };
  if (typeof after !== 'object' || after === null) {
    throw wrongType('after must be a log index, or have an index and a place as events have');
  }
  return { index: checkCount(after.index, 'after.index'), place: checkCount(after.place, 'after.place') };
};

const checkCount = (count: unknown, what: string): number => {
  if (typeof count !== 'number') throw wrongType(`${what} must be a number`);
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw outOfRange(`${what} must be a whole number, 0 or above, not ${count}`);
};

const position = { index: z.number(), place: z.number() };
const happened = { ...position, time: z.number() };
const lock = { ...happened, name: z.string(), session: z.number() };

const by = z.object({ session: z.number(), actor: z.string(), reason: z.string() });

const lockMode = z.enum(['X', 'R', 'U', 'W', 'S']);

const clusterEvent = z.discriminatedUnion('kind', [
  z.object({ ...lock, kind: z.enum(['granted', 'released']), token: z.number() }),
  z.object({ ...lock, kind: z.literal('orphaned'), token: z.number() }),
  z.object({
    ...lock,
    kind: z.literal('lost'),
    token: z.number(),
    reason: z.enum(['overdue', 'handed-over']).optional(),
    by: by.exactOptional(),
  }),
  z.object({ ...lock, kind: z.literal('revoke-requested'), token: z.number(), by }),
  z.object({ ...lock, kind: z.literal('converted'), had: z.number(), token: z.number(), mode: lockMode }),
  z.object({ ...lock, kind: z.literal('proclaimed'), token: z.number(), metadata: z.string() }),
  z.object({ ...lock, kind: z.enum(['queued', 'cancelled']), sequence: z.number() }),
  z.object({
    ...happened,
    kind: z.literal('session-opened'),
    session: z.number(),
    label: z.string(),
    node: z.string().nullable(),
    ttlMs: z.number(),
  }),
  z.object({
    ...happened,
    kind: z.literal('session-ended'),
    session: z.number(),
    end: z.enum(['closed', 'expired', 'superseded', 'unknown']),
    by: by.exactOptional(),
  }),
  z.object({
    ...happened,
    kind: z.literal('membership'),
    members: z.array(z.object({ id: z.string(), address: z.string(), voter: z.boolean() })),
  }),
]);

const eventsAnswer = z.union([
  z.object({ events: z.array(clusterEvent), next: z.object(position) }),
  z.object({ firstIndex: z.number() }),
]);

export const decodeEvents = (value: unknown): EventsAnswer => decode(eventsAnswer, value);
