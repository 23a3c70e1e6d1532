import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { isAlive, until } from './waiting.ts';

const program = (name: string): string => fileURLToPath(new URL(`programs/${name}.mjs`, import.meta.url));

/** A line of `ticking.mjs`. */
interface Tick {
  readonly pid: number;
  readonly at?: number;
  readonly got?: string;
}

interface Told {
  readonly kind: 'held' | 'losing' | 'ended';
  readonly until?: number;
  readonly at?: number;
  readonly end?: unknown;
}

interface Run {
  readonly command: string;
  readonly args: readonly string[];
  readonly heldMs: number;
  readonly graceMs?: number;
  readonly environment?: NodeJS.ProcessEnv;
}

/** Our own node running `ticking.mjs` with these words. */
export const ticking = (...words: readonly string[]): Pick<Run, 'command' | 'args'> => ({
  command: process.execPath,
  args: [program('ticking'), ...words],
});

/** A process that holds a lease and guards a command with it, as `holdfast lock` does. */
export class Guarded {
  readonly ticks: Tick[] = [];
  readonly lines: string[] = [];
  readonly told: Told[] = [];
  readonly parent: ChildProcess;
  #outputOver = false;

  constructor(run: Run) {
    this.parent = spawn(process.execPath, [program('guarded'), JSON.stringify(run)], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    this.parent.on('message', (message: Told) => this.told.push(message));
    const output = this.parent.stdout;
    if (output === null) throw new Error('no output');
    createInterface({ input: output })
      .on('line', (line) => this.#read(line))
      .once('close', () => {
        this.#outputOver = true;
      });
  }

  /** What the parent heard from its guardian in the end. */
  async ended(): Promise<unknown> {
    const last = await until('the end of the command', () => this.told.find(({ kind }) => kind === 'ended'));
    return last.end;
  }

  /** All that hold the output are gone: parent, guardian, and everything that the command started. */
  async allGone(): Promise<void> {
    await until('the end of all processes', () => this.#outputOver);
  }

  /** The processes of the command, as soon as there are so many. */
  async pids(count = 1): Promise<readonly number[]> {
    return await until(`${count} processes of the command`, () => {
      const pids = [...new Set(this.ticks.map(({ pid }) => pid))];
      return pids.length >= count && pids;
    });
  }

  get lastTickAt(): number {
    return Math.max(...this.ticks.map(({ at }) => at ?? 0));
  }

  /** When the lock is lost, as last told. */
  get heldUntil(): number {
    return this.told.findLast(({ kind }) => kind === 'held')?.until ?? Number.NaN;
  }

  async tell(order: { readonly kind: string; readonly [key: string]: unknown }): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.parent.send(order, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  /** Ends what a failed test left behind. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const pid of new Set(this.ticks.map((tick) => tick.pid))) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    if (this.parent.exitCode !== null || this.parent.signalCode !== null) return;
    this.parent.kill('SIGKILL');
    await once(this.parent, 'exit');
  }

  #read(line: string): void {
    if (line.startsWith('{')) this.ticks.push(JSON.parse(line));
    else this.lines.push(line);
  }
}
