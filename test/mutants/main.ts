import { parseArgs } from 'node:util';
import { catalogue } from './catalogue.ts';
import { Copy } from './copy.ts';
import type { Mutant } from './mutant.ts';
import { runTests } from './vitest-run.ts';

const usage = `npm run mutants -- [--only TEXT] [--jobs N] [--seeds N]

Plants the bugs of test/mutants one at a time in a copy of the repository, and shows which test notices each. Ends with 1
if one of them lives. --only takes those whose id contains TEXT, or one of several texts with commas between; --jobs runs
so many at once (default 2).
--seeds lets whole nodes look for each of them in so many seeds of the simulator, also where that is not demanded.`;

interface Fate {
  readonly mutant: Mutant;
  /** By whom it died; undefined if it lives. */
  readonly killedBy: string | undefined;
  /** The first seed of whole nodes that finds it: a number, or why there is none. */
  readonly seed: string;
  readonly isDead: boolean;
  readonly seconds: number;
}

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    jobs: { type: 'string', default: '2' },
    seeds: { type: 'string', default: '0' },
    help: { type: 'boolean', default: false },
  },
});

/** From `.mutants/test/mutants`. */
const root = new URL('../../..', import.meta.url).pathname;

async function fateOf(mutant: Mutant, copy: Copy): Promise<Fate> {
  const startedAt = performance.now();
  return await copy.with(mutant, async () => {
    const killedBy = await testThat(mutant, copy);
    const seed = await seedThat(mutant, copy);
    const isDead = killedBy !== undefined && (mutant.killer.seeds === undefined || seed.startsWith('seed'));
    return { mutant, killedBy, seed, isDead, seconds: (performance.now() - startedAt) / 1_000 };
  });
}

/** The first test that fails, if any does. */
async function testThat({ id, killer }: Mutant, copy: Copy): Promise<string | undefined> {
  const { failed, broken, passed, isLate } = await runTests(copy.path, killer.tests);
  const [first] = failed;
  if (isLate) throw new Error(`mutant ${id}: ${first?.name}; that proves nothing`);
  if (first !== undefined) return first.name;
  if (broken.length > 0 || passed === 0) throw new Error(`mutant ${id}: no test ran (${broken.join(', ')})`);
  return undefined;
}

/** The first seed of whole nodes that breaks a law, if the mutant, or the command line, asks for that. */
async function seedThat({ killer }: Pick<Mutant, 'killer'>, copy: Copy): Promise<string> {
  const seeds = killer.seeds ?? Number(values.seeds);
  if (seeds === 0) return '';
  const env = { HOLDFAST_SWARM_SEEDS: `${seeds}` };
  const { failed } = await runTests(copy.path, ['test/sim/nodes/swarm.test.ts'], { only: 'in seeds', env });
  const [first] = failed;
  if (first === undefined) return `not in ${seeds} seeds`;
  // Only a seed that breaks a law counts; whatever else went wrong has to be looked at.
  return /seed (\d+): (\w+)/.exec(first.said)?.[0] ?? `no seed, but: ${first.name} ${first.said}`;
}

function tell({ mutant, killedBy, seed, isDead, seconds }: Fate): void {
  const verdict = isDead ? 'dead ' : 'LIVES';
  const who = [seed, killedBy ?? mutant.guard].filter((word) => word !== '').join(' · ');
  console.log(`${verdict} ${mutant.id.padEnd(30)} ${seconds.toFixed(1).padStart(5)} s  ${who}`);
}

/** Without a bug, all of them must pass, and all seeds hold: what always fails kills everything. */
async function checkSound(mutants: readonly Mutant[]): Promise<void> {
  await using copy = await Copy.of(root);
  for (const path of new Set(mutants.flatMap(({ killer }) => killer.tests))) {
    const { failed } = await runTests(copy.path, [path]);
    const names = failed.map(({ name }) => name);
    if (names.length > 0) throw new Error(`without any mutant, these fail: ${names.join('; ')}`);
  }
  const seeds = Math.max(Number(values.seeds), ...mutants.map(({ killer }) => killer.seeds ?? 0));
  const found = seeds === 0 ? '' : await seedThat({ killer: { tests: [], seeds } }, copy);
  if (seeds > 0 && found !== `not in ${seeds} seeds`) throw new Error(`without any mutant: ${found}`);
}

async function run(): Promise<number> {
  const wanted = values.only.split(',');
  const mutants = catalogue.filter(({ id }) => wanted.some((text) => id.includes(text)));
  const waiting = [...mutants];
  const fates: Fate[] = [];
  const work = async (): Promise<void> => {
    await using copy = await Copy.of(root);
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const fate = await fateOf(mutant, copy);
      fates.push(fate);
      tell(fate);
    }
  };
  await checkSound(mutants);
  await Promise.all(Array.from({ length: Math.max(1, Number(values.jobs)) }, work));
  const alive = fates.filter(({ isDead }) => !isDead);
  console.log(`${fates.length - alive.length} of ${mutants.length} mutants are dead`);
  return alive.length > 0 || fates.length === 0 ? 1 : 0;
}

if (values.help) console.log(usage);
else process.exitCode = await run();
