import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { AdapterSettings } from '../adapters/settings.ts';
import { nowMs } from '../clock.ts';
import type { Answers, OrderKind, Orders, Reply } from '../station/messages.ts';
import { adopt, killed } from './children.ts';

/** How long a station may take for an answer beyond what the order itself takes. */
const patienceMs = 60_000;

const stopPatienceMs = 10_000;

type Waiter = (reply: Reply) => void;

/** A process that load comes from, as the bench sees it. */
export class Station {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #asked: Map<number, Waiter> = new Map();
  readonly #ready: Promise<number>;
  #questions = 0;

  constructor(name: string, adapter: AdapterSettings) {
    this.name = name;
    const program = fileURLToPath(new URL('../station/main.js', import.meta.url));
    const options = { execArgv: ['--expose-gc'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] as const };
    this.#child = fork(program, [JSON.stringify({ adapter })], { ...options, stdio: [...options.stdio] });
    adopt(this.#child);
    // A process that dies while it is written to: its exit tells.
    this.#child.on('error', () => undefined);
    this.#ready = new Promise((resolve, reject) => {
      this.#child.on('message', (reply: Reply) => {
        if (reply.kind === 'ready') resolve(reply.atMs);
        else this.#hear(reply);
      });
      this.#child.once('exit', (code, signal) => {
        reject(new Error(`${name} ended before it was ready (${code ?? signal})`));
        this.#bury(`${name} ended (${code ?? signal})`);
      });
    });
    // Whoever does not wait for a station that is killed need not hear of it.
    this.#ready.catch(() => undefined);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** When it had opened its service. */
  ready(): Promise<number> {
    return this.#ready;
  }

  /** Rejects when the station ends, fails, or does not answer. */
  async ask<K extends OrderKind>(kind: K, order: Orders[K]): Promise<Answers[K]> {
    const id = ++this.#questions;
    const lastMs = 'untilMs' in order ? Math.max(0, order.untilMs - nowMs()) : 0;
    return await new Promise<Answers[K]>((resolve, reject) => {
      const late = setTimeout(() => settle({ kind: 'failed', id, text: `no answer to ${kind}` }), lastMs + patienceMs);
      const settle = (reply: Reply): void => {
        clearTimeout(late);
        this.#asked.delete(id);
        // Messages carry no types: a reply to an order has the form of that order's answer.
        if (reply.kind === 'answer') resolve(reply.answer as Answers[K]);
        else reject(new Error(`${this.name}: ${reply.kind === 'failed' ? reply.text : reply.kind}`));
      };
      this.#asked.set(id, settle);
      if (this.isAlive && this.#child.connected) this.#child.send({ id, kind, order }, () => undefined);
      else settle({ kind: 'failed', id, text: `${this.name} is gone` });
    });
  }

  kill(): Promise<void> {
    return killed(this.#child);
  }

  /** Lets it close, and kills it if that takes long. */
  async stop(): Promise<void> {
    if (!this.isAlive) return;
    const gone = once(this.#child, 'exit');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), stopPatienceMs);
    this.ask('stop', {}).catch(() => this.#child.kill('SIGKILL'));
    await gone;
    clearTimeout(timer);
  }

  #hear(reply: Exclude<Reply, { kind: 'ready' }>): void {
    this.#asked.get(reply.id)?.(reply);
  }

  #bury(text: string): void {
    for (const [id, waiter] of [...this.#asked]) waiter({ kind: 'failed', id, text });
  }
}
