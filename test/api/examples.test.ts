import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Three processes for some seconds: `test/e2e/no-deadlock.test.ts` runs it, among those that take their time. */
const long = 'no-deadlock.mjs';
const examples = readdirSync(`${root}/examples`).filter((file) => file.endsWith('.mjs') && file !== long);

const run = (file: string): Promise<{ readonly code: number | null; readonly errors: string }> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [`examples/${file}`], { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (part: string) => {
      errors += part;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, errors }));
  });

/** They use the package as its users do: built, and by its name. */
describe('the examples', () => {
  it('are there', () => {
    expect(examples.length).toBeGreaterThanOrEqual(3);
  });

  it.each(examples)('%s does what it says and ends by itself', async (file) => {
    expect(await run(file)).toEqual({ code: 0, errors: '' });
  });
});
