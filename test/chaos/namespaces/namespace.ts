import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Every name says which harness it belongs to, so that what a crash left behind can be told from what is in use. */
const nameOf = (pid: number, what: string): string => `holdfast-${pid}-${what}`;

const ownerIn = (name: string): number | undefined => {
  const pid = /^holdfast-(\d+)-/.exec(name)?.[1];
  return pid === undefined ? undefined : Number(pid);
};

/** Those of this process that have not been removed. */
const standing = new Set<string>();

/** Removes every namespace of this process at once; for ends that cannot wait. */
export function removeAll(): void {
  for (const name of standing) {
    try {
      execFileSync('ip', ['netns', 'delete', name], { stdio: 'ignore' });
    } catch {
      // It never came to be, or somebody was faster; what is left is swept by the next run.
    }
  }
  standing.clear();
}
process.on('exit', removeAll);

/** A network namespace of this harness. It goes with the process at the latest. */
export class Namespace {
  readonly name: string;

  private constructor(name: string) {
    this.name = name;
  }

  static async create(what: string): Promise<Namespace> {
    const name = nameOf(process.pid, what);
    standing.add(name);
    await execute('ip', ['netns', 'add', name]);
    const namespace = new Namespace(name);
    await namespace.ip('link set dev lo up');
    return namespace;
  }

  /** Words that go before a command that is to run inside. */
  get before(): readonly string[] {
    return ['ip', 'netns', 'exec', this.name];
  }

  /** Runs `ip` inside, with these words. */
  async ip(words: string): Promise<void> {
    await execute('ip', ['-n', this.name, ...words.split(' ')]);
  }

  /** Has nft take these lines inside, all or none of them. */
  async rule(lines: string): Promise<void> {
    const child = spawn('ip', ['netns', 'exec', this.name, 'nft', '-f', '-'], { stdio: ['pipe', 'ignore', 'pipe'] });
    const complaint = text(child.stderr);
    const closed = once(child, 'close');
    child.stdin.on('error', () => undefined);
    child.stdin.end(lines);
    await closed;
    if (child.exitCode !== 0) throw new Error(`nft refused rules in ${this.name}: ${await complaint}`);
  }

  /** What nft prints inside, asked with these words. */
  async list(words: readonly string[]): Promise<string> {
    const { stdout } = await execute('ip', ['netns', 'exec', this.name, 'nft', ...words]);
    return stdout;
  }

  async remove(): Promise<void> {
    await execute('ip', ['netns', 'delete', this.name]);
    standing.delete(this.name);
  }
}

/** Removes the namespaces of harnesses that are gone without having done so. */
export async function sweep(): Promise<void> {
  for (const name of (await namespaceNames()).filter(isLeft)) {
    try {
      await execute('ip', ['netns', 'delete', name]);
    } catch (error) {
      // Another harness may sweep at the same time.
      if ((await namespaceNames()).includes(name)) throw error;
    }
  }
}

function isLeft(name: string): boolean {
  const owner = ownerIn(name);
  if (owner === undefined) return false;
  return owner === process.pid ? !standing.has(name) : !existsSync(`/proc/${owner}`);
}

async function namespaceNames(): Promise<readonly string[]> {
  const { stdout } = await execute('ip', ['netns', 'list']);
  return stdout.split('\n').flatMap((line) => line.split(' ')[0] || []);
}
