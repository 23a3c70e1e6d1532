import type { Asker, Over } from './asker.ts';
import { type LockError, LockLostError, type LockOutcome, NotHeldError, TimeoutError } from './errors.ts';
import type { Hold } from './hold.ts';
import { refusalOf } from './refusals.ts';
import type { Session } from './session.ts';
import type { Answer } from './table/index.ts';

/** What became of a proclamation: an error if the cluster has not confirmed it. */
export type Proclaimed = (error: LockError | RangeError | undefined) => void;

/** One request, and all who are answered by it. */
interface Round {
  value: string;
  readonly callers: Caller[];
}

interface Caller {
  readonly tell: Proclaimed;
  /** Its request was sent: nobody knows any more whether it is applied. */
  isAsked: boolean;
}

/**
 * The values that a holder gives its hold while it has it. One request at a time, or a later value could reach the log
 * before an earlier one; what is proclaimed meanwhile waits, and only the last of it is sent.
 */
export class Proclamations implements Asker {
  readonly #hold: Hold;
  readonly #session: Session;
  #underWay: Round | undefined;
  #next: Round | undefined;

  /** Made by `Hold.proclaim`. */
  constructor(hold: Hold, session: Session) {
    this.#hold = hold;
    this.#session = session;
  }

  /** `done` is called once, after `limitMs` at the latest; the request goes on behind then. */
  add(wish: { readonly value: string; readonly limitMs: number }, done: Proclaimed): void {
    const { value, limitMs } = wish;
    const timer = this.#session.after(limitMs, () => {
      const text = `the value of ${this.#shown} was not confirmed within ${limitMs} ms`;
      caller.tell(new TimeoutError(text, { outcome: caller.isAsked ? 'unknown' : 'not-applied' }));
    });
    let isDone = false;
    const tell: Proclaimed = (error) => {
      timer.cancel();
      if (isDone) return;
      isDone = true;
      done(error);
    };
    const caller: Caller = { tell, isAsked: false };
    this.#next ??= { value, callers: [] };
    this.#next.value = value;
    this.#next.callers.push(caller);
    this.#begin();
  }

  answered(answer: Answer): void {
    if (answer.kind === 'queued') return;
    this.#settle(answer.kind === 'proclaimed' ? undefined : this.#errorOf(answer));
    this.#begin();
  }

  over(over: Over): void {
    const errorOf = (outcome: LockOutcome) => this.#hold.loss ?? over.refuse(outcome);
    this.#settle(errorOf('unknown'));
    const next = this.#next;
    this.#next = undefined;
    for (const { tell } of next?.callers ?? []) tell(errorOf('not-applied'));
  }

  #begin(): void {
    const round = this.#next;
    if (this.#underWay !== undefined || round === undefined) return;
    this.#underWay = round;
    this.#next = undefined;
    const { name, token, isGone } = this.#hold;
    // What was let go in the meantime has no value any more.
    if (isGone || !this.#session.isOpen) return this.#settle(this.#gone);
    for (const caller of round.callers) caller.isAsked = true;
    this.#session.ask({ kind: 'proclaim', name, token, metadata: round.value }, this);
  }

  #settle(error: LockError | RangeError | undefined): void {
    const round = this.#underWay;
    this.#underWay = undefined;
    for (const { tell } of round?.callers ?? []) tell(error);
  }

  #errorOf(answer: Answer): LockError | RangeError {
    if (answer.kind === 'not-held' || answer.kind === 'session-expired') return this.#gone;
    return refusalOf({ name: this.#hold.name }, answer);
  }

  get #gone(): LockError {
    const { loss, isGone } = this.#hold;
    if (loss !== undefined) return loss;
    if (isGone) return new NotHeldError(`${this.#shown} was let go, so it has no value any more`);
    return new LockLostError(`${this.#shown} is lost: the cluster knows no such hold`, { reason: 'session' });
  }

  get #shown(): string {
    return `lock ${JSON.stringify(this.#hold.name)} (token ${this.#hold.token})`;
  }
}
