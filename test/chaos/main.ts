import { repository } from './cluster.ts';
import type { RunOptions } from './course.ts';
import { killAll } from './life.ts';
import { type VisibleMutant, visibleMutants } from './mutants.ts';
import { type Fate, fateText, Mutation } from './mutation.ts';
import { missingForNamespaces } from './namespaces/missing.ts';
import { type ChaosOptions, parseOptions, usage } from './options.ts';
import { run } from './run.ts';
import { summaryOf, summaryText } from './summary.ts';

const exitCodes = { usage: 64, unavailable: 69, interrupted: 130 } as const;

/** Beyond the time of the faults; a run that takes longer hangs, and is ended. */
const graceMs = 240_000;

/** What copying and building may add for each mutant. */
const buildMs = 120_000;

const minutesDefault = { run: 1, mutant: 0.25 } as const;

const say = (line: string): void => console.error(line);

async function chaos(options: ChaosOptions): Promise<number> {
  const { seed, kinds, nodes, network, json, minutes = minutesDefault.run } = options;
  say(`${nodes} nodes, ${minutes} min, faults: ${kinds.join(', ') || 'none'}, network: ${network}, seed ${seed}`);
  if (network === 'namespaces') say('no delays: they are made by the proxy only');
  endAfter(minutes * 60_000 + graceMs);
  const keep = options.keep ? 'always' : 'on-failure';
  const course = await run({ ...options, minutes, keep, root: repository, endsEarly: false, say });
  const summary = summaryOf(course);
  if (course.account !== undefined) say(course.account);
  console.log(json ? JSON.stringify(summary, undefined, 2) : summaryText(summary));
  return summary.ok ? 0 : 1;
}

/** Ends with 0 only if every one of them was caught. */
async function mutate(mutants: readonly VisibleMutant[], options: ChaosOptions): Promise<number> {
  const { json, rounds, seed, minutes = minutesDefault.mutant } = options;
  const each = rounds * (minutes * 60_000 + graceMs) + buildMs;
  endAfter(each * (mutants.length + 1));
  const keep = options.keep ? 'always' : 'never';
  const runOptions: Omit<RunOptions, 'root'> = { ...options, minutes, keep, endsEarly: true, say: () => undefined };
  await using mutation = await Mutation.of(repository, runOptions, rounds);
  say(`${mutants.length} planted bugs, rounds of ${minutes} min, seed ${seed}; first one without any`);
  await mutation.checkSound();
  const fates: Fate[] = [];
  for (const mutant of mutants) {
    const fate = await mutation.fateOf(mutant);
    fates.push(fate);
    say(fateText(fate));
  }
  if (json) console.log(JSON.stringify(fates.map(plain), undefined, 2));
  const alive = fates.filter(({ caughtBy }) => caughtBy === undefined);
  say(`${fates.length - alive.length} of ${fates.length} planted bugs were caught`);
  return alive.length === 0 ? 0 : 1;
}

const plain = ({ mutant, ...fate }: Fate): object => ({ id: mutant.id, guard: mutant.guard, ...fate });

/** The program always ends by itself. */
function endAfter(ms: number): void {
  const timer = setTimeout(() => {
    say(`no end after ${Math.round(ms / 1_000)} s; giving up`);
    process.exit(1);
  }, ms);
  timer.unref();
}

function chosen({ mutant, mutants }: ChaosOptions): readonly VisibleMutant[] {
  if (mutants) return visibleMutants;
  const ids = mutant?.split(',') ?? [];
  return visibleMutants.filter(({ id }) => ids.includes(id));
}

async function main(): Promise<number> {
  let options: ChaosOptions;
  try {
    options = parseOptions(process.argv.slice(2));
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    say(usage);
    return exitCodes.usage;
  }
  if (options.help) {
    console.log(usage);
    return 0;
  }
  const missing = options.network === 'namespaces' ? await missingForNamespaces() : [];
  if (missing.length > 0) {
    say(`--network namespaces needs ${missing.join(' and ')}`);
    return exitCodes.unavailable;
  }
  if (options.mutant === undefined && !options.mutants) return await chaos(options);
  const mutants = chosen(options);
  if (mutants.length > 0) return await mutate(mutants, options);
  say(`no mutant ${options.mutant}; there are ${visibleMutants.map(({ id }) => id).join(', ')}`);
  return exitCodes.usage;
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    killAll();
    process.exit(exitCodes.interrupted);
  });
}

// Whatever is still open by now belongs to processes that are gone.
process.exit(await main());
