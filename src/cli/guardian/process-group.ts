import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** How the leader of a group ended. */
export interface Exit {
  readonly code: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
}

export interface GroupCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

export interface GroupListener {
  started(pid: number): void;
  failed(code: string, text: string): void;
  /** The leader ended; others of its group may live. */
  exited(exit: Exit): void;
}

/**
 * A command and all it starts, as one process group (and session) of their own with our standard streams. Whoever
 * starts a group of their own inside leaves it, and is not seen here any more.
 */
export class ProcessGroup {
  readonly #leader: ChildProcess;

  constructor({ command, args, environment }: GroupCommand, listener: GroupListener) {
    this.#leader = spawn(command, args, { stdio: 'inherit', detached: true, env: environment });
    this.#leader.once('spawn', () => listener.started(this.#pid));
    this.#leader.once('error', (error: NodeJS.ErrnoException) => {
      // Also raised when a signal could not be sent; only a leader that never started has no process id.
      if (this.#leader.pid === undefined) listener.failed(error.code ?? 'EUNKNOWN', error.message);
    });
    this.#leader.once('exit', (code, signal) =>
      listener.exited({ code: code ?? undefined, signal: signal ?? undefined }),
    );
  }

  /** Whether any process of the group still runs. */
  get isAlive(): boolean {
    return this.#leader.pid !== undefined && signalGroup(this.#pid, 0) && hasLivingMember(this.#pid);
  }

  /** Signals the leader alone. */
  signalLeader(signal: NodeJS.Signals): void {
    this.#leader.kill(signal);
  }

  /** Signals every process of the group. */
  signal(signal: NodeJS.Signals): void {
    if (this.#leader.pid !== undefined) signalGroup(this.#pid, signal);
  }

  get #pid(): number {
    return this.#leader.pid ?? 0;
  }
}

/** Signals the group that `pid` leads; false when nothing of it is left. */
export function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  // Zero and one would mean ourselves, and everybody.
  if (pid <= 1) return false;
  try {
    process.kill(-pid, signal);
    return true;
  } catch (error) {
    // EPERM: what is left belongs to another user (a set-user-id program); it is there.
    if (error instanceof Error && 'code' in error && error.code === 'EPERM') return true;
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

/**
 * A dead process still takes signals until its parent waits for it, which in a container without an init may be never.
 * Only Linux tells the two apart cheaply; elsewhere every member counts as living.
 */
function hasLivingMember(group: number): boolean {
  if (process.platform !== 'linux') return true;
  return readdirSync('/proc').some((name) => /^[0-9]+$/.test(name) && isLivingMember(name, group));
}

function isLivingMember(pid: string, group: number): boolean {
  const stat = statOf(pid);
  // The command's name stands in brackets and may hold anything, brackets and blanks too.
  const [state, , processGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return processGroup === String(group) && state !== 'Z' && state !== 'X';
}

function statOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    // It ended since it was listed, or is hidden from us: then it is not of our group.
    return '';
  }
}
