import * as answers from './answers.ts';
import type { Answer, Cancel, ChangeLimit } from './command.ts';
import type { Claim } from './lock-row.ts';
import type { Session } from './session.ts';
import type { TableState } from './state.ts';
import type { Emit, TableTools } from './tools.ts';

/** Ends what waits without granting it. */
export class Waits {
  readonly #state: TableState;
  readonly #tools: TableTools;

  constructor(state: TableState, tools: TableTools) {
    this.#state = state;
    this.#tools = tools;
  }

  cancel(session: Session, { target }: Cancel, emit: Emit): Answer {
    const request = session.requests.get(target);
    if (request === undefined) {
      if (target <= session.mark) return answers.stale;
      // It may still be on its way: its sequence is taken, so that it is never executed.
      this.#tools.sessions.remember(session, target, { asked: { kind: 'withdrawn' }, answer: answers.cancelled });
      emit({ kind: 'answered', session: session.id, sequence: target, answer: answers.cancelled });
      return answers.cancelled;
    }
    if (!request.mayWait) return answers.mismatch;
    if (request.answer.kind === 'granted') return { kind: 'already-granted', token: request.answer.token };
    const waiter = session.waiters.get(target);
    if (waiter !== undefined) this.#withdraw(waiter, emit);
    return answers.cancelled;
  }

  changeLimit({ name, limit }: ChangeLimit, emit: Emit): Answer {
    const { locks, limits } = this.#state;
    const known = locks.get(name);
    if (known !== undefined && known.kind !== 'semaphore') return answers.kindMismatch(name, known.kind);
    if (known === undefined && locks.size >= limits.locksMax) return answers.exceeded('locks', limits.locksMax);
    const lock = this.#tools.locks.keepLimit(name, limit);
    const left = new Set([lock]);
    // Whoever wants more than there will ever be would hold up all behind it for good.
    for (const waiter of [...lock.queue].filter(({ permits }) => permits > limit)) {
      for (const each of waiter.terms?.group ?? []) left.add(each.lock);
      this.end(waiter, answers.semaphoreLimit(name, limit), emit);
    }
    this.#tools.passOn([...left], emit);
    return answers.limitChanged;
  }

  /** The caller then passes on the locks that it waited for. */
  end(waiter: Claim, answer: Answer, emit: Emit): void {
    const { session, sequence } = waiter;
    this.#tools.locks.endWait(waiter);
    this.#tools.sessions.settle(session, sequence, answer);
    emit({ kind: 'answered', session: session.id, sequence, answer });
  }

  #withdraw(waiter: Claim, emit: Emit): void {
    const left = waiter.terms?.group?.map(({ lock }) => lock) ?? [waiter.lock];
    this.end(waiter, answers.cancelled, emit);
    this.#tools.passOn(left, emit);
  }
}
