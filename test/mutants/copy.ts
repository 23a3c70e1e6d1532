import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Place } from './mutant.ts';
import { planted } from './plant.ts';

/** What tests need; `dist` too, for those that start processes. */
const parts = [
  ...['raft', 'storage', 'src', 'test', 'dist', 'package.json', 'vitest.config.ts'],
  ...['tsconfig.json', 'tsconfig.base.json'],
];

/** A copy of the repository to plant bugs in. */
export class Copy implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async of(root: string): Promise<Copy> {
    const path = await mkdtemp(join(tmpdir(), 'holdfast-mutants-'));
    for (const part of parts) await cp(join(root, part), join(path, part), { recursive: true });
    await symlink(join(root, 'node_modules'), join(path, 'node_modules'));
    return new Copy(path);
  }

  /** Runs `work` on a copy that has this one bug. */
  async with<T>(mutant: Place, work: () => Promise<T>): Promise<T> {
    const file = join(this.path, mutant.file);
    const sound = await readFile(file, 'utf8');
    await writeFile(file, planted(mutant, sound));
    try {
      return await work();
    } finally {
      await writeFile(file, sound);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}
