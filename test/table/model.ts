import type {
  Acquire,
  Answer,
  Cancel,
  Command,
  OpenSession,
  Release,
  SessionEnd,
  Started,
  TableEvent,
  TableLimits,
} from '../../src/table/index.ts';

interface ModelSession {
  readonly id: number;
  readonly open: OpenSession;
  version: number;
  mark: number;
}

/** One request for a lock: with a token it holds, without it waits. */
interface ModelClaim {
  readonly session: number;
  readonly sequence: number;
  readonly name: string;
  token: number | undefined;
}

interface ModelAnswer {
  readonly session: number;
  readonly sequence: number;
  readonly command: Acquire | Cancel | Release | undefined;
  answer: Answer;
}

/**
 * The lock table as one would explain it: flat lists, searched from the front. Written from the semantics, not from
 * the table; exclusive locks only.
 */
export class Model {
  sessions: ModelSession[] = [];
  /** In the order in which they came. */
  claims: ModelClaim[] = [];
  answers: ModelAnswer[] = [];
  starts: Started[] = [];
  retired: { readonly node: string; readonly incarnation: string }[] = [];
  tokens = 0;
  time = 0;
  readonly #limits: TableLimits;
  #opened = 0;
  #events: TableEvent[] = [];

  constructor(limits: TableLimits) {
    this.#limits = limits;
  }

  apply(stamp: number, command: Command): readonly TableEvent[] {
    this.#events = [];
    this.time = Math.max(this.time, stamp);
    if (command.kind === 'started') this.#started(command);
    else if (command.kind === 'open') this.#open(command);
    else if (command.kind === 'close') this.#end([command.session], 'closed');
    else if (command.kind === 'expire') {
      const session = this.#session(command.session);
      if (session === undefined || session.version === command.version) this.#end([command.session], 'expired');
    } else this.#request(command);
    return this.#events;
  }

  #session(id: number): ModelSession | undefined {
    return this.sessions.find((session) => session.id === id);
  }

  #started(command: Started): void {
    const { kind: _, ...run } = command;
    const known = this.starts.find(({ node }) => node === command.node);
    const isRetired = this.retired.some(
      ({ node, incarnation }) => node === command.node && incarnation === command.incarnation,
    );
    const isSame = known?.incarnation === command.incarnation;
    const isCurrent =
      known === undefined
        ? this.starts.length < this.#limits.nodesMax
        : isSame
          ? command.run > known.run || (command.run === known.run && command.boot === known.boot)
          : !isRetired;
    this.#events.push({ kind: 'started', ...run, isCurrent });
    if (!isCurrent) return;
    if (known !== undefined && !isSame) this.retired.push({ node: known.node, incarnation: known.incarnation });
    this.starts = [...this.starts.filter(({ node }) => node !== command.node), command];
    const old = this.sessions.filter(({ open: { home } }) => home?.node === command.node && !this.#isHome(home));
    if (old.length > 0)
      this.#end(
        old.map(({ id }) => id),
        'superseded',
      );
  }

  #isHome(home: OpenSession['home']): boolean {
    if (home === undefined) return true;
    return this.starts.some(
      ({ node, incarnation, run }) => node === home.node && incarnation === home.incarnation && run === home.run,
    );
  }

  #open(command: OpenSession): void {
    const { nonce, ttlMs } = command;
    const known = this.sessions.find(({ open }) => open.nonce === nonce);
    if (known !== undefined && JSON.stringify(known.open) === JSON.stringify(command)) {
      known.version += 1;
      this.#events.push({ kind: 'session-opened', session: known.id, nonce, ttlMs });
      return;
    }
    const reason =
      known !== undefined
        ? 'mismatch'
        : !this.#isHome(command.home)
          ? 'superseded'
          : this.sessions.length >= this.#limits.sessionsMax
            ? 'limit-exceeded'
            : undefined;
    if (reason !== undefined) {
      this.#events.push({ kind: 'session-refused', nonce, reason });
      return;
    }
    this.#opened += 1;
    this.sessions.push({ id: this.#opened, open: command, version: 1, mark: 0 });
    this.#events.push({ kind: 'session-opened', session: this.#opened, nonce, ttlMs });
  }

  #end(ids: readonly number[], end: SessionEnd): void {
    const names: string[] = [];
    for (const id of ids) {
      if (this.#session(id) === undefined) {
        this.#events.push({ kind: 'session-ended', session: id, end: 'unknown' });
        continue;
      }
      const holds = this.claims.filter(({ session, token }) => session === id && token !== undefined);
      for (const { name, token } of holds.sort((a, b) => (a.token ?? 0) - (b.token ?? 0))) {
        names.push(name);
        this.#events.push({ kind: 'lost', name, session: id, token: token ?? 0 });
      }
      this.claims = this.claims.filter(({ session }) => session !== id);
      this.sessions = this.sessions.filter((session) => session.id !== id);
      this.answers = this.answers.filter(({ session }) => session !== id);
      this.#events.push({ kind: 'session-ended', session: id, end });
    }
    for (const name of names) this.#grantNext(name);
  }

  #request(command: Acquire | Cancel | Release): void {
    const { session: id, sequence } = command;
    const say = (answer: Answer) => this.#events.push({ kind: 'answered', session: id, sequence, answer });
    const session = this.#session(id);
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
    const room = this.#limits.answersPerSessionMax * (command.kind === 'acquire' ? 1 : 2);
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

  #execute(session: ModelSession, command: Acquire | Cancel | Release): Answer {
    if (command.kind === 'acquire') return this.#acquire(command);
    if (command.kind === 'cancel') return this.#cancel(session, command);
    const held = this.claims.find(
      (claim) => claim.session === session.id && claim.name === command.name && claim.token === command.token,
    );
    if (held === undefined) return { kind: 'not-held' };
    const { name, token } = command;
    this.claims = this.claims.filter((claim) => claim !== held);
    this.#forgetBelowMark(session, held.sequence);
    this.#events.push({ kind: 'released', name, session: session.id, token });
    this.#grantNext(name);
    return { kind: 'released' };
  }

  #acquire({ session, sequence, name, waits }: Acquire): Answer {
    const limits = this.#limits;
    const mine = this.claims.filter((claim) => claim.session === session);
    const isTaken = this.claims.some((claim) => claim.name === name);
    if (isTaken && !waits) return { kind: 'busy' };
    if (mine.filter(({ token }) => token !== undefined).length >= limits.holdsPerSessionMax) {
      return { kind: 'limit-exceeded', limit: 'holds per session', max: limits.holdsPerSessionMax };
    }
    if (isTaken && mine.filter(({ token }) => token === undefined).length >= limits.waitersPerSessionMax) {
      return { kind: 'limit-exceeded', limit: 'waiters per session', max: limits.waitersPerSessionMax };
    }
    if (!isTaken && new Set(this.claims.map((claim) => claim.name)).size >= limits.locksMax) {
      return { kind: 'limit-exceeded', limit: 'locks', max: limits.locksMax };
    }
    const claim = { session, sequence, name, token: undefined };
    this.claims.push(claim);
    return isTaken ? { kind: 'queued' } : this.#grant(claim);
  }

  #cancel(session: ModelSession, { target }: Cancel): Answer {
    const known = this.answers.find((old) => old.session === session.id && old.sequence === target);
    const tellTarget = () =>
      this.#events.push({ kind: 'answered', session: session.id, sequence: target, answer: { kind: 'cancelled' } });
    if (known === undefined && target <= session.mark) return { kind: 'stale' };
    if (known === undefined) {
      const answer = { kind: 'cancelled' } as const;
      this.answers.push({ session: session.id, sequence: target, command: undefined, answer });
      tellTarget();
      return { kind: 'cancelled' };
    }
    if (known.command !== undefined && known.command.kind !== 'acquire') return { kind: 'mismatch' };
    if (known.answer.kind === 'granted') return { kind: 'already-granted', token: known.answer.token };
    if (known.answer.kind !== 'queued') return { kind: 'cancelled' };
    known.answer = { kind: 'cancelled' };
    this.claims = this.claims.filter((claim) => claim.session !== session.id || claim.sequence !== target);
    this.#forgetBelowMark(session, target);
    tellTarget();
    return { kind: 'cancelled' };
  }

  #forgetBelowMark(session: ModelSession, sequence: number): void {
    if (sequence > session.mark) return;
    this.answers = this.answers.filter((old) => old.session !== session.id || old.sequence !== sequence);
  }

  #grantNext(name: string): void {
    const [next] = this.claims.filter((claim) => claim.name === name);
    if (next === undefined || next.token !== undefined) return;
    const answer = this.#grant(next);
    const known = this.answers.find((old) => old.session === next.session && old.sequence === next.sequence);
    if (known === undefined) throw new Error('the model forgot a waiter');
    known.answer = answer;
    this.#events.push({ kind: 'answered', session: next.session, sequence: next.sequence, answer });
  }

  #grant(claim: ModelClaim): Answer {
    this.tokens += 1;
    claim.token = this.tokens;
    this.#events.push({ kind: 'granted', name: claim.name, session: claim.session, token: this.tokens });
    return { kind: 'granted', token: this.tokens, grantedAt: this.time };
  }
}

/** The mark is no part of what is asked. */
function isSame(first: ModelAnswer['command'], again: Acquire | Cancel | Release): boolean {
  if (first === undefined) return again.kind === 'acquire';
  return JSON.stringify({ ...first, mark: 0 }) === JSON.stringify({ ...again, mark: 0 });
}
