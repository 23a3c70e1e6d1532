import { answerField } from './answers.ts';
import { isAskedBy } from './asked-by.ts';
import { askedField } from './asked-row.ts';
import type { Mode } from './command.ts';
import { parseHome } from './command-tuple.ts';
import { Delay, delayField } from './delays.ts';
import * as field from './fields.ts';
import { FieldError } from './fields.ts';
import { optionsField } from './hold-options.ts';
import type { TableLimits } from './limits.ts';
import { Claim, Lock, type Terms } from './lock-row.ts';
import { lossField } from './loss-row.ts';
import { exclusiveField, kindOf, modeField } from './modes.ts';
import { nameInKey, restoreRegister } from './register-rows.ts';
import { claimWidths, numbersIn, rowLetters, rowsVersion } from './rows.ts';
import { nobodysId, Request, Session } from './session.ts';
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
    const awaited = [...sessions.values()].reduce((sum, { waiters }) => sum + waiters.size, 0);
    if (waiting !== awaited) {
      throw new MalformedRowError(undefined, `${totals.waiters} waiters, but ${waiting} queued requests`);
    }
    for (const lock of locks.values()) {
      if (lock.queue.head?.isReady === true) {
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
      case rowLetters.limit:
        this.#limit(key, value);
        break;
      case rowLetters.register:
        restoreRegister(this.#state.registers, { key, value }, this.#state.counters.tokens);
        break;
      case rowLetters.session:
        this.#session(key, value);
        break;
      case rowLetters.hold:
        this.#hold(key, value);
        break;
      case rowLetters.loss:
        this.#loss(key, value);
        break;
      case rowLetters.delay:
        this.#delay(key, value);
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

  #limit(key: string, value: unknown): void {
    const name = field.lockName(nameInKey(key), 'its name');
    const [limit] = field.tupleOf(value, 'it', 1);
    const lock = new Lock(name, 'semaphore', field.permits(limit, 'its limit'));
    lock.isKept = true;
    lock.isPersisted = true;
    this.#state.locks.set(name, lock);
  }

  #hold(key: string, value: unknown): void {
    const claim = this.#claim(value, 0);
    const { lock, session } = claim;
    [claim.token] = numbersIn(key, 1);
    notAbove(claim.token, this.#state.counters.tokens, 'token');
    if (claim.terms?.upgrades !== undefined) throw new FieldError('it is a hold that waits for an upgrade');
    // A limit that was lowered under its holders stays exceeded until enough of them have left.
    if (!lock.isKept && !lock.admits(claim.mode, claim.permits)) {
      throw new FieldError('it stands beside a hold that excludes it');
    }
    if (claim.terms?.owner !== undefined) this.#state.owners.add(claim.terms.owner, claim);
    if (claim.terms?.hasBegun === true) this.#begun(claim);
    if (session === this.#state.nobody && !claim.isSticky) throw new FieldError('it has no session, but is not sticky');
    if (claim.isSticky) this.#state.totals.sticky += 1;
    lock.enter(claim);
    session.holds.set(claim.token, claim);
    this.#state.totals.holds += 1;
  }

  #begun(claim: Claim): void {
    if (claim.terms?.options?.holdMsMax === undefined) throw new FieldError('it has begun, but is not bounded');
    this.#state.begun.add(claim);
  }

  #loss(key: string, value: unknown): void {
    const [token] = numbersIn(key, 1);
    notAbove(token, this.#state.counters.tokens, 'token');
    const [id, ...cells] = field.tuple(value, 'it');
    const session = this.#sessionAt(field.positive(id, 'its session'));
    if (session.holds.has(token)) throw new FieldError('its hold stands');
    session.losses.set(token, lossField([session, token], cells));
  }

  #delay(key: string, value: unknown): void {
    const { name, mode, limit, token, ms } = delayField(key, value, modeField);
    notAbove(token, this.#state.counters.tokens, 'token');
    const lock = this.#lockAt(name, mode, limit);
    lock.delay = new Delay(lock, token, ms);
    lock.delay.isPersisted = true;
    this.#state.delayed.add(lock.delay);
  }

  #waiter(key: string, value: unknown): void {
    const [arrival] = numbersIn(key, 1);
    const claim = this.#claim(value, arrival);
    if (claim.terms?.hasBegun === true) throw new FieldError('it waits, but has begun');
    const { lock, session, terms } = claim;
    notAbove(arrival, this.#state.counters.arrivals, 'arrival');
    const first = session.waiters.get(claim.sequence);
    if (first === undefined) session.waiters.set(claim.sequence, claim);
    else joinGroup(first, claim);
    if (terms?.upgrades === undefined) lock.queue.push(claim);
    else if (terms.upgrades.pendingUpgrade === undefined) lock.queue.unshift(claim);
    else throw new FieldError('its hold waits for an upgrade already');
    if (claim.isSticky) this.#state.totals.sticky += 1;
    if (terms?.owner !== undefined) this.#state.owners.add(terms.owner, claim);
    this.#state.totals.waiters += 1;
  }

  #claim(value: unknown, arrival: number): Claim {
    const cells = field.tuple(value, 'it');
    const { plain, withTerms, withOwner, withOptions, begun } = claimWidths;
    const width = [plain, withOwner, withOptions, begun].find((known) => known === cells.length) ?? withTerms;
    const [name, sessionId, sequence, mode, since, ...rest] = field.tupleOf(cells, 'it', width);
    const isNobodys = arrival === 0 && sessionId === nobodysId;
    const session = isNobodys ? this.#state.nobody : this.#sessionAt(field.positive(sessionId, 'its session'));
    const isPlain = width === plain;
    const read = isPlain ? exclusiveField(mode, 'its mode') : modeField(mode, 'its mode');
    const terms = isPlain ? undefined : termsField(rest, session);
    const lock = this.#lockAt(field.lockName(name, 'its name'), read, terms?.limit ?? 0);
    if (terms?.upgrades !== undefined && terms.upgrades.lock !== lock) throw new FieldError('its hold is another one');
    const claim = new Claim({
      lock,
      session,
      sequence: field.positive(sequence, 'its sequence'),
      mode: read,
      arrival,
      since: field.nonNegative(since, 'its time'),
      terms,
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
    const fits = waiter === undefined ? first.answer.kind !== 'queued' : isAskedBy(waiter, first.asked);
    if (!fits || (waiter !== undefined && first.answer.kind !== 'queued')) {
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

  #lockAt(name: string, mode: Mode, limit: number): Lock {
    const known = this.#state.locks.get(name);
    if (known !== undefined) {
      if (known.kind !== kindOf(mode)) throw new FieldError('it is of another kind than others of its name');
      if (known.limit !== limit && !known.isKept) throw new FieldError('it has another limit than others of its name');
      return known;
    }
    const lock = new Lock(name, kindOf(mode), limit);
    this.#state.locks.set(name, lock);
    return lock;
  }
}

/** Parts of one request arrived together, in their order. */
function joinGroup(first: Claim, claim: Claim): void {
  if (first.terms === undefined || claim.terms === undefined) throw new FieldError('its acquire waits already');
  if (first.terms.upgrades !== undefined || claim.terms.upgrades !== undefined) {
    throw new FieldError('its upgrade is part of a request for several locks');
  }
  const group = [...(first.terms.group ?? [first]), claim];
  for (const { terms } of group) if (terms !== undefined) terms.group = group;
}

function termsField(cells: readonly unknown[], session: Session): Terms {
  const [permits, limit, upgraded, owner, entries, options, begun] = cells;
  if (begun !== undefined && begun !== true) throw new FieldError('its last value is not true');
  const token = field.nonNegative(upgraded, 'its hold');
  const upgrades = token === 0 ? undefined : session.holds.get(token);
  if (token > 0 && upgrades?.mode !== 'U') throw new FieldError('its hold is not there, or not upgradeable');
  return {
    permits: field.permits(permits, 'its permits'),
    limit: field.nonNegative(limit, 'its limit'),
    upgrades,
    owner:
      owner === undefined || (owner === null && options !== undefined) ? undefined : field.owner(owner, 'its owner'),
    entries: cells.length > 3 ? field.nonNegative(entries, 'its entries') : 1,
    options: options === undefined ? undefined : optionsField(options, 'its options'),
    hasBegun: begun === true,
    group: undefined,
  };
}

const isHeld = ({ session, sequence, answer }: Request): boolean =>
  answer.kind === 'granted' && session.holds.get(answer.token)?.sequence === sequence;

function notAbove(number: number, counter: number, what: string): void {
  if (number > counter) throw new FieldError(`its ${what} is ${number}, but the counter stands at ${counter}`);
}
