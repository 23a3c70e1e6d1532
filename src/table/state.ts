import { ChangedRows } from './changed-rows.ts';
import type { SessionId } from './command.ts';
import { type Delay, delayForm } from './delays.ts';
import type { TableLimits } from './limits.ts';
import type { Claim, Lock } from './lock-row.ts';
import { Owners } from './owners.ts';
import { floorForm, registerForm } from './register-rows.ts';
import { noRegisters, type Register, type RegisterRows, type VersionFloor } from './registers.ts';
import { claimForms, limitForm, lossForm, requestForm, runForm, sessionForm } from './rows.ts';
import type { NodeRun } from './runs.ts';
import { type Loss, nobodysId, type Request, Session } from './session.ts';

/** What only ever rises. */
export interface Counters {
  /** Of the last entry applied; 0 before the first. */
  index: number;
  /** Table time, ms: the highest stamp so far. For people; decides nothing. */
  time: number;
  /** The last fencing token minted: one counter over all locks, for ever (SEMANTICS 5.1). */
  tokens: number;
  /** The last place in the order of waiters. */
  arrivals: number;
  /** The last session id minted. */
  sessions: SessionId;
}

/** Everything the table knows. Written by `Table` and its parts, read by the views. */
export interface TableState {
  readonly limits: TableLimits;
  readonly counters: Counters;
  readonly locks: Map<string, Lock>;
  /** Iterates in the order of ids. */
  readonly sessions: Map<SessionId, Session>;
  readonly sessionsByNonce: Map<string, Session>;
  /** No session: it has the sticky holds whose sessions have ended, in no order. */
  readonly nobody: Session;
  readonly runs: Map<string, NodeRun>;
  readonly owners: Owners;
  readonly registers: RegisterRows;
  /** Bounded holds that have begun. */
  readonly begun: Set<Claim>;
  /** Of all names that nobody is granted for a while. */
  readonly delayed: Set<Delay>;
  readonly totals: Totals;
  readonly changes: Changes;
}

/** Kept beside the maps, so that a count costs no walk. */
export interface Totals {
  holds: number;
  waiters: number;
  /** Of both, those that outlive their sessions. */
  sticky: number;
}

/** What the next checkpoint has to write. */
export interface Changes {
  readonly runs: ChangedRows<NodeRun>;
  readonly limits: ChangedRows<Lock>;
  readonly sessions: ChangedRows<Session>;
  readonly holds: ChangedRows<Claim>;
  readonly losses: ChangedRows<Loss>;
  readonly waiters: ChangedRows<Claim>;
  readonly requests: ChangedRows<Request>;
  readonly registers: ChangedRows<Register>;
  readonly floors: ChangedRows<VersionFloor>;
  readonly delays: ChangedRows<Delay>;
  hasNewCounters: boolean;
}

/** A table to which nothing was ever applied. */
export const newState = (limits: TableLimits): TableState => ({
  limits,
  counters: { index: 0, time: 0, tokens: 0, arrivals: 0, sessions: 0 },
  locks: new Map(),
  sessions: new Map(),
  sessionsByNonce: new Map(),
  nobody: new Session({ id: nobodysId, nonce: '', ttlMs: 0, home: undefined, label: '', openedAt: 0 }),
  runs: new Map(),
  owners: new Owners(),
  registers: noRegisters(),
  begun: new Set(),
  delayed: new Set(),
  totals: { holds: 0, waiters: 0, sticky: 0 },
  changes: {
    runs: new ChangedRows(runForm),
    limits: new ChangedRows(limitForm),
    sessions: new ChangedRows(sessionForm),
    holds: new ChangedRows(claimForms.hold),
    losses: new ChangedRows(lossForm),
    waiters: new ChangedRows(claimForms.waiter),
    requests: new ChangedRows(requestForm),
    registers: new ChangedRows(registerForm),
    floors: new ChangedRows(floorForm),
    delays: new ChangedRows(delayForm),
    hasNewCounters: false,
  },
});
