import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const calls = 1_000;

/** Runs the program to its end. */
async function storm(
  seed: number,
  count: number,
  ...more: readonly string[]
): Promise<{ readonly code: number; readonly out: string; readonly errors: string }> {
  const args = ['examples/no-deadlock.mjs', String(seed), String(count), ...more];
  const child = spawn(process.execPath, args, { cwd: fileURLToPath(root), stdio: ['ignore', 'pipe', 'pipe'] });
  const told = { out: '', errors: '' };
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    told.out += part;
  });
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    told.errors += part;
  });
  const [code] = await once(child, 'close');
  return { code, ...told };
}

describe('a thousand random acquireAll calls over twenty names from three processes', () => {
  it('finish without a deadlock, and what excludes each other never overlaps', async () => {
    const seed = Math.floor(Math.random() * 1e9);

    const { code, out, errors } = await storm(seed, calls);

    expect({ code, errors }, `node examples/no-deadlock.mjs ${seed}: ${out}`).toEqual({ code: 0, errors: '' });
    const [, finished] = /^(\d+) of 1000 calls finished in [\d.]+ s: \d+ grants, 0 wrong$/m.exec(out) ?? [];
    expect(Number(finished)).toBe(calls);
  });

  it('would close circles if they took their locks one by one', async () => {
    const seed = Math.floor(Math.random() * 1e9);

    const { code, out } = await storm(seed, 200, 'one-by-one');

    expect(code, `node examples/no-deadlock.mjs ${seed} 200 one-by-one: ${out}`).toBe(0);
    const [, refused] = /^(\d+) calls were refused/m.exec(out) ?? [];
    expect(Number(refused)).toBeGreaterThan(0);
  });
});

interface Span {
  readonly name: string;
  readonly mode?: string;
  readonly permits: number;
  readonly token: number;
  readonly from: number;
  readonly to: number;
}

const { overlapsIn }: { readonly overlapsIn: (spans: readonly Span[]) => readonly string[] } = await import(
  new URL('examples/no-deadlock/overlaps.mjs', root).href
);

const span = (token: number, times: readonly [number, number], rest: Partial<Span> = {}): Span => ({
  ...{ name: 'crossing/0', permits: 1, token, from: times[0], to: times[1] },
  ...rest,
});
const mode = (mode: string): Partial<Span> => ({ name: 'crossing/1', mode });
const permits = (permits: number): Partial<Span> => ({ name: 'crossing/2', permits });

describe('what that program takes for wrong', () => {
  it.each([
    ['two exclusive holds at once', [span(1, [0, 5]), span(2, [4, 9])]],
    ['a higher token before a lower one', [span(2, [0, 5]), span(1, [6, 9])]],
    ['a reader beside a writer', [span(1, [0, 5], mode('write')), span(2, [4, 9], mode('read'))]],
    ['two upgradeable readers', [span(1, [0, 5], mode('upgradeable')), span(2, [4, 9], mode('upgradeable'))]],
    ['four of three permits', [span(1, [0, 5], permits(2)), span(2, [4, 9], permits(2))]],
    ['a token twice', [span(1, [0, 5]), span(1, [6, 9], mode('read'))]],
  ])('%s', (_name, spans) => {
    expect(overlapsIn(spans)).toHaveLength(1);
  });

  it('is no more than that', () => {
    const spans = [
      ...[span(1, [0, 5]), span(2, [5, 9])],
      ...[span(3, [0, 5], mode('read')), span(4, [4, 9], mode('upgradeable')), span(5, [9, 10], mode('write'))],
      ...[span(6, [0, 5], permits(2)), span(7, [4, 9], permits(1)), span(8, [5, 9], permits(2))],
    ];

    expect(overlapsIn(spans)).toEqual([]);
  });
});
