import type { LockKind, Mode, OpenSession, Sequence, SessionId } from './command.ts';
import type { Intervention } from './operator-command.ts';

/** One hold, for people. Times are table time in ms. */
export interface HolderView {
  /** 0: none. The session of a sticky hold has ended, and nobody has taken the hold over yet. */
  readonly session: SessionId;
  readonly label: string;
  /** The node that the session lives in; null for a remote client's. */
  readonly node: string | null;
  readonly token: number;
  readonly mode: Mode;
  /** Of a semaphore; 1 of any other lock. */
  readonly permits: number;
  /** Null if the request named none. */
  readonly owner: string | null;
  /** What the holder has written to it; null if nothing. */
  readonly metadata: string | null;
  /** Whether it outlives its session. */
  readonly sticky: boolean;
  /** How often its owner has entered it and not left it yet; 1 but for a re-entrant hold. */
  readonly entries: number;
  /** When it was granted. */
  readonly since: number;
}

/** One request in a queue, for people. Times are table time in ms. */
export interface WaiterView {
  /** 1 is next. */
  readonly position: number;
  readonly session: SessionId;
  readonly label: string;
  readonly node: string | null;
  readonly sequence: Sequence;
  /** `W` at the head of a queue may be an upgrade: its session then holds the lock in mode `U`. */
  readonly mode: Mode;
  readonly permits: number;
  readonly owner: string | null;
  readonly metadata: string | null;
  /** Whether it will outlive its session. */
  readonly sticky: boolean;
  /** When it came. */
  readonly since: number;
}

/** One lock without its queue. Plain values only: survives JSON. */
export interface LockSummary {
  readonly name: string;
  readonly kind: LockKind;
  /** How many permits a semaphore has in all; null for any other lock. */
  readonly limit: number | null;
  /** At most `viewMax` of them. */
  readonly holders: readonly HolderView[];
  /** All who wait. */
  readonly waiting: number;
  /** How long nobody is granted it after a hold that was lost, in ms in all; null if it is not in such a delay. */
  readonly lockDelay: number | null;
}

/** One lock with its queue. */
export interface LockView extends LockSummary {
  /** From the head, at most `viewMax`. */
  readonly queue: readonly WaiterView[];
}

/** What stands in a register. */
export interface RegisterView {
  readonly value: string;
  /** 1 or more; rises by one with each write. */
  readonly version: number;
  /** The fencing token of the hold under which it was written. */
  readonly token: number;
}

export interface ListQuery {
  /** Every name begins with the empty prefix. */
  readonly prefix?: string;
  /** At most this many, 1 to `listMax`; 1,000 if absent. What lies outside is brought to the nearer end. */
  readonly limit?: number;
  /** Only names after this one. */
  readonly after?: string | undefined;
}

/** For people: says nothing that would let one act for the session. */
export interface SessionView {
  readonly session: SessionId;
  readonly label: string;
  readonly node: string | null;
  readonly ttlMs: number;
  readonly openedAt: number;
  readonly holds: number;
  readonly waiters: number;
}

/** For the floors that keep sessions alive. The nonce is the client's secret: it goes into no log line and no view. */
export interface SessionRecord {
  readonly session: SessionId;
  readonly nonce: string;
  readonly ttlMs: number;
  readonly home: OpenSession['home'];
  /** Commands of the session applied so far, its open included: what an expire must name. */
  readonly version: number;
  readonly mark: Sequence;
}

/** A hold as its session knows it. */
export interface Hold {
  readonly name: string;
  readonly token: number;
  /** Of the acquire that made it. */
  readonly sequence: Sequence;
  readonly grantedAt: number;
}

/** A hold that was ended by force or taken over, as its session hears of it. */
export interface Taken {
  readonly name: string;
  readonly token: number;
  readonly by: Intervention;
  /** It stands under another token, and whoever took it over has it. */
  readonly isHandedOver?: true | undefined;
}

/** A request in a queue as its session knows it. */
export interface Wait {
  readonly name: string;
  /** Of the acquire that waits. */
  readonly sequence: Sequence;
}

/** Arrivals rise with each request that has to wait, whatever it waits for. */
export interface Contention {
  readonly first: number;
  readonly last: number;
}

export interface Counts {
  /** Names that somebody holds, and semaphores whose limit was changed. */
  readonly locks: number;
  readonly holds: number;
  readonly waiters: number;
  readonly sessions: number;
  /** The last fencing token minted. */
  readonly tokens: number;
}
