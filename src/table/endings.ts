import * as answers from './answers.ts';
import type { Answer, DelayOver } from './command.ts';
import type { SessionEnd } from './event.ts';
import type { Lock } from './lock-row.ts';
import type { EndSession, Intervention } from './operator-command.ts';
import type { Session } from './session.ts';
import type { TableState } from './state.ts';
import type { Emit, TableTools } from './tools.ts';

/** Ends sessions, with all that they hold and await, and the delays that they may leave. */
export class Endings {
  readonly #state: TableState;
  readonly #tools: TableTools;

  constructor(state: TableState, tools: TableTools) {
    this.#state = state;
    this.#tools = tools;
  }

  /** All of them end before anybody is granted what they leave: no lock passes from the dead to the dead. */
  endAll(sessions: readonly Session[], ending: SessionEnd | Intervention, emit: Emit): void {
    const { locks, delays } = this.#tools;
    const left = new Set<Lock>();
    for (const session of sessions) {
      for (const hold of session.holds.values()) {
        if (hold.isSticky) {
          emit({ kind: 'orphaned', name: hold.lock.name, session: session.id, token: hold.token });
          locks.orphan(hold);
          continue;
        }
        locks.endHold(hold);
        left.add(hold.lock);
        emit({ kind: 'lost', name: hold.lock.name, session: session.id, token: hold.token });
        // Whoever closes its own session lets go.
        if (ending !== 'closed') delays.begin(hold, emit);
      }
      for (const waiter of session.waiters.values()) {
        left.add(waiter.lock);
        for (const { lock } of waiter.terms?.group ?? []) left.add(lock);
        locks.endWait(waiter);
      }
      this.#tools.sessions.drop(session);
      if (typeof ending === 'string') emit({ kind: 'session-ended', session: session.id, end: ending });
      else emit({ kind: 'session-ended', session: session.id, end: 'closed', by: ending });
    }
    this.#tools.passOn([...left], emit);
  }

  /** The leader has counted a delay to its end: void unless it is still that one. */
  delayOver({ name, token }: DelayOver, emit: Emit): void {
    const lock = this.#state.locks.get(name);
    if (lock?.delay?.token !== token) return;
    this.#tools.delays.end(lock.delay);
    this.#tools.passOn([lock], emit);
  }

  /** By an operator. Whoever asks goes on: it could not be answered otherwise, and has a close of its own. */
  endOther({ session, target, actor, reason }: EndSession, emit: Emit): Answer {
    const other = this.#state.sessions.get(target);
    if (other === undefined) return answers.notClosed('unknown');
    if (target === session) return answers.notClosed('own');
    this.endAll([other], { session, actor, reason }, emit);
    return answers.sessionClosed;
  }
}
