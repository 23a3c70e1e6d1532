import type { AcquireOutcome, AcquireWish, Acquisition } from './acquisition.ts';
import type { Clock, Timer } from './clock/index.ts';
import { LockError } from './errors.ts';
import type { Hold } from './hold.ts';
import type { SessionEngine } from './session-engine.ts';

/** How somebody stands for a leadership. */
export interface CandidacyPlan {
  /** What is asked for, each time. */
  readonly wish: Omit<AcquireWish, 'waits' | 'limitMs'>;
  /** Whether it campaigns again when a term is over. */
  readonly again: boolean;
  /** Milliseconds from one election to the next campaign, at least; doubled with each failure in a row. */
  readonly retryDelayMs: number;
}

/** Whoever leads. */
export interface Candidate {
  /** A term begins. To be answered by `ended` once nothing that was begun in it runs any more; with an error if it failed. */
  leads(hold: Hold, ended: (failure?: { readonly error: unknown }) => void): void;
  /** The term under way is to end: somebody has called `stop`. A loss is told by the hold itself. */
  stops(): void;
  /** A term or a campaign failed, and another one follows unless this gives an error to end with. */
  failed(error: unknown): { readonly error: unknown } | undefined;
  /** Nothing more comes; with what it has failed of, if it has. */
  over(failure?: { readonly error: unknown }): void;
}

/** What a candidacy works with. */
export interface CandidacyWorld {
  readonly engine: Pick<SessionEngine, 'acquire' | 'whenStopped'>;
  readonly clock: Clock;
}

/** How far the delay grows, unless it is longer from the start. */
const retryDelayMsMax = 30_000;

/**
 * Campaigns, leads, resigns, and campaigns again. A term is given back only when the candidate has said that it is over:
 * nobody else is elected while anything of it still runs, unless the lease was lost; and this candidate campaigns again
 * only then, too. Runs on callbacks and the given clock alone, so that a simulator can drive it through virtual time.
 */
export class Candidacy {
  readonly #plan: CandidacyPlan;
  readonly #engine: CandidacyWorld['engine'];
  readonly #clock: Clock;
  readonly #candidate: Candidate;
  #state: 'campaigning' | 'leading' | 'resigning' | 'resting' | 'over' = 'resting';
  #isStopped = false;
  /** This process asks nothing any more: there is no use in waiting. */
  #isHopeless = false;
  #forget: (() => void) | undefined;
  /** In a row. */
  #failures = 0;
  #electedAt = Number.NEGATIVE_INFINITY;
  #campaign: Acquisition | undefined;
  #rest: Timer | undefined;

  constructor(plan: CandidacyPlan, world: CandidacyWorld, candidate: Candidate) {
    this.#plan = plan;
    this.#engine = world.engine;
    this.#clock = world.clock;
    this.#candidate = candidate;
  }

  /** Call once. */
  begin(): void {
    this.#forget = this.#engine.whenStopped(() => this.#despair());
    this.#ask();
  }

  /** Ends it: a campaign is given up, a term is to end and is given back then. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    if (this.#state === 'campaigning') this.#campaign?.giveUp({ kind: 'abort', reason: undefined });
    if (this.#state === 'leading') this.#candidate.stops();
    if (this.#state === 'resting') {
      this.#rest?.cancel();
      this.#end();
    }
  }

  #ask(): void {
    this.#state = 'campaigning';
    this.#campaign = this.#engine.acquire({ ...this.#plan.wish, waits: true, limitMs: undefined }, (outcome) =>
      this.#decided(outcome),
    );
  }

  /** What is asked from now on is refused, and that is the end. */
  #despair(): void {
    this.#isHopeless = true;
    if (this.#state !== 'resting') return;
    this.#rest?.cancel();
    this.#ask();
  }

  #decided(outcome: AcquireOutcome): void {
    if (outcome.kind === 'granted') return this.#lead(outcome.hold);
    if (this.#isStopped || outcome.kind !== 'failed') return this.#end();
    const { error } = outcome;
    const mayTryAgain = error instanceof LockError && error.retryable;
    if (!mayTryAgain || !this.#plan.again) return this.#end({ error });
    this.#failed(error);
  }

  #lead(hold: Hold): void {
    this.#state = 'leading';
    this.#electedAt = this.#clock.now();
    let isEnded = false;
    this.#candidate.leads(hold, (failure) => {
      if (isEnded) return;
      isEnded = true;
      this.#resign(hold, failure);
    });
  }

  #resign(hold: Hold, failure: { readonly error: unknown } | undefined): void {
    this.#state = 'resigning';
    hold.release((outcome) => {
      const loss = outcome.kind === 'lost' && !this.#isStopped ? { error: outcome.error } : undefined;
      if (!this.#plan.again) return this.#end(failure ?? loss);
      if (failure !== undefined) return this.#failed(failure.error);
      this.#failures = 0;
      this.#goOn();
    });
  }

  #failed(error: unknown): void {
    this.#failures += 1;
    const end = this.#candidate.failed(error);
    if (end === undefined) this.#goOn();
    else this.#end(end);
  }

  /** Campaigns again, after a rest if it failed or was elected just before: nobody fills the log by coming and going. */
  #goOn(): void {
    if (this.#isStopped) return this.#end();
    if (this.#isHopeless) return this.#ask();
    this.#state = 'resting';
    const restMs = this.#failures > 0 ? this.#delayMs : this.#electedAt + this.#delayMs - this.#clock.now();
    this.#rest = this.#clock.after(Math.max(0, restMs), () => this.#ask());
  }

  get #delayMs(): number {
    const { retryDelayMs } = this.#plan;
    const grown = retryDelayMs * 2 ** Math.max(0, this.#failures - 1);
    return Math.min(grown, Math.max(retryDelayMs, retryDelayMsMax));
  }

  #end(failure?: { readonly error: unknown }): void {
    this.#state = 'over';
    this.#forget?.();
    this.#candidate.over(failure);
  }
}
