import type { Clock, Timer } from './clock/index.ts';
import { KindMismatchError, LockError } from './errors.ts';
import { type ClusterEvent, decodeEvents, type EventPosition } from './events.ts';
import { type EventsAnswer, type Query, wholeEntry } from './node/index.ts';
import type { LockView } from './table/index.ts';
import { decodeLock } from './views.ts';

/** Who leads, as of one place in the log. Everything but the index is null while nobody does. */
export type ElectionView = LedView | VacantView;

/** Somebody leads. */
export interface LedView {
  /** Whose it is: the node id, or the label of a remote client. */
  readonly leader: string;
  /** The node that it lives in; null for a remote client. */
  readonly node: string | null;
  /** What the leader proclaimed last, or campaigned with. */
  readonly value: string;
  /** The fencing token of this leadership: each is above all before it. */
  readonly token: number;
  /** When it was elected, in ms since 1970 by the clocks of the cluster's leaders; for people. */
  readonly since: number;
  /** Log index as of which this is true. Never falls from one view of an observer to the next. */
  readonly index: number;
}

/** Nobody leads. */
export interface VacantView {
  readonly leader: null;
  readonly node: null;
  readonly value: null;
  readonly token: null;
  readonly since: null;
  /** As in `LedView`. */
  readonly index: number;
}

interface Answered {
  readonly ok: true;
  readonly value: unknown;
  readonly appliedIndex: number;
}

/** What became of a question. */
export type Told = Answered | { readonly ok: false; readonly error: unknown };

/** The way of a question to the cluster; calls back once, never inside the call. */
export type AskCluster = (query: Query, done: (told: Told) => void) => void;

/** What a reader is told next. */
export type Sighting =
  | { readonly ok: true; readonly view: ElectionView }
  | { readonly ok: false; readonly error: unknown };

/** How long to wait before asking again when nobody could answer. */
const againMs = 250;

/**
 * Looks at one election: at first as it is, then whenever it has changed. Events only say when to look; what is told is
 * always the answer to a linearizable question, asked after the one before was answered, so it never goes backwards,
 * and whatever changed in between without anybody looking is left out. A lost history costs one more look.
 */
export class LeaderWatch {
  readonly #name: string;
  readonly #ask: AskCluster;
  readonly #clock: Clock;
  #seen: ElectionView | undefined;
  #after: EventPosition = { index: 0, place: wholeEntry };
  #tell: ((sighting: Sighting) => void) | undefined;
  #timer: Timer | undefined;
  #isPatient = true;

  constructor(name: string, ask: AskCluster, clock: Clock) {
    this.#name = name;
    this.#ask = ask;
    this.#clock = clock;
  }

  /** As it is now, without another try when nobody can answer. */
  once(tell: (sighting: Sighting) => void): void {
    this.#isPatient = false;
    this.next(tell);
  }

  /** The first view, or the next one that differs. One at a time; `tell` is called once unless it is closed before. */
  next(tell: (sighting: Sighting) => void): void {
    this.#tell = tell;
    if (this.#seen === undefined) this.#look();
    else this.#listen();
  }

  close(): void {
    this.#tell = undefined;
    this.#timer?.cancel();
  }

  #look(): void {
    const query = { kind: 'inspect', name: this.#name, consistency: 'linearizable' } as const;
    const read = ({ value, appliedIndex }: Answered): ElectionView =>
      viewOf(this.#name, decodeLock(value), appliedIndex);
    this.#question(query, read, (view) => {
      const before = this.#seen;
      // A node that answers from an earlier state than was seen already is not believed.
      if (before !== undefined && view.index < before.index) return this.#later(() => this.#look());
      this.#after = { index: view.index, place: wholeEntry };
      this.#seen = view;
      if (before !== undefined && isSame(before, view)) return this.#listen();
      this.#settle({ ok: true, view });
    });
  }

  /** Until something happened that may have changed the view. */
  #listen(): void {
    const query = { kind: 'events', prefix: this.#name, after: this.#after } as const;
    const read = ({ value }: Answered): EventsAnswer => decodeEvents(value);
    this.#question(query, read, (answer) => {
      if ('firstIndex' in answer || answer.events.some((event) => this.#concerns(event))) return this.#look();
      this.#after = answer.next;
      this.#listen();
    });
  }

  /** Events of longer names have the same prefix. */
  #concerns(event: ClusterEvent): boolean {
    return 'token' in event && event.name === this.#name;
  }

  #question<T>(query: Query, read: (answered: Answered) => T, heard: (answer: T) => void): void {
    if (this.#tell === undefined) return;
    this.#ask(query, (told) => {
      if (this.#tell === undefined) return;
      if (!told.ok) return this.#failed(told.error, () => this.#question(query, read, heard));
      let answer: T;
      try {
        answer = read(told);
      } catch (error) {
        return this.#settle({ ok: false, error });
      }
      heard(answer);
    });
  }

  #failed(error: unknown, again: () => void): void {
    if (this.#isPatient && error instanceof LockError && error.retryable) this.#later(again);
    else this.#settle({ ok: false, error });
  }

  #later(again: () => void): void {
    this.#timer = this.#clock.after(againMs, again);
  }

  #settle(sighting: Sighting): void {
    const tell = this.#tell;
    this.#tell = undefined;
    tell?.(sighting);
  }
}

/** Throws a `KindMismatchError` for what is no election. */
export function viewOf(name: string, lock: LockView | undefined, index: number): ElectionView {
  if (lock !== undefined && lock.kind !== 'exclusive') {
    const text = `${JSON.stringify(name)} is in use as a ${lock.kind} lock, and no election meanwhile`;
    throw new KindMismatchError(text, { wanted: 'exclusive', actual: lock.kind });
  }
  const holder = lock?.holders[0];
  if (holder === undefined) return { leader: null, node: null, value: null, token: null, since: null, index };
  const { label: leader, node, metadata, token, since } = holder;
  return { leader, node, value: metadata ?? '', token, since, index };
}

const isSame = (one: ElectionView, other: ElectionView): boolean =>
  one.token === other.token && one.value === other.value;
