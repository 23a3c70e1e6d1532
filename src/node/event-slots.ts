import type { ClusterEvent, EventPosition, Happening } from './cluster-event.ts';

/** Where and when something happened. */
export interface Moment extends EventPosition {
  readonly time: number;
}

/** What happens to locks, all the time. Of anything else there is little. */
const lockKinds = ['granted', 'released', 'lost', 'queued', 'cancelled'] as const;

type LockKind = (typeof lockKinds)[number];

const codes: Readonly<Record<LockKind, number>> = { granted: 0, released: 1, lost: 2, queued: 3, cancelled: 4 };

/**
 * Events by running number, in columns: an object that is kept for each of them would survive its youth, and cost the
 * garbage collector more than everything else that is done for it. Only the name is kept, which its lock keeps too.
 */
export class EventSlots {
  readonly count: number;
  /** The name of a lock, or what happened otherwise. */
  readonly #subjects: (string | Happening | undefined)[];
  readonly #kinds: Uint8Array;
  /** Doubles, because indexes, times, sessions and tokens need more than 32 bits. */
  readonly #sessions: Float64Array;
  /** The token, or the sequence. */
  readonly #numbers: Float64Array;
  readonly #indexes: Float64Array;
  readonly #places: Uint32Array;
  readonly #times: Float64Array;

  constructor(count: number) {
    this.count = count;
    this.#subjects = new Array(count);
    this.#kinds = new Uint8Array(count);
    this.#sessions = new Float64Array(count);
    this.#numbers = new Float64Array(count);
    this.#indexes = new Float64Array(count);
    this.#places = new Uint32Array(count);
    this.#times = new Float64Array(count);
  }

  put(at: number, happening: Happening, { index, place, time }: Moment): void {
    const slot = at % this.count;
    this.#indexes[slot] = index;
    this.#places[slot] = place;
    this.#times[slot] = time;
    switch (happening.kind) {
      case 'granted':
      case 'released':
        return this.#putLock(slot, happening, happening.token);
      case 'queued':
      case 'cancelled':
        return this.#putLock(slot, happening, happening.sequence);
      case 'lost':
        // Why, and by whom, has no column.
        if (happening.by !== undefined || happening.reason !== undefined) break;
        return this.#putLock(slot, happening, happening.token);
      default:
    }
    this.#subjects[slot] = happening;
  }

  #putLock(slot: number, { kind, name, session }: Happening & { readonly kind: LockKind }, number: number): void {
    this.#subjects[slot] = name;
    this.#kinds[slot] = codes[kind];
    this.#sessions[slot] = session;
    this.#numbers[slot] = number;
  }

  /** Lets go of what is kept there. */
  clear(at: number): void {
    this.#subjects[at % this.count] = undefined;
  }

  indexAt(at: number): number {
    return this.#indexes[at % this.count] ?? 0;
  }

  placeAt(at: number): number {
    return this.#places[at % this.count] ?? 0;
  }

  /** About what it keeps in memory: a name has at most two bytes a character. */
  bytesAt(at: number): number {
    const subject = this.#subjects[at % this.count];
    if (typeof subject === 'string') return 96 + 2 * subject.length;
    if (subject?.kind === 'proclaimed') return 512 + 2 * subject.metadata.length;
    if (subject === undefined || !('by' in subject)) return subject?.kind === 'membership' ? 4_096 : 512;
    return 4_096;
  }

  /** Sessions and members have no name: whoever asks for a prefix asks for locks. */
  matches(at: number, prefix: string): boolean {
    return prefix === '' || nameIn(this.#subjects[at % this.count])?.startsWith(prefix) === true;
  }

  /** Undefined where nothing is kept. */
  eventAt(at: number): ClusterEvent | undefined {
    const slot = at % this.count;
    const subject = this.#subjects[slot];
    const moment = { index: this.indexAt(at), place: this.placeAt(at), time: this.#times[slot] ?? 0 };
    if (typeof subject !== 'string') return subject === undefined ? undefined : { ...moment, ...subject };
    const kind = lockKinds[this.#kinds[slot] ?? 0] ?? 'granted';
    const [session, number] = [this.#sessions[slot] ?? 0, this.#numbers[slot] ?? 0];
    if (kind === 'queued' || kind === 'cancelled') {
      return { ...moment, kind, name: subject, session, sequence: number };
    }
    return { ...moment, kind, name: subject, session, token: number };
  }

  /** The same in more slots, for the events from `oldest` to before `next`. */
  grown(oldest: number, next: number): EventSlots {
    const grown = new EventSlots(this.count * 2);
    for (let at = oldest; at < next; at += 1) {
      const [from, to] = [at % this.count, at % grown.count];
      grown.#subjects[to] = this.#subjects[from];
      grown.#kinds[to] = this.#kinds[from] ?? 0;
      grown.#sessions[to] = this.#sessions[from] ?? 0;
      grown.#numbers[to] = this.#numbers[from] ?? 0;
      grown.#indexes[to] = this.#indexes[from] ?? 0;
      grown.#places[to] = this.#places[from] ?? 0;
      grown.#times[to] = this.#times[from] ?? 0;
    }
    return grown;
  }
}

/** The name of the lock that it happened to, if it was one. */
function nameIn(subject: string | Happening | undefined): string | undefined {
  if (typeof subject === 'string') return subject;
  return subject !== undefined && 'name' in subject ? subject.name : undefined;
}
