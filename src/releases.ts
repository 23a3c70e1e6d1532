import type { Asker, Ending, Over } from './asker.ts';
import type { Clock } from './clock/index.ts';
import { LockLostError } from './errors.ts';
import type { ReleaseOutcome } from './hold.ts';
import type { Answer, HoldOptions } from './table/index.ts';

/** What is let go of. */
interface Letting {
  readonly name: string;
  /** May still change while an upgrade is under way. */
  readonly token: number;
  readonly options?: HoldOptions | undefined;
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

  /** Hears the answers to the release that is about to be asked for; `done` is called once. */
  expect(hold: Letting, done: (outcome: ReleaseOutcome) => void): Release {
    const release = new Release(hold, this.#clock.now() + this.#patienceMs, (outcome) => {
      if (this.#open.delete(release)) done(outcome);
    });
    this.#open.add(release);
    if (!this.#isArmed) this.#arm(this.#patienceMs);
    return release;
  }

  /** Whether one of that hold is on its way: it comes too late. */
  lose(token: number, ending: Ending): boolean {
    const late = [...this.#open].filter((release) => release.isOf(token));
    for (const release of late) release.lose(ending);
    return late.length > 0;
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

/** One release on its way. What is heard of it after its outcome says nothing more. */
export class Release implements Asker {
  /** When it is given up on. */
  readonly due: number;
  readonly settle: (outcome: ReleaseOutcome) => void;
  readonly #hold: Letting;

  constructor(hold: Letting, due: number, settle: (outcome: ReleaseOutcome) => void) {
    this.#hold = hold;
    this.due = due;
    this.settle = settle;
  }

  answered(answer: Answer): void {
    if (answer.kind === 'released') this.settle({ kind: 'released' });
    else if (answer.kind === 'not-held' || answer.kind === 'session-expired') {
      this.lose({ reason: 'session', text: 'the cluster knows no such hold' });
    } else if (answer.kind !== 'queued') this.settle({ kind: 'unknown' });
  }

  over({ reason, text, by }: Over): void {
    const stands =
      this.#hold.options?.sticky === true ? '; it is sticky, so it may stand: attach it and release it' : '';
    this.lose({ reason, text: `${text}${stands}`, by });
  }

  isOf(token: number): boolean {
    return this.#hold.token === token;
  }

  lose({ reason, text, by }: Ending): void {
    const { name, token } = this.#hold;
    const message = `lock ${JSON.stringify(name)} (token ${token}) was lost before its release: ${text}`;
    this.settle({ kind: 'lost', error: new LockLostError(message, { reason, by, outcome: 'unknown' }) });
  }
}
