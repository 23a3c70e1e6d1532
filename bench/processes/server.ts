import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { until } from '../clock.ts';

/** A server that is not ours. */
export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Gets what it prints. */
  readonly log: string;
  /** Whom it runs as, if not as this process. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
}

/** What a guard tells. */
export type GuardReport =
  | { readonly kind: 'started'; readonly pid: number }
  | { readonly kind: 'failed'; readonly text: string };

const stopPatienceMs = 10_000;

/** A server process, under a guard that takes it along when the bench ends. */
export class Server {
  readonly command: ServerCommand;
  readonly #guard: ChildProcess;
  readonly #started: Promise<number>;
  #pid = 0;

  constructor(command: ServerCommand) {
    this.command = command;
    const program = fileURLToPath(new URL('../guard/main.js', import.meta.url));
    this.#guard = fork(program, [JSON.stringify(command)], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#started = new Promise((resolve, reject) => {
      this.#guard.once('message', (report: GuardReport) => {
        if (report.kind === 'failed') reject(new Error(`${command.command}: ${report.text}`));
        else resolve(report.pid);
      });
      this.#guard.once('exit', () => reject(new Error(`${command.command} ended at once; see ${command.log}`)));
    });
    this.#started.catch(() => undefined);
  }

  get isAlive(): boolean {
    return this.#guard.exitCode === null && this.#guard.signalCode === null;
  }

  get pid(): number {
    return this.#pid;
  }

  /** Resolves when it listens on `port` of loopback. */
  async listening(port: number): Promise<void> {
    this.#pid = await this.#started;
    await until(`${this.command.command} to listen on ${port}`, async () => {
      if (!this.isAlive) throw new Error(`${this.command.command} has ended; see ${this.command.log}`);
      return await answers(port);
    });
  }

  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  /** As it likes to be ended, and by force if that takes long. */
  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (!this.isAlive) return;
    const gone = once(this.#guard, 'exit');
    const timer = setTimeout(() => this.#guard.disconnect(), stopPatienceMs);
    if (this.#pid === 0) this.#guard.disconnect();
    else process.kill(this.#pid, signal);
    await gone;
    clearTimeout(timer);
  }
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const tell = (isThere: boolean) => (): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('connect', tell(true));
    socket.once('error', tell(false));
  });
