import { parseArgs } from 'node:util';
import { planted } from './mutants.ts';
import { narrow, replayCommand, report } from './report.ts';
import { simulate } from './simulate.ts';
import { type FaultClass, faultClasses } from './swarm.ts';

const usage = `npm run sim -- [--seed N] [--count N] [--without ${faultClasses.join(',')}] [--mutant TEXT] [--keep]

Runs --count seeds from --seed on (default: 1000 from 1), and stops at the first that breaks a rule.
--without switches fault classes off, --mutant plants the bug whose name contains TEXT, --keep goes on after a failure and
prints one line for each.`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    count: { type: 'string' },
    without: { type: 'string', default: '' },
    mutant: { type: 'string' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const isFault = (name: string): name is FaultClass => faultClasses.some((fault) => fault === name);

function wholeNumber(text: string | undefined, otherwise: number): number {
  const number = text === undefined ? otherwise : Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new RangeError(`expected a whole number, got ${text}`);
}

function run(): number {
  const first = wholeNumber(values.seed, 1);
  const count = wholeNumber(values.count, values.seed === undefined ? 1000 : 1);
  const without = values.without.split(',').filter((name) => name !== '');
  const unknown = without.find((name) => !isFault(name));
  if (unknown !== undefined) throw new RangeError(`no fault class ${unknown}; there are ${faultClasses.join(', ')}`);
  const bug =
    values.mutant === undefined ? undefined : planted.find((one) => one.mutant().name.includes(values.mutant ?? ''));
  const started = performance.now();
  let broken = 0;
  let steps = 0;
  for (let seed = first; seed < first + count; seed += 1) {
    const conditions = { without: without.filter(isFault), ...(bug === undefined ? {} : { mutant: bug.mutant() }) };
    const outcome = simulate(seed, conditions);
    steps += outcome.steps;
    if (outcome.failure === undefined) continue;
    broken += 1;
    if (values.keep) {
      console.log(`seed ${seed} breaks ${outcome.failure.rule}: ${outcome.failure.error.message}`);
      continue;
    }
    console.log(report(outcome));
    if (bug === undefined)
      console.log(`enough: ${replayCommand(seed, narrow(seed, outcome.failure.rule, conditions))}`);
    return 1;
  }
  const seconds = (performance.now() - started) / 1000;
  console.log(`${count - broken} of ${count} seeds hold; ${steps} events in ${seconds.toFixed(1)} s`);
  return broken > 0 ? 1 : 0;
}

if (values.help) console.log(usage);
else process.exitCode = run();
