import * as answers from './answers.ts';
import type { Answer, TakeOver } from './command.ts';
import type { Claim } from './lock-row.ts';
import type { Session } from './session.ts';
import type { TableState } from './state.ts';
import type { Emit, TableTools } from './tools.ts';

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
    const { holdsPerSessionMax } = this.#state.limits;
    if (hold.session !== session && session.holds.size >= holdsPerSessionMax) {
      return answers.exceeded('holds per session', holdsPerSessionMax);
    }
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
