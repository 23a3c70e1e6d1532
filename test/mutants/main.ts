import { parseArgs } from 'node:util';
import { catalogue } from './catalogue.ts';
import { Copy } from './copy.ts';
import type { Mutant } from './mutant.ts';
import { runTests } from './vitest-run.ts';

const usage = `npm run mutants -- [--only TEXT] [--jobs N]

Plants the bugs of test/mutants one at a time in a copy of the repository, and shows which test notices each. Ends with 1
if one of them lives. --only takes those whose id contains TEXT; --jobs runs so many at once (default 2).`;

interface Fate {
  readonly mutant: Mutant;
  /** By whom it died; undefined if it lives. */
  readonly killedBy: string | undefined;
  readonly seconds: number;
}

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    jobs: { type: 'string', default: '2' },
    help: { type: 'boolean', default: false },
  },
});

/** From `.mutants/test/mutants`. */
const root = new URL('../../..', import.meta.url).pathname;

async function fateOf(mutant: Mutant, copy: Copy): Promise<Fate> {
  const startedAt = performance.now();
  const killedBy = await copy.with(mutant, async () => {
    const { failed, broken, passed } = await runTests(copy.path, mutant.killer.tests);
    const [first] = failed;
    if (first !== undefined) return first;
    if (broken.length > 0 || passed === 0) throw new Error(`mutant ${mutant.id}: no test ran (${broken.join(', ')})`);
    return undefined;
  });
  return { mutant, killedBy, seconds: (performance.now() - startedAt) / 1_000 };
}

function tell({ mutant, killedBy, seconds }: Fate): void {
  const verdict = killedBy === undefined ? 'LIVES' : 'dead ';
  console.log(`${verdict} ${mutant.id.padEnd(30)} ${seconds.toFixed(1).padStart(5)} s  ${killedBy ?? mutant.guard}`);
}

/** Without a bug, all of them must pass: a test that always fails kills everything. */
async function checkSound(mutants: readonly Mutant[]): Promise<void> {
  await using copy = await Copy.of(root);
  const paths = [...new Set(mutants.flatMap(({ killer }) => killer.tests))];
  const { failed } = await runTests(copy.path, paths);
  if (failed.length > 0) throw new Error(`without any mutant, these fail: ${failed.join('; ')}`);
}

async function run(): Promise<number> {
  const mutants = catalogue.filter(({ id }) => id.includes(values.only));
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
  const alive = fates.filter(({ killedBy }) => killedBy === undefined);
  console.log(`${fates.length - alive.length} of ${mutants.length} mutants are dead`);
  return alive.length > 0 || fates.length === 0 ? 1 : 0;
}

if (values.help) console.log(usage);
else process.exitCode = await run();
