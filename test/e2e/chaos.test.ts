import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Summary {
  readonly ok: boolean;
  readonly verdict: string;
  readonly acquires: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
  readonly missedGates: readonly string[];
}

/** The program behind `npm run chaos`. */
async function chaos(
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly out: string; readonly complaint: string }> {
  const child = spawn(process.execPath, [`${root}.chaos/test/chaos/main.js`, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await once(child, 'close');
  const [out, complaint] = await output;
  return { code, out, complaint };
}

describe('three real nodes under kills, pauses and partitions', () => {
  it('show their clients a linearizable history', async () => {
    // Little must have happened: this machine may be busy with other tests.
    const args = ['--minutes', '0.3', '--faults', 'kill,pause,partition', '--seed', '7', '--gates', '0.2', '--json'];
    const { code, out, complaint } = await chaos(...args);

    const summary: Summary = JSON.parse(out);
    expect(summary, complaint).toMatchObject({ ok: true, verdict: 'linearizable', problems: [], missedGates: [] });
    expect(summary.acquires).toBeGreaterThan(50);
    expect(Math.min(...['kill', 'pause', 'partition'].map((kind) => summary.faults[kind] ?? 0))).toBeGreaterThan(0);
    expect(code).toBe(0);
  });
});

describe('the chaos program', () => {
  it.each([
    ['an unknown fault', ['--faults', 'flood'], 'no fault "flood"'],
    ['a number of nodes that proves little', ['--nodes', '2'], '--nodes takes 3 or 5'],
    ['an unknown mutant', ['--mutant', 'nonsense'], 'no mutant nonsense'],
  ])('refuses %s', async (_what, args, words) => {
    const { code, complaint } = await chaos(...args);

    expect(complaint).toContain(words);
    expect(code).toBe(64);
  });
});
