import { answerField } from './answers.ts';
import { layout, parseHome } from './command-tuple.ts';
import * as field from './fields.ts';
import { FieldError } from './fields.ts';
import type { TableLimits } from './limits.ts';
import { Claim, Lock } from './lock-row.ts';
import { modeField } from './modes.ts';
import { numbersIn, rowLetters, rowsVersion, withdrawnLayout } from './rows.ts';
import { type Asked, Request, Session } from './session.ts';
import { newState, type TableState } from './state.ts';

/** Rows that no table wrote, or rows of different tables. What was read so far is of no use. */
export class MalformedRowError extends Error {
  override readonly name: string = 'MalformedRowError';
  /** Of the row at which it showed; bounded. Absent if all rows together do not fit. */
  readonly key: string | undefined;

  constructor(key: string | undefined, reason: string) {
    super(key === undefined ? `The table's rows do not fit: ${reason}.` : `Row ${field.shown(key)}: ${reason}.`);
    this.key = key;
  }
}

/** Builds a state out of rows in key order, and checks each row and the whole. */
export class Rebuilding {
  readonly #state: TableState;
  #lastKey = '';

  constructor(limits: TableLimits) {
    this.#state = newState(limits);
  }

  add({ key, value }: { readonly key: string; readonly value: unknown }): void {
    try {
      if (key <= this.#lastKey) throw new FieldError('it does not come after the row before');
      if (this.#lastKey === '' && key !== rowLetters.counters) throw new FieldError('the row of counters is not first');
      this.#lastKey = key;
      this.#read(key, value);
    } catch (error) {
      if (error instanceof FieldError) throw new MalformedRowError(key, error.message);
      throw error;
    }
  }

  finish(): TableState {
    const { locks, sessions, totals } = this.#state;
    let waiting = 0;
    for (const { requests } of sessions.values()) {
      for (const { answer } of requests.values()) waiting += answer.kind === 'queued' ? 1 : 0;
    }
    if (waiting !== totals.waiters) {
      throw new MalformedRowError(undefined, `${totals.waiters} waiters, but ${waiting} queued requests`);
    }
    for (const lock of locks.values()) {
      const { head } = lock.queue;
      if (head !== undefined && lock.admits(head.mode)) {
        throw new MalformedRowError(undefined, `${field.shown(lock.name)} has a queue, but its head may have it`);
      }
    }
    return this.#state;
  }

  #read(key: string, value: unknown): void {
    switch (key[0]) {
      case rowLetters.counters:
        this.#counters(value);
        break;
      case rowLetters.run:
        this.#run(key, value);
        break;
      case rowLetters.session:
        this.#session(key, value);
        break;
      case rowLetters.hold:
        this.#hold(key, value);
        break;
      case rowLetters.waiter:
        this.#waiter(key, value);
        break;
      case rowLetters.request:
        this.#request(key, value);
        break;
      default:
        throw new FieldError('it is of no known kind');
    }
  }

  #counters(value: unknown): void {
    const [version, index, time, tokens, arrivals, sessions] = field.tupleOf(value, 'it', 6);
    if (version !== rowsVersion) {
      throw new FieldError(`its version is ${field.shown(version)}, expected ${rowsVersion}`);
    }
    const { counters } = this.#state;
    counters.index = field.positive(index, 'its index');
    counters.time = field.nonNegative(time, 'its time');
    counters.tokens = field.nonNegative(tokens, 'its token counter');
    counters.arrivals = field.nonNegative(arrivals, 'its counter of arrivals');
    counters.sessions = field.nonNegative(sessions, 'its counter of sessions');
  }

  #run(key: string, value: unknown): void {
    const node = field.nodeId(key.slice(1), 'its node');
    const [incarnation, run, boot, retired] = field.tupleOf(value, 'it', 4);
    this.#state.runs.set(node, {
      node,
      incarnation: field.nonce(incarnation, 'its incarnation'),
      run: field.positive(run, 'its run'),
      boot: field.boot(boot, 'its boot'),
      retired: field.tuple(retired, 'its retired').map((one) => field.nonce(one, 'a retired incarnation')),
      isPersisted: true,
    });
  }

  #session(key: string, value: unknown): void {
    const { sessions, sessionsByNonce, counters } = this.#state;
    const [id] = numbersIn(key, 1);
    const [nonce, ttlMs, label, home, openedAt, version, mark] = field.tupleOf(value, 'it', 7);
    const session = new Session({
      id,
      nonce: field.nonce(nonce, 'its nonce'),
      ttlMs: field.ttlMs(ttlMs, 'its TTL'),
      label: field.label(label, 'its label'),
      home: parseHome(field.tupleOf(home, 'its home', 3)),
      openedAt: field.nonNegative(openedAt, 'its time'),
    });
    session.version = field.positive(version, 'its version');
    session.mark = field.nonNegative(mark, 'its mark');
    session.isPersisted = true;
    notAbove(id, counters.sessions, 'session');
    if (sessionsByNonce.has(session.nonce)) throw new FieldError('its nonce is that of another session');
    sessions.set(id, session);
    sessionsByNonce.set(session.nonce, session);
  }

  #hold(key: string, value: unknown): void {
    const claim = this.#claim(value, 0);
    [claim.token] = numbersIn(key, 1);
    notAbove(claim.token, this.#state.counters.tokens, 'token');
    if (!claim.lock.admits(claim.mode)) throw new FieldError('it stands beside a hold that excludes it');
    claim.lock.holders.push(claim);
    claim.session.holds.set(claim.token, claim);
    this.#state.totals.holds += 1;
  }

  #waiter(key: string, value: unknown): void {
    const [arrival] = numbersIn(key, 1);
    const claim = this.#claim(value, arrival);
    notAbove(arrival, this.#state.counters.arrivals, 'arrival');
    if (claim.session.waiters.has(claim.sequence)) throw new FieldError('its acquire waits already');
    claim.lock.queue.push(claim);
    claim.session.waiters.set(claim.sequence, claim);
    this.#state.totals.waiters += 1;
  }

  #claim(value: unknown, arrival: number): Claim {
    const [name, session, sequence, mode, since] = field.tupleOf(value, 'it', 5);
    const claim = new Claim({
      lock: this.#lockAt(field.lockName(name, 'its name')),
      session: this.#sessionAt(field.positive(session, 'its session')),
      sequence: field.positive(sequence, 'its sequence'),
      mode: modeField(mode, 'its mode'),
      arrival,
      since: field.nonNegative(since, 'its time'),
    });
    claim.isPersisted = true;
    return claim;
  }

  #request(key: string, value: unknown): void {
    const [id, sequence] = numbersIn(key, 2);
    const session = this.#sessionAt(id);
    const [asked, answer] = field.tupleOf(value, 'it', 2);
    const first = { asked: askedField(asked, 'its request'), answer: answerField(answer, 'its answer') };
    const request = new Request(session, sequence, first);
    request.isPersisted = true;
    const waiter = session.waiters.get(sequence);
    const isAsked = first.asked.kind === 'acquire' && first.asked.name === waiter?.lock.name;
    if ((first.answer.kind === 'queued') !== (waiter !== undefined) || (waiter !== undefined && !isAsked)) {
      throw new FieldError('its answer and the queues do not fit');
    }
    if (sequence <= session.mark && waiter === undefined && !isHeld(request)) {
      throw new FieldError('it stands below the mark of its session');
    }
    session.requests.set(sequence, request);
  }

  #sessionAt(id: number): Session {
    const session = this.#state.sessions.get(id);
    if (session === undefined) throw new FieldError(`it belongs to session ${id}, which is not there`);
    return session;
  }

  #lockAt(name: string): Lock {
    const known = this.#state.locks.get(name);
    if (known !== undefined) return known;
    const lock = new Lock(name);
    this.#state.locks.set(name, lock);
    return lock;
  }
}

const isHeld = ({ session, sequence, answer }: Request): boolean =>
  answer.kind === 'granted' && session.holds.get(answer.token)?.sequence === sequence;

function notAbove(number: number, counter: number, what: string): void {
  if (number > counter) throw new FieldError(`its ${what} is ${number}, but the counter stands at ${counter}`);
}

const askedField: field.Field<Asked> = (value, what) => {
  const cells = field.tuple(value, what);
  switch (cells[0]) {
    case withdrawnLayout:
      field.tupleOf(cells, what, 1);
      return { kind: 'withdrawn' };
    case layout.acquire: {
      const [, name, mode, waits] = field.tupleOf(cells, what, 4);
      return {
        kind: 'acquire',
        name: field.lockName(name, 'its name'),
        mode: modeField(mode, 'its mode'),
        waits: field.flag(waits, 'its waits'),
      };
    }
    case layout.cancel: {
      const [, target] = field.tupleOf(cells, what, 2);
      return { kind: 'cancel', target: field.positive(target, 'its target') };
    }
    case layout.release: {
      const [, name, token] = field.tupleOf(cells, what, 3);
      return {
        kind: 'release',
        name: field.lockName(name, 'its name'),
        token: field.positive(token, 'its token'),
      };
    }
    default:
      throw new FieldError(`${what} is of kind ${field.shown(cells[0])}, expected 0 or 5 to 7`);
  }
};
