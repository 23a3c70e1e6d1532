import type {
  AcquireAll,
  Answer,
  Cancel,
  ChangeLimit,
  Command,
  Downgrade,
  Guarded,
  OpenSession,
  Release,
  SessionRequest,
  Started,
  TableEvent,
  TableLimits,
  Upgrade,
} from '../../src/table/index.ts';
import { isHold, kinds, type ModelClaim, type ModelSession } from './model-claims.ts';
import { ModelOperators } from './model-operators.ts';
import { ModelRegisters } from './model-registers.ts';
import { isSame, mayWait } from './model-requests.ts';
import { ModelRuns } from './model-runs.ts';

/**
 * The lock table as one would explain it: flat lists, searched from the front. Written from the semantics, not from
 * the table.
 */
export class Model extends ModelOperators {
  readonly runs: ModelRuns;
  readonly registers: ModelRegisters;
  readonly #limits: TableLimits;
  #opened = 0;

  constructor(limits: TableLimits) {
    super(limits);
    this.#limits = limits;
    this.runs = new ModelRuns(limits.nodesMax);
    this.registers = new ModelRegisters(limits);
  }

  apply(stamp: number, command: Command): readonly TableEvent[] {
    this.events = [];
    this.time = Math.max(this.time, stamp);
    if (command.kind === 'started') this.#started(command);
    else if (command.kind === 'open') this.#open(command);
    else if (command.kind === 'close') this.end([command.session], 'closed');
    else if (command.kind === 'expire') {
      const session = this.session(command.session);
      if (session === undefined || session.version === command.version) this.end([command.session], 'expired');
    } else if (command.kind === 'overdue') this.overdue(command);
    else if (command.kind === 'delay-over') this.delayOver(command);
    else this.#request(command);
    return this.events;
  }

  #started(command: Started): void {
    const { kind: _, ...run } = command;
    const isCurrent = this.runs.start(command);
    this.events.push({ kind: 'started', ...run, isCurrent });
    if (!isCurrent) return;
    const old = this.sessions.filter(({ open: { home } }) => home?.node === command.node && !this.runs.isHome(home));
    if (old.length > 0)
      this.end(
        old.map(({ id }) => id),
        'superseded',
      );
  }

  #open(command: OpenSession): void {
    const { nonce, ttlMs } = command;
    const known = this.sessions.find(({ open }) => open.nonce === nonce);
    if (known !== undefined && JSON.stringify(known.open) === JSON.stringify(command)) {
      known.version += 1;
      this.events.push({ kind: 'session-opened', session: known.id, nonce, ttlMs });
      return;
    }
    const reason =
      known !== undefined
        ? 'mismatch'
        : !this.runs.isHome(command.home)
          ? 'superseded'
          : this.sessions.length >= this.#limits.sessionsMax
            ? 'limit-exceeded'
            : undefined;
    if (reason !== undefined) {
      this.events.push({ kind: 'session-refused', nonce, reason });
      return;
    }
    this.#opened += 1;
    this.sessions.push({ id: this.#opened, open: command, version: 1, mark: 0 });
    this.events.push({ kind: 'session-opened', session: this.#opened, nonce, ttlMs });
  }

  #request(command: SessionRequest): void {
    const { session: id, sequence } = command;
    const say = (answer: Answer) => this.events.push({ kind: 'answered', session: id, sequence, answer });
    const session = this.session(id);
    if (session === undefined) {
      say({ kind: 'session-expired' });
      return;
    }
    session.version += 1;
    this.answers = this.answers.filter(
      (old) =>
        old.session !== id ||
        old.sequence > command.mark ||
        old.answer.kind === 'queued' ||
        (old.sequence <= session.mark && old.answer.kind === 'granted'),
    );
    session.mark = Math.max(session.mark, command.mark);
    const mine = this.answers.filter((old) => old.session === id);
    const first = mine.find((old) => old.sequence === sequence);
    const { kind } = command.kind === 'guarded' ? command.request : command;
    const takes = ['acquire', 'acquire-all', 'upgrade', 'limit', 'proclaim', 'write', 'steal', 'take-over'].includes(
      kind,
    );
    const room = this.#limits.answersPerSessionMax * (takes ? 1 : 2);
    if (first !== undefined) say(isSame(first.command, command) ? first.answer : { kind: 'mismatch' });
    else if (sequence <= session.mark) say({ kind: 'stale' });
    else if (mine.length >= room) {
      say({ kind: 'limit-exceeded', limit: 'answers per session', max: this.#limits.answersPerSessionMax });
    } else {
      const answer = this.#execute(session, command);
      this.answers.push({ session: id, sequence, command, answer });
      say(answer);
    }
  }

  #execute(session: ModelSession, command: SessionRequest): Answer {
    switch (command.kind) {
      case 'acquire':
        return this.#acquire({
          ...command,
          kind: 'acquire-all',
          parts: [{ name: command.name, mode: command.mode, permits: 1, limit: 0 }],
          owner: undefined,
          reenters: false,
        });
      case 'acquire-all':
        return this.#acquire(command);
      case 'upgrade':
        return this.#upgrade(session, command);
      case 'downgrade':
        return this.#downgrade(session, command);
      case 'limit':
        return this.#changeLimit(command);
      case 'begun':
        return this.begin(session, command);
      case 'cancel':
        return this.#cancel(session, command);
      case 'release':
        return this.#release(session, command);
      case 'proclaim':
        return this.proclaim(session, command);
      case 'take-over':
        return this.takeOver(session, command);
      case 'guarded':
        return this.#guarded(session, command);
      default:
        return this.operate(command);
    }
  }

  #guarded(session: ModelSession, { guard, request }: Guarded): Answer {
    if (this.holdersOf(guard.name).every(({ token }) => token !== guard.token)) return { kind: 'fenced', highest: 0 };
    return request.kind === 'write' ? this.registers.write(request, guard.token) : this.#execute(session, request);
  }

  #release(session: ModelSession, { name, token }: Release): Answer {
    const held = this.held(session, name, token);
    if (held === undefined) {
      this.losses = this.losses.filter((loss) => loss.session !== session.id || loss.token !== token);
      return { kind: 'not-held' };
    }
    if (held.entries > 1) {
      held.entries -= 1;
      return { kind: 'released' };
    }
    this.leave(held, { kind: 'released', name, session: session.id, token });
    return { kind: 'released' };
  }

  #acquire(command: AcquireAll): Answer {
    const { session, waits, parts, owner, reenters } = command;
    const limits = this.#limits;
    for (const { name, mode, limit } of parts) {
      const is = this.kindAt(name);
      if (is !== undefined && is !== kinds[mode]) return { kind: 'kind-mismatch', name, is };
      const now = this.limitOf(name);
      if (now !== undefined && now !== limit) return { kind: 'semaphore-limit', name, limit: now };
    }
    const own = this.claims.find(
      (claim) => isHold(claim) && claim.session === session && claim.name === parts[0]?.name,
    );
    if (reenters && own?.token !== undefined && own.owner === owner) {
      own.entries += 1;
      return { kind: 'granted', token: own.token, grantedAt: own.since };
    }
    const claims = this.claimsOf(command);
    const isTaken = claims.some((claim) => this.queueOf(claim.name).length > 0 || !this.isOpen(claim));
    if (isTaken && !waits) return { kind: 'busy' };
    const full = isTaken ? this.fullFor(command) : undefined;
    if (full !== undefined) return full;
    const mine = this.claims.filter((claim) => claim.session === session);
    if (mine.filter(isHold).length + parts.length > limits.holdsPerSessionMax) {
      return { kind: 'limit-exceeded', limit: 'holds per session', max: limits.holdsPerSessionMax };
    }
    if (isTaken && this.requestsWaiting(session) >= limits.waitersPerSessionMax) {
      return { kind: 'limit-exceeded', limit: 'waiters per session', max: limits.waitersPerSessionMax };
    }
    const { known } = this;
    const fresh = parts.filter(({ name }) => !known.has(name)).length;
    if (fresh > 0 && known.size + fresh > limits.locksMax) {
      return { kind: 'limit-exceeded', limit: 'locks', max: limits.locksMax };
    }
    const sticky = this.claims.filter(({ options }) => options?.sticky).length;
    if (command.options?.sticky && sticky + parts.length > limits.stickyMax) {
      return { kind: 'limit-exceeded', limit: 'sticky holds', max: limits.stickyMax };
    }
    this.claims.push(...claims);
    return isTaken ? this.#unlessDeadlocked(claims) : this.grant(claims);
  }

  #upgrade(session: ModelSession, { name, token, sequence, waits }: Upgrade): Answer {
    const hold = this.held(session, name, token);
    if (hold === undefined) return { kind: 'not-held' };
    const isUnderWay = this.claims.some(({ upgrades }) => upgrades === token);
    if (hold.mode !== 'U' || isUnderWay) return { kind: 'wrong-mode', mode: hold.mode };
    const waiter = { ...hold, sequence, mode: 'W' as const, token: undefined, upgrades: token, hasBegun: false };
    if (this.isOpen(waiter)) return this.convert(hold, sequence);
    if (!waits) return { kind: 'busy' };
    const max = this.#limits.waitersPerSessionMax;
    if (this.requestsWaiting(session.id) >= max) return { kind: 'limit-exceeded', limit: 'waiters per session', max };
    this.claims.push(waiter);
    return this.#unlessDeadlocked([waiter]);
  }

  #unlessDeadlocked(request: readonly ModelClaim[]): Answer {
    const cycle = this.cycleThrough(request);
    if (cycle === undefined) return { kind: 'queued' };
    this.claims = this.claims.filter((claim) => !request.includes(claim));
    return { kind: 'deadlock', cycle };
  }

  #downgrade(session: ModelSession, { name, token, to }: Downgrade): Answer {
    const hold = this.held(session, name, token);
    if (hold === undefined) return { kind: 'not-held' };
    const strength = ['R', 'U', 'W'];
    const isUnderWay = this.claims.some(({ upgrades }) => upgrades === token);
    if (strength.indexOf(to) >= strength.indexOf(hold.mode) || isUnderWay) {
      return { kind: 'wrong-mode', mode: hold.mode };
    }
    hold.mode = to;
    this.events.push({ kind: 'converted', name, session: session.id, had: token, token, mode: to });
    this.passOn([name]);
    return { kind: 'downgraded' };
  }

  #changeLimit({ name, limit }: ChangeLimit): Answer {
    const is = this.kindAt(name);
    if (is !== undefined && is !== 'semaphore') return { kind: 'kind-mismatch', name, is };
    const { known } = this;
    const max = this.#limits.locksMax;
    if (!known.has(name) && known.size >= max) return { kind: 'limit-exceeded', limit: 'locks', max };
    this.kept.set(name, limit);
    const names = [name];
    for (const waiter of this.queueOf(name).filter(({ permits }) => permits > limit)) {
      names.push(...this.groupOf(waiter).map((claim) => claim.name));
      this.endWait(waiter, { kind: 'semaphore-limit', name, limit });
    }
    this.passOn([...new Set(names)]);
    return { kind: 'limit-changed' };
  }

  #cancel(session: ModelSession, { target }: Cancel): Answer {
    const known = this.answers.find((old) => old.session === session.id && old.sequence === target);
    const tellTarget = () =>
      this.events.push({ kind: 'answered', session: session.id, sequence: target, answer: { kind: 'cancelled' } });
    if (known === undefined && target <= session.mark) return { kind: 'stale' };
    if (known === undefined) {
      const answer = { kind: 'cancelled' } as const;
      this.answers.push({ session: session.id, sequence: target, command: undefined, answer });
      tellTarget();
      return { kind: 'cancelled' };
    }
    if (known.command !== undefined && !mayWait(known.command)) return { kind: 'mismatch' };
    if (known.answer.kind === 'granted') return { kind: 'already-granted', token: known.answer.token };
    const waiter = this.claims.find(
      (claim) => !isHold(claim) && claim.session === session.id && claim.sequence === target,
    );
    if (waiter === undefined) return { kind: 'cancelled' };
    const names = this.groupOf(waiter).map(({ name }) => name);
    this.endWait(waiter, { kind: 'cancelled' });
    this.passOn(names);
    return { kind: 'cancelled' };
  }
}
