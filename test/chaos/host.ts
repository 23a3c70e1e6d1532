import { type Launch, Life } from './life.ts';
import type { Answer, Question } from './messages.ts';
import type { Problems } from './problems.ts';
import type { Orders } from './shim.ts';

/** What a host is for all its lives. */
export interface HostParts extends Launch {
  readonly name: string;
  readonly isNode: boolean;
  /** How many workers it has. */
  readonly seats: number;
  /** Absent where no shim could be built. */
  readonly orders: Orders | undefined;
}

/** A process that is killed and started again, under one name. */
export class Host {
  readonly name: string;
  readonly isNode: boolean;
  readonly seats: number;
  readonly orders: Orders | undefined;
  /** Its disk is being made to fail, so that its node has to stop. */
  mayFail = false;
  readonly #launch: Launch;
  readonly #problems: Problems;
  #life: Life | undefined;
  #isReady = false;
  #hasFailed = false;
  #waiting: (() => void)[] = [];

  constructor(parts: HostParts, problems: Problems) {
    this.name = parts.name;
    this.isNode = parts.isNode;
    this.seats = parts.seats;
    this.orders = parts.orders;
    this.#launch = parts;
    this.#problems = problems;
  }

  /** The process that runs, has joined and can serve; undefined while there is none. */
  get life(): Life | undefined {
    return this.#isReady && !this.#hasFailed ? this.#life : undefined;
  }

  /** Its node stopped by itself: the process lives, and serves nothing. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  start(): void {
    this.#hasFailed = false;
    this.mayFail = false;
    const life = new Life(this.#launch, (report) => {
      if (this.#life !== life) return;
      switch (report.kind) {
        case 'ready':
          return this.#ready();
        case 'failed':
          return this.#failed(report.text);
        case 'early-loss': {
          const { name, token, leftMs } = report;
          const text = `${this.name} lost ${name} (token ${token}) ${Math.round(leftMs)} ms before its own deadline`;
          return this.#problems.add('a session ended too early', text);
        }
        case 'answer':
          return;
        default:
          report satisfies never;
      }
    });
    this.#life = life;
    void life.exited.then(() => {
      // Whoever ends a life takes it away first.
      if (this.#life !== life) return;
      this.#isReady = false;
      this.#problems.add('a process ended by itself', `${this.name}: ${life.ending}`);
    });
  }

  /** Resolves when a process of this host has joined, now or later. */
  async joined(): Promise<void> {
    if (this.life !== undefined) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Undefined when there is no process, or it died over the question. */
  async ask(question: Question): Promise<Answer | undefined> {
    return await this.life?.ask(question);
  }

  /** SIGKILL; says whether there was something to kill. */
  async kill(): Promise<boolean> {
    const life = this.#leave();
    await life?.kill();
    return life !== undefined;
  }

  /** Says whether the process stands still now. */
  async freeze(): Promise<boolean> {
    return (await this.#life?.freeze()) ?? false;
  }

  thaw(): void {
    this.#life?.thaw();
  }

  /** An orderly end; says whether it was one. */
  async stop(patienceMs: number): Promise<boolean> {
    const life = this.#leave();
    await life?.stop(patienceMs);
    return life?.endedWell ?? true;
  }

  #leave(): Life | undefined {
    const life = this.#life;
    this.#life = undefined;
    this.#isReady = false;
    return life;
  }

  #ready(): void {
    this.#isReady = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #failed(text: string): void {
    this.#hasFailed = true;
    if (!this.mayFail) this.#problems.add('a node stopped by itself', `${this.name}: ${text}`);
  }
}
