import {
  type Answer,
  type ForceRelease,
  type Intervention,
  lossesKeptMax,
  type OperatorRequest,
  type RequestRevoke,
  type SessionEnd,
  type Steal,
  type TableLimits,
  type TakeOver,
  tokensToldMax,
} from '../../src/table/index.ts';
import { byToken, isHold, kinds, type ModelClaim, ModelClaims, type ModelSession } from './model-claims.ts';

/** A hold that was ended by force, as long as its session has not let go of it. */
interface ModelLoss {
  readonly session: number;
  readonly name: string;
  readonly token: number;
  readonly by: Intervention;
  readonly isHandedOver?: true;
}

/** What ends the holds of others: the ends of their sessions, and operators. */
export class ModelOperators extends ModelClaims {
  losses: ModelLoss[] = [];
  readonly #limits: TableLimits;

  constructor(limits: TableLimits) {
    super();
    this.#limits = limits;
  }

  /** By rising token. */
  lossesOf(id: number): readonly ModelLoss[] {
    return this.losses.filter(({ session }) => session === id).sort((a, b) => a.token - b.token);
  }

  end(ids: readonly number[], end: SessionEnd, by?: Intervention): void {
    const names: string[] = [];
    for (const id of ids) {
      if (this.session(id) === undefined) {
        this.events.push({ kind: 'session-ended', session: id, end: 'unknown' });
        continue;
      }
      const mine = this.claims.filter(({ session }) => session === id);
      for (const hold of mine.filter(isHold).sort(byToken)) {
        const { name, token } = hold;
        if (hold.options?.sticky === true) {
          this.events.push({ kind: 'orphaned', name, session: id, token });
          hold.session = 0;
          continue;
        }
        names.push(name);
        this.events.push({ kind: 'lost', name, session: id, token });
        if (end !== 'closed' || by !== undefined) this.delay(hold);
      }
      for (const { name } of mine.filter((claim) => !isHold(claim))) names.push(name);
      this.claims = this.claims.filter(({ session }) => session !== id);
      this.sessions = this.sessions.filter((session) => session.id !== id);
      this.answers = this.answers.filter(({ session }) => session !== id);
      this.losses = this.losses.filter(({ session }) => session !== id);
      this.events.push({ kind: 'session-ended', session: id, end, ...(by === undefined ? {} : { by }) });
    }
    this.passOn([...new Set(names)]);
  }

  /** Everybody else waits on as before. */
  takeOver(session: ModelSession, { name, secret, token, sequence }: TakeOver): Answer {
    const hold = this.holdersOf(name).find(({ options }) => options?.secret === secret);
    if (hold === undefined || (token !== undefined && hold.token !== token)) return { kind: 'not-held' };
    if (hold.session === session.id && hold.sequence > sequence) return { kind: 'not-held' };
    const max = this.#limits.holdsPerSessionMax;
    const mine = this.claims.filter((claim) => claim.session === session.id && isHold(claim));
    if (!mine.includes(hold) && mine.length >= max) {
      return { kind: 'limit-exceeded', limit: 'holds per session', max };
    }
    const ttlMax = 5 * (hold.options?.holdMsMax ?? Number.POSITIVE_INFINITY);
    if (session.open.ttlMs > ttlMax) {
      return { kind: 'limit-exceeded', limit: 'ms of session TTL under its maxHold', max: ttlMax };
    }
    const had = { ...hold, token: hold.token ?? 0 };
    const upgrade = this.claims.find(({ upgrades }) => upgrades === had.token);
    const by = { session: session.id, actor: session.open.label || `session ${session.id}`, reason: '' };
    this.#lose({ session: had.session, name, token: had.token, by, isHandedOver: true });
    this.tokens += 1;
    Object.assign(hold, { session: session.id, sequence, token: this.tokens, since: this.time, entries: 1 });
    hold.hasBegun = false;
    const former = this.session(had.session);
    if (former !== undefined) this.forgetBelowMark(former, had.sequence);
    this.events.push({ kind: 'lost', name, session: had.session, token: had.token, reason: 'handed-over', by });
    this.events.push({ kind: 'granted', name, session: session.id, token: this.tokens });
    if (upgrade !== undefined) this.endWait(upgrade, { kind: 'not-held' });
    this.passOn([name]);
    const { mode, permits, owner, options = {} } = hold;
    return { kind: 'granted', token: this.tokens, grantedAt: this.time, terms: { mode, permits, owner, options } };
  }

  operate(command: OperatorRequest): Answer {
    const { session, actor, reason } = command;
    const by = { session, actor, reason };
    switch (command.kind) {
      case 'force-release': {
        const meant = this.#meant(command);
        const delay = this.delays.byName.get(command.name);
        if (delay !== undefined) this.delays.end(command.name, command.token ?? delay.token);
        const answer = { kind: 'force-released', ...told(meant) } as const;
        this.#endByForce(meant, by, true);
        this.passOn([command.name]);
        return meant.length === 0 ? { kind: 'not-held' } : answer;
      }
      case 'request-revoke': {
        const meant = this.#meant(command);
        if (meant.length === 0) return { kind: 'not-held' };
        for (const { name, session: holder, token = 0 } of meant) {
          this.events.push({ kind: 'revoke-requested', name, session: holder, token, by });
        }
        return { kind: 'revoke-requested', ...told(meant) };
      }
      case 'end-session':
        if (this.session(command.target) === undefined) return { kind: 'not-closed', why: 'unknown' };
        if (command.target === session) return { kind: 'not-closed', why: 'own' };
        this.end([command.target], 'closed', by);
        return { kind: 'session-closed' };
      case 'steal':
        return this.#steal(command, by);
      default:
        return command satisfies never;
    }
  }

  #steal({ name, mode, session, sequence }: Steal, by: Intervention): Answer {
    const is = this.kindAt(name);
    if (is !== undefined && is !== kinds[mode]) return { kind: 'kind-mismatch', name, is };
    const { holdsPerSessionMax, locksMax } = this.#limits;
    if (this.claims.filter((claim) => claim.session === session && isHold(claim)).length >= holdsPerSessionMax) {
      return { kind: 'limit-exceeded', limit: 'holds per session', max: holdsPerSessionMax };
    }
    const { known } = this;
    if (is === undefined && known.size >= locksMax) return { kind: 'limit-exceeded', limit: 'locks', max: locksMax };
    this.#endByForce(this.holdersOf(name), by, false);
    this.delays.byName.delete(name);
    const none = { token: undefined, upgrades: undefined, owner: undefined, options: undefined, hasBegun: false };
    const claim = { name, mode, session, sequence, permits: 1, limit: 0, entries: 1, since: this.time, ...none };
    this.claims.push(claim);
    return this.grant([claim]);
  }

  #meant({ name, token }: ForceRelease | RequestRevoke): readonly ModelClaim[] {
    return this.holdersOf(name).filter((hold) => token === undefined || hold.token === token);
  }

  #endByForce(holds: readonly ModelClaim[], by: Intervention, mayDelay: boolean): void {
    for (const hold of holds) {
      const { name, session: id, sequence, token = 0 } = hold;
      this.claims = this.claims.filter((claim) => claim !== hold);
      const session = this.session(id);
      if (session !== undefined) this.forgetBelowMark(session, sequence);
      this.#lose({ session: id, name, token, by });
      this.events.push({ kind: 'lost', name, session: id, token, by });
      for (const waiter of this.claims.filter(({ upgrades }) => upgrades === token)) {
        this.endWait(waiter, { kind: 'not-held' });
      }
      if (mayDelay) this.delay(hold);
    }
  }

  /** Nobody hears of what nobody had. */
  #lose(loss: ModelLoss): void {
    if (loss.session === 0) return;
    this.losses.push(loss);
    const [first, ...others] = this.lossesOf(loss.session);
    if (others.length >= lossesKeptMax) this.losses = this.losses.filter((one) => one !== first);
  }
}

const told = (holds: readonly ModelClaim[]) => ({
  count: holds.length,
  tokens: holds.slice(0, tokensToldMax).map(({ token = 0 }) => token),
});
