import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Holdfast, type HoldfastClient, type NodeStatus } from 'holdfast';
import { freePorts } from '../../src/cli/demo/free-ports.ts';
import { until } from './waiting.ts';

const cli = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

/** A running `holdfast`, whatever the command. */
export class Cli implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly out: string[] = [];
  readonly errors: string[] = [];
  readonly #ended: Promise<unknown>;

  constructor(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    const { PATH, HOME, TMPDIR } = process.env;
    this.child = spawn(process.execPath, [cli, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH, HOME, TMPDIR, ...environment },
    });
    if (this.child.stdout === null || this.child.stderr === null) throw new Error('no output');
    createInterface({ input: this.child.stdout }).on('line', (line) => this.out.push(line));
    createInterface({ input: this.child.stderr }).on('line', (line) => this.errors.push(line));
    this.#ended = once(this.child, 'close');
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** All that it wrote to standard error. */
  get complaint(): string {
    return this.errors.join('\n');
  }

  /** Its exit code, or the signal that it died of, once all its output has been read. */
  async end(): Promise<number | string> {
    await this.#ended;
    return this.child.exitCode ?? this.child.signalCode ?? 'unknown';
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | string> {
    this.child.kill(signal);
    return await this.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

/** Runs `holdfast` to its end. */
export async function run(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<{ readonly code: number | string; readonly out: string; readonly complaint: string }> {
  const cli = new Cli(args, environment);
  const code = await cli.end();
  return { code, out: cli.out.join('\n'), complaint: cli.complaint };
}

/** Real `holdfast serve` processes over real directories; whatever is left of them goes with it. */
export class Serving implements AsyncDisposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'holdfast-e2e-'));
  readonly addresses: Readonly<Record<string, string>>;
  readonly #flags: readonly string[];
  readonly #nodes: Map<string, Cli> = new Map();

  private constructor(addresses: Readonly<Record<string, string>>, flags: readonly string[]) {
    this.addresses = addresses;
    this.#flags = flags;
  }

  /** Starts these nodes as one cluster and waits until it has a leader. `flags` go to every one of them. */
  static async of(ids: readonly string[], flags: readonly string[] = []): Promise<Serving> {
    const ports = await freePorts(ids.length);
    const addresses = Object.fromEntries(ids.map((id, at) => [id, `127.0.0.1:${ports[at]}`]));
    const serving = new Serving(addresses, flags);
    for (const id of ids) serving.start(id);
    await serving.leader();
    return serving;
  }

  get ids(): readonly string[] {
    return Object.keys(this.addresses);
  }

  get endpoints(): readonly string[] {
    return Object.values(this.addresses);
  }

  dataDir(id: string): string {
    return join(this.folder, id);
  }

  addressOf(id: string): string {
    const address = this.addresses[id];
    if (address === undefined) throw new Error(`no node ${id}`);
    return address;
  }

  node(id: string): Cli {
    const node = this.#nodes.get(id);
    if (node === undefined) throw new Error(`${id} was not started`);
    return node;
  }

  start(id: string): Cli {
    const members = Object.entries(this.addresses).map((pair) => pair.join('='));
    const flags = ['--node-id', id, '--listen', this.addressOf(id), '--members', members.join(',')];
    const node = new Cli(['serve', ...flags, '--data-dir', this.dataDir(id), '--health-listen', 'off', ...this.#flags]);
    this.#nodes.set(id, node);
    return node;
  }

  /** What one node says of itself; undefined if it says nothing. */
  async status(id: string): Promise<NodeStatus | undefined> {
    try {
      await using client = await Holdfast.connect({
        endpoints: [this.addressOf(id)],
        requireLeader: false,
        readyTimeout: 1_000,
        closeTimeout: 100,
      });
      return await client.status();
    } catch {
      return undefined;
    }
  }

  /** The node that leads, once those of `among` that answer agree that one of them does. */
  async leader(among: readonly string[] = this.ids): Promise<string> {
    return await until('a leader', async () => {
      const answers = await Promise.all(among.map((id) => this.status(id)));
      const leader = answers.find((status) => status?.role === 'leader')?.nodeId;
      return (
        leader !== undefined && answers.some((status) => status?.role === 'follower' || among.length === 1) && leader
      );
    });
  }

  async connect(sessionTtl = 10_000): Promise<HoldfastClient> {
    return await Holdfast.connect({ endpoints: this.endpoints, sessionTtl });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#nodes.values()].map((node) => node.kill()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}
