import type { ElectionView, HoldfastClient, Leadership } from '../index.ts';
import { type ClientFlags, connectWith } from './client.ts';
import { CommandFailure, codeOf, exitCodes, messageFor, usageFailure } from './exit-codes.ts';
import { GuardedCommand, type GuardedEnd } from './guarded-command.ts';
import { goodbye, graceOf, lookEveryMs, Signals, signalCode } from './lock-command.ts';
import { complain, print, printJson } from './output.ts';

export interface ElectFlags extends ClientFlags {
  readonly value?: string;
  readonly once?: boolean;
  readonly observe?: boolean;
  /** Milliseconds. */
  readonly ttl: number;
  /** Milliseconds; see `LockFlags`. */
  readonly grace?: number;
  /** Milliseconds. */
  readonly retryDelay: number;
  readonly json?: boolean;
}

/** Runs a command whenever this process leads, or shows who does. Answers the exit code to end with. */
export async function elect(name: string, words: readonly string[], flags: ElectFlags): Promise<number> {
  const [command, ...args] = words;
  if (flags.observe === true) {
    if (command !== undefined) throw usageFailure('--observe runs no command');
    return await observe(name, flags);
  }
  if (command === undefined) throw usageFailure('expected a command after --, or --observe');
  const graceMs = graceOf(flags);
  const signals = new Signals();
  try {
    const connecting = connectWith(flags, { sessionTtl: flags.ttl });
    const client = await Promise.race([connecting, signals.came]);
    if (client === undefined) return signalCode(signals.first);
    try {
      return await new Candidate(client, { name, command, args, graceMs, flags }, signals).run();
    } finally {
      await goodbye(client);
    }
  } finally {
    signals.close();
  }
}

async function observe(name: string, flags: ElectFlags): Promise<number> {
  await using client = await connectWith(flags);
  for await (const view of client.createElection(name).observe()) {
    if (flags.json === true) printJson(view);
    else print(lineOf(view));
  }
  return 0;
}

function lineOf(view: ElectionView): string {
  if (view.leader === null) return `${view.index}  nobody leads`;
  const { index, leader, token, value, since } = view;
  return [index, leader, `token ${token}`, `since ${new Date(since).toISOString()}`, JSON.stringify(value)].join('  ');
}

interface Work {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly graceMs: number;
  readonly flags: ElectFlags;
}

/** The command of one term did not end well; the text is for people. */
class TermFailure extends Error {}

/** One process that leads by way of a command, term after term. */
class Candidate {
  readonly #client: HoldfastClient;
  readonly #work: Work;
  readonly #signals: Signals;
  /** Of the last term. */
  #code: number = exitCodes.internal;
  /** Of the term that a signal ended. */
  #codeAtSignal: number | undefined;

  constructor(client: HoldfastClient, work: Work, signals: Signals) {
    this.#client = client;
    this.#work = work;
    this.#signals = signals;
  }

  async run(): Promise<number> {
    const { name, flags } = this.#work;
    try {
      await this.#client.createElection(name).run({
        value: flags.value,
        again: flags.once !== true,
        retryDelay: flags.retryDelay,
        signal: this.#signals.aborted,
        onError: (error) => this.#report(error),
        lead: async (leadership) => await this.#lead(leadership),
      });
    } catch (error) {
      if (codeOf(error) === 'LOCK_LOST') return exitCodes.lost;
      if (!(error instanceof TermFailure)) throw error;
      complain(error.message);
    }
    const { first } = this.#signals;
    return first === undefined ? this.#code : (this.#codeAtSignal ?? signalCode(first));
  }

  async #lead(leadership: Leadership): Promise<void> {
    const tell = this.#tellerOf(leadership);
    tell('elected', { value: leadership.value, deadlineMs: Math.floor(Date.now() + leadership.remaining()) });
    const end = await this.#guarded(leadership);
    this.#code = codeFor(end);
    if (this.#signals.first !== undefined) this.#codeAtSignal = this.#code;
    tell(leadership.signal.aborted ? 'lost' : 'ended', { exitCode: this.#code });
    if (end.kind === 'unguarded') {
      throw new CommandFailure(exitCodes.internal, 'the guardian of the command ended first; the command was killed');
    }
    if (end.kind === 'exited' && end.cause !== 'itself') {
      const { name, fencingToken } = leadership;
      complain(`leadership of ${JSON.stringify(name)} (token ${fencingToken}) was lost; the command was killed`);
    } else if (this.#code !== 0 && this.#signals.first === undefined) {
      throw new TermFailure(end.kind === 'failed' ? end.text : `the command ended with exit code ${this.#code}`);
    }
  }

  async #guarded(leadership: Leadership): Promise<GuardedEnd> {
    const { command, args, graceMs } = this.#work;
    const ours = {
      HOLDFAST_LOCK_NAME: leadership.name,
      HOLDFAST_LOCK_TOKEN: String(leadership.fencingToken),
      HOLDFAST_LOCK_DEADLINE_MS: String(Math.floor(Date.now() + leadership.remaining())),
      HOLDFAST_ELECTION_VALUE: leadership.value,
    };
    const environment = { ...process.env, ...ours };
    const lookMs = lookEveryMs(leadership);
    const running = new GuardedCommand(leadership, { command, args, environment, graceMs, lookEveryMs: lookMs });
    // A signal that came between the election and now was meant for the command too.
    if (this.#signals.first !== undefined) running.forward(this.#signals.first);
    this.#signals.forwardTo((signal) => running.forward(signal));
    return await running.ended;
  }

  /** Told before the next campaign. */
  #report(error: unknown): void {
    // A fault of our own is no reason to go on.
    if (error instanceof CommandFailure) throw error;
    complain(`${error instanceof TermFailure ? error.message : messageFor(error)}; it campaigns again`);
  }

  #tellerOf({ name, fencingToken: token }: Leadership) {
    return (event: 'elected' | 'lost' | 'ended', more: Readonly<Record<string, unknown>>): void => {
      if (this.#work.flags.json === true) process.stderr.write(`${JSON.stringify({ event, name, token, ...more })}\n`);
    };
  }
}

function codeFor(end: GuardedEnd): number {
  switch (end.kind) {
    case 'failed':
      return end.code === 'ENOENT' ? exitCodes.notFound : exitCodes.notExecutable;
    case 'unguarded':
      return exitCodes.internal;
    case 'exited':
      return end.code ?? signalCode(end.signal);
    default:
      return end satisfies never;
  }
}
