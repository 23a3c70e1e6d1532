import {
  type ClusterEvent,
  type EventPosition,
  type EventsAnswer,
  type Happening,
  isBefore,
  laterOf,
  wholeEntry,
} from './cluster-event.ts';
import { EventSlots } from './event-slots.ts';

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
 * because whoever lost its node goes on at another one: so to write is to fill a slot, and keeps no object.
 */
export class History {
  readonly #limits: HistoryLimits;
  #slots: EventSlots = new EventSlots(slotsMin);
  /** Running numbers of the oldest event kept and of the next to come. */
  #oldest = 0;
  #next = 0;
  #bytes = 0;
  /** Where the next event stands. */
  #index: number;
  #place = 0;
  /** The newest event that is not kept stands here or before. */
  #lostIndex: number;
  #lostPlace: number = wholeEntry;
  /** The newest entry of which all events are here. */
  #wholeIndex: number;
  readonly #listeners = new Set<() => void>();

  /** `index`: of the last entry whose events are not to come. */
  constructor(index: number, limits: HistoryLimits) {
    this.#limits = limits;
    this.#lostIndex = index;
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
    if (this.#next - this.#oldest >= eventsMax) this.#dropOldest();
    if (this.#next - this.#oldest === this.#slots.count) this.#slots = this.#slots.grown(this.#oldest, this.#next);
    this.#slots.put(this.#next, happening, { index: this.#index, place: this.#place, time });
    this.#bytes += this.#slots.bytesAt(this.#next);
    this.#next += 1;
    this.#place += 1;
    while (this.#bytes > bytesMax) this.#dropOldest();
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
    this.#lostIndex = index;
    this.#lostPlace = wholeEntry;
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
    const lostUpTo = { index: this.#lostIndex, place: this.#lostPlace };
    if (isBefore(after, lostUpTo)) return { firstIndex: lostUpTo.index + 1 };
    const events: ClusterEvent[] = [];
    let at = this.#firstBehind(after);
    for (; at < this.#next && events.length < pageEventsMax; at += 1) {
      const event = this.#slots.matches(at, prefix) ? this.#slots.eventAt(at) : undefined;
      if (event !== undefined) events.push(event);
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
    return { index: this.#slots.indexAt(at), place: this.#slots.placeAt(at) };
  }

  #dropOldest(): void {
    this.#lostIndex = this.#slots.indexAt(this.#oldest);
    this.#lostPlace = this.#slots.placeAt(this.#oldest);
    this.#bytes -= this.#slots.bytesAt(this.#oldest);
    this.#slots.clear(this.#oldest);
    this.#oldest += 1;
  }
}
