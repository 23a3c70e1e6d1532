import type { Intervention, Sequence, SessionEnd, SessionId, TableEvent } from '../table/index.ts';

/** Where an event stands in the log: the same on every node, rising, never used twice. */
export interface EventPosition {
  /** Of the log entry that caused it. */
  readonly index: number;
  /** Among all events of that entry, from 0; `wholeEntry` stands behind the last of them. */
  readonly place: number;
}

/** Behind every event that an entry may cause. */
export const wholeEntry: number = Number.MAX_SAFE_INTEGER;

/** What happened, without its place. Plain values only: survives JSON. */
export type Happening =
  /**
   * `converted`: the hold has another mode, and after an upgrade another token than it `had`. `proclaimed`: its holder gave
   * it another `metadata`.
   */
  | (TableEvent & {
      readonly kind: 'granted' | 'converted' | 'proclaimed' | 'released' | 'lost' | 'orphaned' | 'revoke-requested';
    })
  /** An acquire or upgrade entered the queue of a lock, or left it without having been granted. */
  | {
      readonly kind: 'queued' | 'cancelled';
      readonly name: string;
      readonly session: SessionId;
      /** Of the acquire, within its session: tells apart several that wait for one lock. */
      readonly sequence: Sequence;
    }
  | {
      readonly kind: 'session-opened';
      readonly session: SessionId;
      readonly label: string;
      /** The node that the session lives in; null for a remote client's. */
      readonly node: string | null;
      readonly ttlMs: number;
    }
  /** `by`: whoever closed it, if that was another session. */
  | {
      readonly kind: 'session-ended';
      readonly session: SessionId;
      readonly end: SessionEnd;
      readonly by?: Intervention;
    }
  /** Who belongs to the cluster from here on. While one configuration replaces another the voters of both are told. */
  | {
      readonly kind: 'membership';
      readonly members: readonly { readonly id: string; readonly address: string; readonly voter: boolean }[];
    };

/** One event of the cluster. */
export type ClusterEvent = EventPosition &
  Happening & {
    /** Table time in ms when it happened: the clocks of leaders, for people. It decides nothing. */
    readonly time: number;
  };

/** Asks for the events behind a position; answered with an `EventsAnswer`. */
export interface EventsQuery {
  readonly kind: 'events';
  /** Only events of locks whose names begin with it; empty: all events. */
  readonly prefix: string;
  /** Absent: asks where the asked node stands now, and for no event. */
  readonly after: EventPosition | undefined;
}

/** Events in the order of the log, perhaps none, or word that those asked for are not kept any more. */
export type EventsAnswer = EventsPage | EventsGap;

export interface EventsPage {
  readonly events: readonly ClusterEvent[];
  /** Everything up to here has been told, or does not match: the next question is for what lies behind. */
  readonly next: EventPosition;
}

export interface EventsGap {
  /** All events from this log index on can be had. */
  readonly firstIndex: number;
}

export const isBefore = (a: EventPosition, b: EventPosition): boolean =>
  a.index < b.index || (a.index === b.index && a.place < b.place);

export const laterOf = (a: EventPosition, b: EventPosition): EventPosition => (isBefore(a, b) ? b : a);
