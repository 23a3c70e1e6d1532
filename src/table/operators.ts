import * as answers from './answers.ts';
import type { Answer } from './command.ts';
import type { Claim } from './lock-row.ts';
import { kindOf } from './modes.ts';
import type { ForceRelease, Intervention, RequestRevoke, Steal } from './operator-command.ts';
import type { Session } from './session.ts';
import type { TableState } from './state.ts';
import type { Emit, TableTools } from './tools.ts';

/** Executes what operators ask of the holds of others. */
export class Operators {
  readonly #state: TableState;
  readonly #tools: TableTools;

  constructor(state: TableState, tools: TableTools) {
    this.#state = state;
    this.#tools = tools;
  }

  execute(session: Session, command: ForceRelease | RequestRevoke | Steal, emit: Emit): Answer {
    switch (command.kind) {
      case 'force-release':
        return this.#forceRelease(command, emit);
      case 'request-revoke':
        return this.#requestRevoke(command, emit);
      case 'steal':
        return this.#steal(session, command, emit);
      default:
        return command satisfies never;
    }
  }

  #forceRelease(command: ForceRelease, emit: Emit): Answer {
    const { name, token: meant } = command;
    const holds = this.#holdsMeant(command);
    const lock = this.#state.locks.get(name);
    const delay = meant === undefined || lock?.delay?.token === meant ? lock?.delay : undefined;
    if (lock === undefined || (holds.length === 0 && delay === undefined)) return answers.notHeld;
    const { delays } = this.#tools;
    // The one that stands, and not those that follow.
    if (delay !== undefined) delays.end(delay);
    const tokens = holds.map(({ token }) => token);
    for (const hold of holds) {
      this.#end(hold, byWhom(command), emit);
      delays.begin(hold, emit);
    }
    this.#tools.passOn([lock], emit);
    return tokens.length === 0 ? answers.notHeld : answers.ofHolds('force-released', tokens);
  }

  #requestRevoke(command: RequestRevoke, emit: Emit): Answer {
    const holds = this.#holdsMeant(command);
    if (holds.length === 0) return answers.notHeld;
    const by = byWhom(command);
    for (const { lock, session, token } of holds) {
      emit({ kind: 'revoke-requested', name: lock.name, session: session.id, token, by });
    }
    return answers.ofHolds(
      'revoke-requested',
      holds.map(({ token }) => token),
    );
  }

  #steal(session: Session, command: Steal, emit: Emit): Answer {
    const { name, mode, sequence } = command;
    const { locks: rows, limits } = this.#state;
    const { locks, delays } = this.#tools;
    const lock = rows.get(name);
    if (lock !== undefined && lock.kind !== kindOf(mode)) return answers.kindMismatch(name, lock.kind);
    if (session.holds.size >= limits.holdsPerSessionMax) {
      return answers.exceeded('holds per session', limits.holdsPerSessionMax);
    }
    if (lock === undefined && rows.size >= limits.locksMax) return answers.exceeded('locks', limits.locksMax);
    for (const hold of [...(lock?.holders ?? [])]) this.#end(hold, byWhom(command), emit);
    if (lock?.delay !== undefined) delays.end(lock.delay);
    const hold =
      mode === 'X' ? locks.hold(session, { name, mode, sequence }) : locks.holdWrite(session, name, sequence);
    emit({ kind: 'granted', name, session: session.id, token: hold.token });
    return { kind: 'granted', token: hold.token, grantedAt: hold.since };
  }

  /** In the order of their tokens. */
  #holdsMeant({ name, token }: ForceRelease | RequestRevoke): readonly Claim[] {
    const holders = this.#state.locks.get(name)?.holders;
    if (holders === undefined) return [];
    return token === undefined ? [...holders] : [...holders].filter((hold) => hold.token === token);
  }

  /** Its holder hears of it before anybody hears of what follows. The caller then passes the lock on. */
  #end(hold: Claim, by: Intervention, emit: Emit): void {
    const { locks, sessions } = this.#tools;
    const { session, lock, token, sequence } = hold;
    const upgrade = hold.pendingUpgrade;
    if (upgrade !== undefined) locks.endWait(upgrade);
    locks.endHold(hold);
    sessions.forgetBelowMark(session, sequence);
    sessions.rememberLoss(hold, by);
    emit({ kind: 'lost', name: lock.name, session: session.id, token, by });
    if (upgrade === undefined) return;
    sessions.settle(session, upgrade.sequence, answers.notHeld);
    emit({ kind: 'answered', session: session.id, sequence: upgrade.sequence, answer: answers.notHeld });
  }
}

const byWhom = ({ session, actor, reason }: Intervention): Intervention => ({ session, actor, reason });
