import { parseArgs } from 'node:util';
import { type Bag, hunt } from './hunt.ts';
import { isLayer, type LayerName, layers, type Verdict, type Wish } from './layers.ts';
import { planted } from './mutants.ts';
import { simulate } from './simulate.ts';

const usage = `npm run sim -- [--layer nodes|core] [--seed N | --from N] [--seeds N] [--minutes M] [--keep]
               [--without FAULTS] [--safety-ms MS] [--clients N] [--mutant TEXT]

Simulates whole nodes (or, with --layer core, cores alone) under faults: 1,000 seeds from 1 on, on all cores, and stops at
the first that breaks a rule; it is shown, and then shrunk to what it needs. --seed runs one seed again. --minutes goes on
for so long. --keep goes on after a failure. --without switches fault classes off:
  nodes: ${layers.nodes.faults.join(' ')}
  core:  ${layers.core.faults.join(' ')}
--safety-ms and --clients shorten a run. --mutant plants the bug whose name contains TEXT (cores only).`;

const { values } = parseArgs({
  options: {
    layer: { type: 'string', default: 'nodes' },
    seed: { type: 'string' },
    from: { type: 'string', default: '1' },
    seeds: { type: 'string' },
    minutes: { type: 'string' },
    without: { type: 'string', default: '' },
    'safety-ms': { type: 'string' },
    clients: { type: 'string' },
    mutant: { type: 'string' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (Number.isFinite(number) && number >= 0) return number;
  throw new RangeError(`--${name} wants a number, got ${text}`);
}

function wishOf(layer: LayerName): Wish {
  const without = values.without.split(',').filter((name) => name !== '');
  const unknown = without.find((name) => !layers[layer].faults.includes(name));
  if (unknown !== undefined) throw new RangeError(`${layer} have no faults called ${unknown}; see --help`);
  const [safetyMs, clients] = [numberOf('safety-ms', values['safety-ms']), numberOf('clients', values.clients)];
  return { without, ...(safetyMs === undefined ? {} : { safetyMs }), ...(clients === undefined ? {} : { clients }) };
}

/** One seed, in this thread, with all that can be said of it. */
function runOne(layer: LayerName, seed: number): number {
  const { broken, steps, hash, virtualMs } = layers[layer].run(seed, wishOf(layer));
  if (broken !== undefined) console.log(broken.report);
  else console.log(`seed ${seed} holds: ${steps} events, ${(virtualMs / 1_000).toFixed(1)} virtual s, course ${hash}`);
  return broken === undefined ? 0 : 1;
}

function runMutant(text: string): number {
  const bug = planted.find((one) => one.mutant().name.includes(text));
  if (bug === undefined) throw new RangeError(`no bug is called ${text}`);
  const seeds = numberOf('seeds', values.seeds) ?? 1_000;
  for (let seed = numberOf('from', values.from) ?? 1; seed <= seeds; seed += 1) {
    const { failure } = simulate(seed, { mutant: bug.mutant() });
    if (failure === undefined) continue;
    console.log(`seed ${seed} finds "${bug.mutant().name}": ${failure.error.message}`);
    return 0;
  }
  console.log(`${seeds} seeds do not find "${bug.mutant().name}"`);
  return 1;
}

async function runMany(layer: LayerName): Promise<number> {
  const minutes = numberOf('minutes', values.minutes);
  const seeds = numberOf('seeds', values.seeds) ?? (minutes === undefined ? 1_000 : undefined);
  const ms = minutes === undefined ? undefined : minutes * 60_000;
  const told = ({ seed, broken }: Verdict): void => {
    if (broken !== undefined && values.keep) console.log(`seed ${seed} breaks ${broken.rule}: ${broken.message}`);
  };
  const from = numberOf('from', values.from) ?? 1;
  const bag = await hunt({ layer, from, seeds, ms, wish: wishOf(layer), keeps: values.keep }, told);
  const [first] = bag.broken;
  if (first?.broken !== undefined && !values.keep) {
    console.log(first.broken.report);
    console.log(`enough: ${layers[layer].shrink(first.seed, first.broken.rule)}`);
  }
  for (const seed of bag.unstable) console.log(`seed ${seed} takes another course the second time`);
  console.log(summary(layer, bag));
  return bag.broken.length + bag.unstable.length > 0 ? 1 : 0;
}

function summary(layer: LayerName, { seeds, seconds, virtualHours, steps, counts, broken }: Bag): string {
  const deeds = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([deed, count]) => `${deed} ${count}`);
  return [
    `${seeds - broken.length} of ${seeds} seeds hold (${layer}), in ${seconds.toFixed(0)} s on all cores`,
    `${virtualHours.toFixed(1)} virtual hours, ${(seeds / seconds).toFixed(1)} schedules/s, ${steps} events`,
    `seen: ${deeds.join(', ')}`,
  ].join('\n');
}

async function run(): Promise<number> {
  const { layer } = values;
  if (!isLayer(layer)) throw new RangeError(`--layer wants nodes or core, got ${layer}`);
  const seed = numberOf('seed', values.seed);
  if (values.mutant !== undefined) return runMutant(values.mutant);
  return seed === undefined ? await runMany(layer) : runOne(layer, seed);
}

if (values.help) console.log(usage);
else process.exitCode = await run();
