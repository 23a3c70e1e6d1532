import {
  type ClusterEvent,
  type EventPosition,
  type EventsAnswer,
  type Happening,
  isBefore,
  laterOf,
  wholeEntry,
} from './cluster-event.ts';

export interface HistoryLimits {
  /** Events kept, */
  readonly eventsMax: number;
  /** within about this many bytes. */
  readonly bytesMax: number;
}

/** Events of one answer: so few that nothing waits long behind it, on the wire or in the event loop. */
const pageEventsMax = 256;

/** The first size of the ring, which doubles as it fills: a cluster that does little keeps little. */
const slotsMin = 256;

/**
 * The newest events that came of the log, in a ring. It is written to by every node all the time, listened to or not,
 * because whoever lost its node goes on at another one: so to write is to fill a slot, and makes no object.
 */
export class History {
  readonly #limits: HistoryLimits;
  #happenings: (Happening | undefined)[] = new Array(slotsMin);
  /** Doubles, because log indexes and times need more than 32 bits. */
  #indexes: Float64Array = new Float64Array(slotsMin);
  #times: Float64Array = new Float64Array(slotsMin);
  #places: Uint32Array = new Uint32Array(slotsMin);
  /** Running numbers of the oldest event kept and of the next to come; a slot is such a number modulo the slots. */
  #oldest = 0;
  #next = 0;
  #bytes = 0;
  /** Where the next event stands. */
  #index: number;
  #place = 0;
  /** The newest event that is not kept stands here or before. */
  #lostUpTo: EventPosition;
  /** The newest entry of which all events are here. */
  #wholeIndex: number;
  readonly #listeners = new Set<() => void>();

  /** `index`: of the last entry whose events are not to come. */
  constructor(index: number, limits: HistoryLimits) {
    this.#limits = limits;
    this.#lostUpTo = { index, place: wholeEntry };
    this.#wholeIndex = index;
    this.#index = index;
  }

  /** Everything that has happened so far stands here or before. */
  get head(): EventPosition {
    const whole = { index: this.#wholeIndex, place: wholeEntry };
    return this.#next === this.#oldest ? whole : laterOf(whole, this.#positionOf(this.#next - 1));
  }

  /** What is added next comes of that entry; entries come in order. */
  enter(index: number): void {
    if (index === this.#index) return;
    this.#index = index;
    this.#place = 0;
  }

  /** `time` in ms. */
  add(happening: Happening, time: number): void {
    const { eventsMax, bytesMax } = this.#limits;
    this.#bytes += bytesOf(happening);
    while (this.#oldest < this.#next && (this.#next - this.#oldest >= eventsMax || this.#bytes > bytesMax)) {
      this.#dropOldest();
    }
    if (this.#next - this.#oldest === this.#happenings.length) this.#grow();
    const slot = this.#next % this.#happenings.length;
    this.#happenings[slot] = happening;
    this.#indexes[slot] = this.#index;
    this.#places[slot] = this.#place;
    this.#times[slot] = time;
    this.#next += 1;
    this.#place += 1;
  }

  /** All events of the entries up to `index` are here. */
  reached(index: number): void {
    this.#wholeIndex = index;
    if (this.#listeners.size === 0) return;
    for (const listener of [...this.#listeners]) listener();
  }

  /** A snapshot took the place of everything up to `index`: what happened meanwhile will never be known here. */
  skipTo(index: number): void {
    while (this.#oldest < this.#next) this.#dropOldest();
    this.#lostUpTo = { index, place: wholeEntry };
    this.reached(index);
  }

  /** Calls `listener` whenever there may be more to read, until what this returns is called. */
  whenMore(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** What lies behind a position, at most one page of it. A position beyond all that has happened has nothing behind it. */
  read(after: EventPosition, prefix: string): EventsAnswer {
    if (isBefore(after, this.#lostUpTo)) return { firstIndex: this.#lostUpTo.index + 1 };
    const events: ClusterEvent[] = [];
    let at = this.#firstBehind(after);
    for (; at < this.#next && events.length < pageEventsMax; at += 1) {
      const happening = this.#happenings[at % this.#happenings.length];
      if (happening === undefined || !matches(happening, prefix)) continue;
      events.push({ ...this.#positionOf(at), time: this.#times[at % this.#times.length] ?? 0, ...happening });
    }
    // A node that lags behind the position must not lead its reader back.
    return { events, next: at === this.#next ? laterOf(after, this.head) : this.#positionOf(at - 1) };
  }

  /** By bisection: positions rise with the running numbers. */
  #firstBehind(after: EventPosition): number {
    let [low, high] = [this.#oldest, this.#next];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (isBefore(after, this.#positionOf(middle))) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #positionOf(at: number): EventPosition {
    const slot = at % this.#happenings.length;
    return { index: this.#indexes[slot] ?? 0, place: this.#places[slot] ?? 0 };
  }

  #dropOldest(): void {
    const slot = this.#oldest % this.#happenings.length;
    const happening = this.#happenings[slot];
    this.#lostUpTo = this.#positionOf(this.#oldest);
    if (happening !== undefined) this.#bytes -= bytesOf(happening);
    this.#happenings[slot] = undefined;
    this.#oldest += 1;
  }

  #grow(): void {
    const former = { happenings: this.#happenings, indexes: this.#indexes, times: this.#times, places: this.#places };
    const [from, to] = [former.happenings.length, former.happenings.length * 2];
    this.#happenings = new Array(to);
    this.#indexes = new Float64Array(to);
    this.#times = new Float64Array(to);
    this.#places = new Uint32Array(to);
    for (let at = this.#oldest; at < this.#next; at += 1) {
      this.#happenings[at % to] = former.happenings[at % from];
      this.#indexes[at % to] = former.indexes[at % from] ?? 0;
      this.#times[at % to] = former.times[at % from] ?? 0;
      this.#places[at % to] = former.places[at % from] ?? 0;
    }
  }
}

/** About what an event keeps in memory: a name has at most two bytes a character. */
const bytesOf = (happening: Happening): number => {
  if ('name' in happening) return 128 + 2 * happening.name.length;
  return happening.kind === 'membership' ? 4_096 : 256;
};

/** Sessions and members have no name: whoever asks for a prefix asks for locks. */
const matches = (happening: Happening, prefix: string): boolean =>
  prefix === '' || ('name' in happening && happening.name.startsWith(prefix));
