import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { DemoNodeSettings, NodeOrder, NodeReport } from './messages.ts';

/** One demo node as the demo sees it: a real process that it talks with and may kill. */
export class NodeProcess {
  readonly settings: DemoNodeSettings;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  constructor(settings: DemoNodeSettings, hear: (report: NodeReport) => void) {
    this.settings = settings;
    const program = fileURLToPath(new URL('./node/main.js', import.meta.url));
    this.#child = fork(program, [JSON.stringify(settings)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child.on('message', (report: NodeReport) => hear(report));
    // A process that dies while it is being written to: its exit says so.
    this.#child.on('error', () => undefined);
    this.#exited = once(this.#child, 'exit');
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  tell(order: NodeOrder): void {
    // The answer to a question of a process that was killed meanwhile goes nowhere.
    if (this.#child.connected) this.#child.send(order, () => undefined);
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** Lets it finish and close; after `patienceMs` it is killed. Says whether it ended by itself, and well. */
  async stop(patienceMs: number): Promise<boolean> {
    this.tell({ kind: 'stop' });
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), patienceMs);
    await this.#exited;
    clearTimeout(timer);
    return this.#child.exitCode === 0;
  }
}
