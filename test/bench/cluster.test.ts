import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JournalLine } from '../../bench/journal.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-test-'));
  await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'bench')]);
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('the bench', () => {
  it('measures real processes, prints a table and leaves every sample in a file', async () => {
    const out = join(folder, 'results.jsonl');
    const short = ['--rounds', '1', '--window-ms', '200', '--warm-ms', '100', '--widths', '4', '--crowds', '4'];
    const what = ['--only', 'pairs,contended,failover', '--kills', '1', '--out', out];

    const { stdout } = await run(process.execPath, [join(root, '.bench/bench/main.js'), ...short, ...what], {
      env: { ...process.env, TMPDIR: folder },
    });

    const lines: readonly JournalLine[] = (await readFile(out, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const figures = lines.filter((line) => line.line === 'figure').map(({ point, figure }) => `${point}: ${figure}`);
    expect(stdout).toContain('4 waiters: Jain index');
    expect(figures).toContain('leader x 4: pairs/s');
    expect(figures).toContain('remote x 4: pair p50');
    expect(figures).toContain('SIGKILL: kill -> next acquire');
  });
});
