import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

/** A project that has the packed package, and beside it the dependencies that are installed here. */
let project: string;
const files = new Set<string>();

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'holdfast-package-'));
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', project], {
    cwd: root,
  });
  const packed: unknown = JSON.parse(stdout);
  for (const { filename, files: listed } of tarballs(packed)) {
    for (const { path } of listed) files.add(path);
    await run('tar', ['-xzf', filename], { cwd: project });
  }
  await mkdir(join(project, 'node_modules', '.bin'), { recursive: true });
  await symlink('../package', join(project, 'node_modules', 'holdfast'));
  await symlink(join(root, 'node_modules'), join(project, 'package', 'node_modules'));
});
afterAll(() => rm(project, { recursive: true, force: true }));

interface Tarball {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/** npm prints a list, or since version 11 an object by name. */
const tarballs = (printed: unknown): readonly Tarball[] =>
  Object.values(typeof printed === 'object' && printed !== null ? printed : {});

const node = async (...args: readonly string[]): Promise<string> =>
  (await run(process.execPath, args, { cwd: project })).stdout.trim();

describe('the package', () => {
  it('can be imported, and locks', async () => {
    const script = `
      import { Holdfast } from 'holdfast';
      const node = await Holdfast.open({ dataDir: ${JSON.stringify(join(project, 'data'))} });
      const handle = await node.acquireLock('x');
      console.log(handle.fencingToken, handle.isHeld);
      await node.close();`;

    expect(await node('--input-type=module', '-e', script)).toBe('1 true');
  });

  it('has a cluster for the unit tests of its users', async () => {
    const script = `
      import { HoldfastNode } from 'holdfast';
      import { createTestCluster } from 'holdfast/testing';
      const cluster = await createTestCluster();
      const handle = await cluster.node('a').acquireLock('x');
      console.log(handle.fencingToken, handle.isHeld, cluster.node('a') instanceof HoldfastNode);
      await cluster.close();`;

    expect(await node('--input-type=module', '-e', script)).toBe('1 true true');
  });

  it('has locks in the shapes of others', async () => {
    const script = `
      import { Mutex } from 'holdfast/mutex';
      import { createTestCluster } from 'holdfast/testing';
      import { WebLocks } from 'holdfast/web-locks';
      const cluster = await createTestCluster({ nodes: 1 });
      const mode = await new WebLocks(cluster.node('a')).request('x', (lock) => lock.mode);
      console.log(mode, await new Mutex(cluster.node('a'), 'x').runExclusive(() => 'ran'));
      await cluster.close();`;

    expect(await node('--input-type=module', '-e', script)).toBe('exclusive ran');
  });

  it('has a fence that needs nothing else of it but the errors', async () => {
    const alone = join(project, 'alone', 'src');
    const built = join(project, 'package', 'dist', 'src');
    await cp(join(built, 'fencing'), join(alone, 'fencing'), { recursive: true });
    await cp(join(built, 'errors.js'), join(alone, 'errors.js'));
    await writeFile(join(project, 'alone', 'package.json'), '{ "type": "module" }');
    const script = `
      import { createFence } from './alone/src/fencing/index.js';
      createFence().admit('x', 1);
      console.log('admitted');`;

    expect(await node('--input-type=module', '-e', script)).toBe('admitted');
  });

  it('can be required', async () => {
    const script =
      "const { Holdfast, LockError } = require('holdfast'); console.log(typeof Holdfast.open, LockError.name);";

    expect(await node('--input-type=commonjs', '-e', script)).toBe('function LockError');
  });

  it('has a program that says its version', async () => {
    const { version } = JSON.parse(await node('-p', "JSON.stringify(require('holdfast/package.json'))"));

    expect(await node(join('node_modules', 'holdfast', 'dist', 'src', 'cli', 'main.js'), '--version')).toBe(version);
  });

  it('has types that a consumer compiles against', async () => {
    const consumer = `
      import { Holdfast, type LockHandle } from 'holdfast';
      import { createFence, guardedUpdate, type SqlStatement } from 'holdfast/fencing';
      import { Mutex } from 'holdfast/mutex';
      import { createTestCluster, type TestCluster } from 'holdfast/testing';
      import { WebLocks } from 'holdfast/web-locks';
      export const use = async (): Promise<number> => {
        const node = await Holdfast.open({ dataDir: 'data' });
        const handle: LockHandle = await node.acquireLock('x', { timeout: 5 });
        return handle.fencingToken;
      };
      export const cluster: Promise<TestCluster> = createTestCluster({ nodes: 3, time: 'virtual' });
      export const shapes = async (): Promise<number> => {
        const node = (await cluster).node('a');
        const statement: SqlStatement = guardedUpdate({ dialect: 'sqlite', table: 't', set: {}, where: { id: 1 }, token: 1 });
        createFence().admit(statement.text, 1);
        await new Mutex(node, 'x').runExclusive((handle) => handle.isHeld);
        return new WebLocks(node).request('x', async (lock) => lock?.fencingToken ?? 0);
      };`;
    await writeFile(join(project, 'consumer.mts'), consumer);
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules', '@types')];
    const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--skipLibCheck', 'false'];

    await expect(
      run(process.execPath, [tsc, ...flags, ...types, 'consumer.mts'], { cwd: project }),
    ).resolves.toBeDefined();
  });

  it('holds what its users need, and nothing else', () => {
    const wanted = ['README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md', 'docs/operations.md', 'dist/src/index.d.ts'];

    expect([...files]).toEqual(expect.arrayContaining(wanted));
    expect(
      [...files].filter((path) => /^(test|bench|\.ci|\.sim|\.mutants|\.bench)\/|tsbuildinfo|tsconfig/.test(path)),
    ).toEqual([]);
  });
});
