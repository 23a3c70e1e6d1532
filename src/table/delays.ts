import type { RowForm } from './changed-rows.ts';
import type { LockKind, Mode } from './command.ts';
import * as field from './fields.ts';
import type { Claim, Lock } from './lock-row.ts';
import { nameInKey, nameKey } from './register-rows.ts';
import type { TableState } from './state.ts';
import type { Emit } from './tools.ts';

/** A name that nobody is granted because a hold of it ended against its holder's will. One at most for each lock. */
export class Delay {
  readonly lock: Lock;
  /** Of the hold that left it: names it, as no hold ends twice. */
  token: number;
  /** How long it lasts, by the leader's clock. The table does not count. */
  ms: number;
  /** See `ChangedRows`. */
  isPersisted = false;

  constructor(lock: Lock, token: number, ms: number) {
    this.lock = lock;
    this.token = token;
    this.ms = ms;
  }
}

/** Begins and ends the delays of names. */
export class Delays {
  readonly #state: TableState;

  constructor(state: TableState) {
    this.#state = state;
  }

  /**
   * That hold has just ended against its holder's will, and others may stand beside it still. A delay that is there
   * already is counted anew, as long as the longer of the two: nobody here knows how much of it has passed.
   */
  begin({ lock, token, terms }: Claim, emit: Emit): void {
    const ms = terms?.options?.delayMs;
    if (ms === undefined) return;
    const { delayed, changes } = this.#state;
    const delay = lock.delay ?? new Delay(lock, token, ms);
    delay.token = token;
    delay.ms = Math.max(delay.ms, ms);
    lock.delay = delay;
    delayed.add(delay);
    changes.delays.put(delay);
    emit({ kind: 'delayed', name: lock.name, token, delayMs: delay.ms });
  }

  /** The caller then passes the lock on, or takes it. */
  end(delay: Delay): void {
    delay.lock.delay = undefined;
    this.#state.delayed.delete(delay);
    this.#state.changes.delays.remove(delay);
  }
}

/** As in `rowLetters`: behind the holds, which a delay lets stand, and before those who wait for its end. */
const delayLetter = 'v';

/** By which a row says what its name is used as. */
const modeOf: Readonly<Record<LockKind, Mode>> = { exclusive: 'X', 'reader-writer': 'W', semaphore: 'S' };

export const delayForm: RowForm<Delay> = {
  key: ({ lock }) => nameKey(delayLetter, lock.name),
  value: ({ lock, token, ms }) => [modeOf[lock.kind], lock.limit, token, ms],
};

interface DelayRow {
  readonly name: string;
  readonly mode: Mode;
  readonly limit: number;
  readonly token: number;
  readonly ms: number;
}

/** Reads one row back; `modeField` reads its mode. */
export function delayField(key: string, value: unknown, modeField: field.Field<Mode>): DelayRow {
  const [mode, limit, token, ms] = field.tupleOf(value, 'it', 4);
  return {
    name: field.lockName(nameInKey(key), 'its name'),
    mode: modeField(mode, 'its mode'),
    limit: field.nonNegative(limit, 'its limit'),
    token: field.positive(token, 'its token'),
    ms: field.delayMs(ms, 'its delay'),
  };
}
