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
  tokensToldMax,
} from '../../src/table/index.ts';
import { byToken, isHold, kinds, type ModelClaim, ModelClaims } from './model-claims.ts';

/** A hold that was ended by force, as long as its session has not let go of it. */
interface ModelLoss {
  readonly session: number;
  readonly name: string;
  readonly token: number;
  readonly by: Intervention;
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
      this.losses.push({ session: id, name, token, by });
      const [first, ...others] = this.lossesOf(id);
      if (others.length >= lossesKeptMax) this.losses = this.losses.filter((loss) => loss !== first);
      this.events.push({ kind: 'lost', name, session: id, token, by });
      for (const waiter of this.claims.filter(({ upgrades }) => upgrades === token)) {
        this.endWait(waiter, { kind: 'not-held' });
      }
      if (mayDelay) this.delay(hold);
    }
  }
}

const told = (holds: readonly ModelClaim[]) => ({
  count: holds.length,
  tokens: holds.slice(0, tokensToldMax).map(({ token = 0 }) => token),
});
