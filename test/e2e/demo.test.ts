import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { GuardedCounter } from '../../src/cli/demo/guarded-counter.ts';
import { Ledger } from '../../src/cli/demo/ledger.ts';
import { run } from './serving.ts';

const leftovers = (): readonly string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('holdfast-demo-'));

it('the demo loses its leader, goes on, finds nothing wrong, and leaves nothing behind', async () => {
  const before = leftovers();

  const { code, out } = await run(['demo', '--json', '--seconds', '5']);

  const summary = JSON.parse(out.split('\n').at(-1) ?? '');
  expect(summary).toMatchObject({ ok: true, overlaps: 0, tokensMonotonic: true, broken: [] });
  expect(summary.counted).toBe(summary.increments);
  expect(summary.grants).toBeGreaterThan(100);
  expect(summary.staleRefused).toBeGreaterThan(0);
  expect(summary.newLeader).not.toBe(summary.killedLeader);
  expect(summary.longestGapMs).toBeLessThan(10_000);
  expect(code).toBe(0);
  expect(leftovers()).toEqual(before);
});

it('the ledger of the demo sees an overlap, a token that falls, and a gap', () => {
  const ledger = new Ledger();
  ledger.entered('a', { lock: 'till', token: 2, at: 0 });
  ledger.entered('b', { lock: 'till', token: 1, at: 5 });
  ledger.left(2, 6);
  ledger.left(1, 7);
  ledger.entered('b', { lock: 'mail', token: 3, at: 1_000 });

  expect(ledger.overlaps()).toEqual([{ lock: 'till', tokens: [2, 1] }]);
  expect(ledger.tokensRise).toBe(false);
  expect(ledger.longestGapMs()).toBe(995);
});

it('the ledger of the demo ends what a killed process was doing', () => {
  const ledger = new Ledger();
  ledger.entered('a', { lock: 'till', token: 1, at: 0 });
  ledger.died('a', 10);
  ledger.entered('b', { lock: 'till', token: 2, at: 11 });

  expect(ledger.overlaps()).toEqual([]);
  expect(ledger.tokensRise).toBe(true);
});

it('the counter of the demo refuses an older token, and takes the same one again', () => {
  const folder = mkdtempSync(`${tmpdir()}/holdfast-counter-`);
  const counter = new GuardedCounter(`${folder}/till`);

  expect([counter.write(5, 1), counter.write(4, 9), counter.write(5, 2)]).toEqual([true, false, true]);

  expect([counter.value, counter.increments, counter.refused]).toEqual([2, 2, 1]);
  rmSync(folder, { recursive: true });
});
