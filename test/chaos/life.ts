import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Answer, HostSettings, Order, Question, Report } from './messages.ts';

/** All processes of this harness that may be running: none of them may outlive it. */
const living = new Set<ChildProcess>();

/** Ends every process that was started here, by its id. */
export function killAll(): void {
  for (const child of living) child.kill('SIGKILL');
}
process.on('exit', killAll);

/** What a process is started with. */
export interface Launch {
  readonly settings: HostSettings;
  /** Words that go before `node`: a command that ends by becoming the one it is given, so that its id is the process's. */
  readonly before: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Where everything goes that it prints. */
  readonly outputPath: string;
}

/** One process of the run, from its start to its end. */
export class Life {
  readonly #child: ChildProcess;
  readonly #asked: Map<number, (answer: Answer | undefined) => void> = new Map();
  readonly #exited: Promise<void>;
  #asks = 0;

  /** `hear` gets what nobody asked for. */
  constructor({ settings, before, environment, outputPath }: Launch, hear: (report: Report) => void) {
    const output = openSync(outputPath, 'a');
    const [execPath = process.execPath, ...execArgv] = [...before, process.execPath];
    this.#child = fork(fileURLToPath(new URL('./child/main.js', import.meta.url)), [JSON.stringify(settings)], {
      execPath,
      execArgv,
      stdio: ['ignore', output, output, 'ipc'],
      env: { ...process.env, ...environment },
    });
    closeSync(output);
    living.add(this.#child);
    this.#child.on('message', (report: Report) => {
      if (report.kind === 'answer') this.#answered(report.id, report.answer);
      else hear(report);
    });
    // A process that dies while it is being written to: its exit says so.
    this.#child.on('error', () => undefined);
    this.#exited = new Promise<void>((resolve) => this.#child.once('exit', () => resolve())).then(() => this.#ended());
  }

  /** Resolves when the process is gone. */
  get exited(): Promise<void> {
    return this.#exited;
  }

  /** How it ended, for people. */
  get ending(): string {
    const { exitCode, signalCode } = this.#child;
    return signalCode === null ? `exit code ${exitCode}` : `signal ${signalCode}`;
  }

  get endedWell(): boolean {
    return this.#child.exitCode === 0;
  }

  /** The number of the next question: a hold is called by it. */
  get nextId(): number {
    return this.#asks + 1;
  }

  /** Undefined when the process died over it. */
  ask(question: Question): Promise<Answer | undefined> {
    this.#asks += 1;
    const id = this.#asks;
    if (!this.isRunning) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#asked.set(id, resolve);
      this.#send({ kind: 'ask', id, question });
    });
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** Stops it where it stands; true once the system says that it does. */
  async freeze(): Promise<boolean> {
    this.#child.kill('SIGSTOP');
    for (let looks = 0; looks < 50 && this.isRunning; looks += 1) {
      if (stateOf(this.#child.pid ?? 0) === 'T') return true;
      await pause(10);
    }
    return false;
  }

  thaw(): void {
    this.#child.kill('SIGCONT');
  }

  /** Lets it close; after `patienceMs` it is killed. */
  async stop(patienceMs: number): Promise<void> {
    this.#send({ kind: 'stop' });
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), patienceMs);
    await this.#exited;
    clearTimeout(timer);
  }

  /** Not for long, perhaps. */
  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  #send(order: Order): void {
    if (this.#child.connected) this.#child.send(order, () => undefined);
  }

  #answered(id: number, answer: Answer): void {
    this.#asked.get(id)?.(answer);
    this.#asked.delete(id);
  }

  #ended(): void {
    living.delete(this.#child);
    for (const resolve of this.#asked.values()) resolve(undefined);
    this.#asked.clear();
  }
}

/** The letter by which Linux tells the state of a process. */
function stateOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).charAt(0);
  } catch {
    return undefined;
  }
}
