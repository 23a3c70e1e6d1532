import type { Asker, Over } from './asker.ts';
import type { Clock } from './clock/index.ts';
import { LockLostError, type LossReason } from './errors.ts';
import type { ReleaseOutcome } from './hold.ts';
import type { Answer } from './table/index.ts';

/** What is let go of, and who waits to hear of it. */
export interface Letting {
  readonly name: string;
  readonly token: number;
  /** Called once. */
  readonly done: (outcome: ReleaseOutcome) => void;
}

/** A session's releases that are not confirmed yet. All are waited for equally long, so one timer serves all. */
export class Releases {
  readonly #clock: Clock;
  readonly #patienceMs: number;
  /** In the order of their calls, which is that of their patience. */
  readonly #open = new Set<Release>();
  #isArmed = false;

  /** After `patienceMs` a release is reported `unknown`; it goes on behind. */
  constructor(clock: Clock, patienceMs: number) {
    this.#clock = clock;
    this.#patienceMs = patienceMs;
  }

  /** Hears the answers to the release that is about to be asked for. */
  expect(letting: Letting): Asker {
    const release = new Release(letting, this.#clock.now() + this.#patienceMs, this.#open);
    this.#open.add(release);
    if (!this.#isArmed) this.#arm(this.#patienceMs);
    return release;
  }

  #arm(ms: number): void {
    this.#isArmed = true;
    this.#clock.after(ms, () => this.#look());
  }

  #look(): void {
    this.#isArmed = false;
    const now = this.#clock.now();
    for (const release of this.#open) {
      if (release.due > now) return this.#arm(release.due - now);
      release.settle({ kind: 'unknown' });
    }
  }
}

class Release implements Asker {
  readonly due: number;
  readonly #letting: Letting;
  readonly #open: Set<Release>;

  constructor(letting: Letting, due: number, open: Set<Release>) {
    this.#letting = letting;
    this.due = due;
    this.#open = open;
  }

  settle(outcome: ReleaseOutcome): void {
    if (this.#open.delete(this)) this.#letting.done(outcome);
  }

  answered(answer: Answer): void {
    if (answer.kind === 'released') this.settle({ kind: 'released' });
    else if (answer.kind === 'not-held' || answer.kind === 'session-expired') {
      this.settle(this.#lost('session', 'the cluster knows no such hold'));
    } else if (answer.kind !== 'queued') this.settle({ kind: 'unknown' });
  }

  over({ reason, text }: Over): void {
    this.settle(this.#lost(reason, text));
  }

  #lost(reason: LossReason, text: string): ReleaseOutcome {
    const { name, token } = this.#letting;
    const message = `lock ${JSON.stringify(name)} (token ${token}) was lost before its release: ${text}`;
    return { kind: 'lost', error: new LockLostError(message, { reason, outcome: 'unknown' }) };
  }
}
