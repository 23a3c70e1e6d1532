import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { entriesAfter, start } from '../samples.ts';
import { copiesRoot, imageOf } from './image.ts';
import { perform, Script } from './steps.ts';
import { type Verdict, verdictOn } from './verdict.ts';

/** `HOLDFAST_TEST_KILLS=500` kills that many processes. */
const kills = Number(process.env['HOLDFAST_TEST_KILLS'] ?? 16);

/** Everything that a store does, in an order in which it may come. */
function life(): Script {
  const script = new Script();
  script.write({ hardState: { term: 1, votedFor: 'a/1' } });
  for (let round = 0; round < 4; round += 1) {
    script.write({ entries: entriesAfter(script.last, 6, { bytes: 3_000 }) });
  }
  const other = entriesAfter(script.at(20), 4, { term: 2 });
  script.write({ truncateFrom: 22 });
  script.write({ hardState: { term: 2, votedFor: 'b/1' }, truncateFrom: 21, entries: other });
  script.checkpoint(script.at(18), { a: 'x'.repeat(40_000), b: 'y'.repeat(40_000) });
  script.write({ base: script.at(15) });
  script.write({ entries: entriesAfter(script.last, 2, { bytes: 40_000, term: 2 }) });
  script.checkpoint(script.at(24), { b: 'z', c: '3' });
  script.write({ hardState: { term: 3, votedFor: undefined } });
  const [position = start] = entriesAfter({ index: 99, term: 3, chain: 7 }, 1);
  script.install(position, { d: '1'.repeat(9_000), e: '2'.repeat(9_000), f: '3' });
  script.write({ entries: entriesAfter(position, 3, { term: 3 }) });
  script.write({ hardState: { term: 4, votedFor: 'a/1' } });
  return script;
}

/** What is there after a process killed itself in `step`, judged by what it had acknowledged. */
async function afterDeath(
  script: Script,
  death: { readonly step: number; readonly turns: number },
): Promise<Verdict & { readonly isKilled: boolean }> {
  const dataDir = join(copiesRoot, `holdfast-killed-${process.pid}-${death.step}-${death.turns}`);
  try {
    const { acknowledged, error, isKilled } = await perform(dataDir, script.lines(death));
    if (error !== undefined) return { kind: 'violation', what: error, isKilled };
    const image = imageOf(dataDir);
    return { ...(await verdictOn(image, { image, chronicle: script.promisedAfter(acknowledged) })), isKilled };
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/**
 * How many turns a step takes depends on the disk. A process that was through with it before its death came is judged as
 * it is, and then another one dies sooner; in the first turn each does.
 */
async function lives(script: Script, death: { readonly step: number; readonly turns: number }) {
  const found: (Verdict & { readonly isKilled: boolean; readonly death: unknown })[] = [];
  for (let { turns } = death; ; turns = Math.floor(turns / 4)) {
    const verdict = await afterDeath(script, { ...death, turns });
    found.push({ ...verdict, death: { ...death, turns } });
    if (verdict.isKilled || turns === 0) return found;
  }
}

test('a process killed in any step of its work has everything it acknowledged, and nothing else (S37, S64, S80, S100)', {
  timeout: 60_000 + kills * 1_000,
}, async () => {
  const script = life();
  // The first two steps make the directory; the blank node that they may leave has a test of its own.
  const deaths = Array.from({ length: kills }, (_, kill) => ({
    step: 2 + (kill % (script.length - 2)),
    turns: (kill * 37) % 223,
  })).values();
  const found: (Verdict & { readonly isKilled: boolean; readonly death: unknown })[] = [];
  const worker = async (): Promise<void> => {
    for (const death of deaths) found.push(...(await lives(script, death)));
  };

  await Promise.all([worker(), worker()]);

  expect(found.filter(({ kind }) => kind !== 'whole')).toEqual([]);
  expect(found.filter(({ isKilled }) => isKilled)).toHaveLength(kills);
});
