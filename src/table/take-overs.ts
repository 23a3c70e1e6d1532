import * as answers from './answers.ts';
import type { Answer, TakeOver } from './command.ts';
import type { Claim } from './lock-row.ts';
import type { Session } from './session.ts';
import type { TableState } from './state.ts';
import type { Emit, TableTools } from './tools.ts';

/** Sessions with a TTL of more than so many times a bounded hold cannot have it, as an acquire in them would be refused. */
const ttlPerHoldMs = 5;

/** Hands holds from session to session. */
export class TakeOvers {
  readonly #state: TableState;
  readonly #tools: TableTools;

  constructor(state: TableState, tools: TableTools) {
    this.#state = state;
    this.#tools = tools;
  }

  /** Whoever had the hold has it no more, and nobody else comes in between. */
  execute(session: Session, command: TakeOver, emit: Emit): Answer {
    const hold = this.#holdMeant(command);
    if (hold === undefined) return answers.notHeld;
    // A later request of the same session has it by now: who comes late must not take it from that one.
    if (hold.session === session && hold.sequence > command.sequence) return answers.notHeld;
    const refusal = this.#refusal(session, hold);
    if (refusal !== undefined) return refusal;
    const { name } = command;
    const { token: had, session: former, sequence, pendingUpgrade } = hold;
    const { locks, sessions } = this.#tools;
    const by = { session: session.id, actor: session.label || `session ${session.id}`, reason: '' };
    if (pendingUpgrade !== undefined) locks.endWait(pendingUpgrade);
    sessions.rememberLoss(hold, by, true);
    locks.move(hold, session, command.sequence);
    sessions.forgetBelowMark(former, sequence);
    emit({ kind: 'lost', name, session: former.id, token: had, reason: 'handed-over', by });
    emit({ kind: 'granted', name, session: session.id, token: hold.token });
    if (pendingUpgrade !== undefined) this.#end(pendingUpgrade, emit);
    return { kind: 'granted', token: hold.token, grantedAt: hold.since, terms: termsOf(hold) };
  }

  #refusal(session: Session, { session: former, terms }: Claim): Answer | undefined {
    const { holdsPerSessionMax } = this.#state.limits;
    if (former !== session && session.holds.size >= holdsPerSessionMax) {
      return answers.exceeded('holds per session', holdsPerSessionMax);
    }
    // What is kept back of a bound for clocks grows with the TTL: nothing of it would be left.
    const ttlMsMax = (terms?.options?.holdMsMax ?? Number.POSITIVE_INFINITY) * ttlPerHoldMs;
    return session.ttlMs > ttlMsMax ? answers.exceeded('ms of session TTL under its maxHold', ttlMsMax) : undefined;
  }

  /** An upgrade ends with the holder who wanted it; whoever waited behind it may fit beside the hold. */
  #end({ session, sequence, lock }: Claim, emit: Emit): void {
    this.#tools.sessions.settle(session, sequence, answers.notHeld);
    emit({ kind: 'answered', session: session.id, sequence, answer: answers.notHeld });
    this.#tools.passOn([lock], emit);
  }

  /** Of several with that secret, which share no name, the one of that name. */
  #holdMeant({ name, secret, token }: TakeOver): Claim | undefined {
    for (const hold of this.#state.locks.get(name)?.holders ?? []) {
      if (hold.terms?.options?.secret !== secret) continue;
      return token === undefined || hold.token === token ? hold : undefined;
    }
    return undefined;
  }
}

const termsOf = ({ mode, permits, terms }: Claim) => ({
  mode,
  permits,
  owner: terms?.owner,
  options: terms?.options ?? {},
});
