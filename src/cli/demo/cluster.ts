import { join } from 'node:path';
import { monotonicNow } from '../guardian/protocol.ts';
import { freePorts } from './free-ports.ts';
import { GuardedCounter } from './guarded-counter.ts';
import { Ledger } from './ledger.ts';
import type { NodeReport } from './messages.ts';
import { NodeProcess } from './node-process.ts';

export const nodeIds = ['a', 'b', 'c'] as const;

const locks = ['till', 'stock', 'mail'] as const;

/** Two workers a node and three locks: every lock is wanted by several nodes all the time. */
const workersPerNode = 2;

/** Milliseconds; shorter than the library's default, so that what a killed process held is free within the demo. */
export const sessionTtl = 2_000;

/** What happens that is worth a line. */
export type Happening =
  | { readonly kind: 'ready'; readonly node: string }
  | { readonly kind: 'leader'; readonly node: string; readonly leader: string; readonly term: number }
  | { readonly kind: 'lost'; readonly node: string; readonly lock: string; readonly token: number }
  | {
      readonly kind: 'refused';
      readonly node: string;
      readonly lock: string;
      readonly token: number;
      readonly seen: number;
    }
  | { readonly kind: 'trouble'; readonly node: string; readonly text: string };

/** Three processes with a node and workers in each, and the shared things that the workers guard with locks. */
export class DemoCluster {
  readonly ledger: Ledger = new Ledger();
  readonly counters: ReadonlyMap<string, GuardedCounter>;
  readonly #members: Readonly<Record<string, string>>;
  readonly #folder: string;
  readonly #report: (happening: Happening) => void;
  readonly #processes: Map<string, NodeProcess> = new Map();
  readonly #ready: Set<string> = new Set();
  #leader: string | undefined;
  #term = 0;
  #failure: string | undefined;

  private constructor(folder: string, members: Readonly<Record<string, string>>, report: (h: Happening) => void) {
    this.#folder = folder;
    this.#members = members;
    this.#report = report;
    this.counters = new Map(locks.map((lock) => [lock, new GuardedCounter(join(folder, `${lock}.counter`))]));
  }

  /** A cluster on free ports of loopback, with everything it writes in `folder`; nothing is started yet. */
  static async in(folder: string, report: (happening: Happening) => void): Promise<DemoCluster> {
    const ports = await freePorts(nodeIds.length);
    const members = Object.fromEntries(nodeIds.map((id, at) => [id, `127.0.0.1:${ports[at]}`]));
    return new DemoCluster(folder, members, report);
  }

  get members(): Readonly<Record<string, string>> {
    return this.#members;
  }

  /** The leader of the highest term that any node has named. */
  get leader(): string | undefined {
    return this.#leader;
  }

  get term(): number {
    return this.#term;
  }

  /** Why a node ended that nobody had killed. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Nodes that joined since they were started last. */
  get ready(): ReadonlySet<string> {
    return this.#ready;
  }

  start(node: string): void {
    const dataDir = join(this.#folder, node);
    const settings = { nodeId: node, members: this.#members, dataDir, sessionTtl, locks, workers: workersPerNode };
    this.#processes.set(node, new NodeProcess(settings, (report) => this.#hear(node, report)));
  }

  /** The process id of a node that was started. */
  pidOf(node: string): number {
    return this.#processes.get(node)?.pid ?? 0;
  }

  /** SIGKILL. What it was doing in critical sections has ended when this resolves. */
  async kill(node: string): Promise<void> {
    const process = this.#processes.get(node);
    this.#processes.delete(node);
    this.#ready.delete(node);
    if (this.#leader === node) this.#leader = undefined;
    await process?.kill();
    this.ledger.died(node, monotonicNow());
  }

  /** Stops all at once, gracefully; says whether all of them ended well. */
  async stop(patienceMs: number): Promise<boolean> {
    const ends = await Promise.all([...this.#processes.values()].map((process) => process.stop(patienceMs)));
    this.#processes.clear();
    return ends.every(Boolean);
  }

  /** Kills what is left, whatever state it is in. */
  async abandon(): Promise<void> {
    await Promise.all([...this.#processes.values()].map((process) => process.kill()));
  }

  #hear(node: string, report: NodeReport): void {
    switch (report.kind) {
      case 'ready':
        this.#ready.add(node);
        this.#report({ kind: 'ready', node });
        return;
      case 'leader':
        this.#follow(node, report.leader, report.term);
        return;
      case 'entered':
        this.ledger.entered(node, report);
        return;
      case 'left':
        this.ledger.left(report.token, report.at);
        if (report.lost) this.#report({ kind: 'lost', node, lock: report.lock, token: report.token });
        return;
      case 'read':
      case 'write':
        this.#serve(node, report);
        return;
      case 'trouble':
        this.#report({ kind: 'trouble', node, text: report.text });
        return;
      case 'failed':
        this.#failure = `node ${node} has failed: ${report.text}`;
        return;
      default:
        report satisfies never;
    }
  }

  #follow(node: string, leader: string | undefined, term: number): void {
    if (leader === undefined || term <= this.#term) return;
    this.#leader = leader;
    this.#term = term;
    this.#report({ kind: 'leader', node, leader, term });
  }

  #serve(node: string, question: NodeReport & { kind: 'read' | 'write' }): void {
    const counter = this.counters.get(question.lock);
    const asker = this.#processes.get(node);
    if (counter === undefined) throw new Error(`no counter behind the lock ${question.lock}`);
    const { request } = question;
    if (question.kind === 'read') {
      asker?.tell({ kind: 'value', request, value: counter.value });
      return;
    }
    const { lock, token, value } = question;
    const accepted = counter.write(token, value);
    if (!accepted) this.#report({ kind: 'refused', node, lock, token, seen: counter.tokenHighest });
    asker?.tell({ kind: 'written', request, accepted });
  }
}
