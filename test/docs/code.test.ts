import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Block, blocksOf, documents } from './markdown.ts';

/** A block may start a cluster; on a busy machine that takes its time. */
const blockMsMax = 60_000;

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The blocks that say of themselves that they run. */
const runnable = documents.flatMap((from) =>
  blocksOf(from)
    .filter(({ lead }) => lead.startsWith('<!-- runs'))
    .map((block) => ({ path: from.path, line: block.line, block })),
);

const addressesIn = (code: string): readonly string[] => [...new Set(code.match(/127\.0\.0\.1:\d+/g) ?? [])];

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const bound = server.address();
      server.close(() => resolve(bound !== null && typeof bound === 'object' ? bound.port : 0));
    });
  });
}

/** The same code on addresses that are free on this machine. */
async function elsewhere(code: string, known: ReadonlyMap<string, string>): Promise<string> {
  let moved = code;
  for (const address of addressesIn(code)) {
    moved = moved.replaceAll(address, known.get(address) ?? `127.0.0.1:${await freePort()}`);
  }
  return moved;
}

const transpiled = ({ language, code }: Block): string =>
  language === 'js'
    ? code
    : ts.transpileModule(code, {
        compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
      }).outputText;

let folder = '';

/** A project of somebody who has installed the package. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-readme-'));
  await mkdir(join(folder, 'node_modules'));
  await symlink(root, join(folder, 'node_modules', 'holdfast'), 'dir');
  await symlink(join(root, 'node_modules', 'vitest'), join(folder, 'node_modules', 'vitest'), 'dir');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly complaint: string;
}

const runner = join(root, 'node_modules', 'vitest', 'vitest.mjs');

async function run(name: string, code: string): Promise<Ended> {
  await writeFile(join(folder, `${name}.mjs`), code);
  return start([`${name}.mjs`]);
}

/** The block is a file of tests. */
async function runInVitest(name: string, code: string): Promise<Ended> {
  await writeFile(join(folder, `${name}.test.mjs`), code);
  return start([runner, 'run', '--root', folder, `${name}.test.mjs`]);
}

function start(args: readonly string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let complaint = '';
    child.stdout.on('data', (bytes: Buffer) => {
      out += bytes.toString();
    });
    child.stderr.on('data', (bytes: Buffer) => {
      complaint += bytes.toString();
    });
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ code: exitCode, out, complaint }));
  });
}

/** A node at `address` that ends when its standard input does. */
async function servedAt<T>(address: string, work: () => Promise<T>): Promise<T> {
  const code = `
    import { Holdfast } from 'holdfast';
    const node = await Holdfast.open({ dataDir: './data/served', listen: '${address}' });
    console.log('ready');
    process.stdin.resume().once('end', () => void node.close());
  `;
  const path = join(folder, 'served.mjs');
  await writeFile(path, code);
  const child = spawn(process.execPath, [path], { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  try {
    await Promise.race([
      new Promise<void>((resolve) => child.stdout.once('data', () => resolve())),
      ended.then(() => Promise.reject(new Error('the node ended before it was ready'))),
    ]);
    return await work();
  } finally {
    child.stdin.end();
    await ended;
  }
}

describe('code in documents', () => {
  it('is there', () => {
    expect(runnable.filter(({ path }) => path === 'README.md').length).toBeGreaterThanOrEqual(4);
    expect(new Set(runnable.map(({ path }) => path)).size).toBeGreaterThan(1);
  });

  it.each(runnable)(
    'of $path runs, line $line',
    async ({ path, line, block }) => {
      const served = /with a cluster at (\S+)/.exec(block.lead)?.[1];
      const known = new Map(served === undefined ? [] : [[served, `127.0.0.1:${await freePort()}`]]);
      const code = await elsewhere(transpiled(block), known);
      const name = `${path.replace(/\W/g, '-')}-${line}`;
      const address = served === undefined ? undefined : known.get(served);
      const perform = (): Promise<Ended> => (block.lead.includes('in vitest') ? runInVitest : run)(name, code);

      const ended = await (address === undefined ? perform() : servedAt(address, perform));

      expect(ended).toMatchObject({ code: 0, complaint: '' });
      expect(ended.out).not.toBe('');
    },
    blockMsMax,
  );
});
