import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { againstTable } from './against.ts';
import type { Figures } from './figures.ts';
import { Journal } from './journal.ts';
import { peersOf } from './peers.ts';
import { dieTogether } from './processes/children.ts';
import { figuresTable, ratiosTable } from './report.ts';
import { Revision } from './revisions/worktree.ts';
import { runRounds } from './run.ts';
import { type BenchSettings, defaultSettings } from './settings.ts';
import { holdfast } from './subjects/holdfast.ts';
import type { Subject } from './subjects/subject.ts';
import { onlyByName, workloads } from './workloads/catalogue.ts';
import type { Workload } from './workloads/round.ts';

const usage = `npm run bench -- [--only NAMES] [--rounds N] [--window-ms MS] [--warm-ms MS] [--widths LIST] [--crowds LIST]
                 [--kills N] [--locks N] [--minutes M] [--peers] [--subjects NAMES] [--compare BASE] [--out FILE]

Measures a cluster of three processes on loopback, each with an embedded node that syncs. Prints the median, least
and largest of all rounds, marks with ~ what differs by more than 30 %, and writes every sample to FILE as JSON lines.

--peers measures other lock services in the same run, each that is installed; --subjects takes some of all.
--compare builds the revision BASE in a worktree of its own, runs both in turn, and prints the ratios of each round.
--only takes some of the workloads:
${[...workloads, ...onlyByName].map(({ name, about }) => `  ${name.padEnd(10)} ${about}`).join('\n')}`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    rounds: { type: 'string' },
    'window-ms': { type: 'string' },
    'warm-ms': { type: 'string' },
    widths: { type: 'string' },
    crowds: { type: 'string' },
    kills: { type: 'string' },
    locks: { type: 'string' },
    minutes: { type: 'string' },
    peers: { type: 'boolean', default: false },
    subjects: { type: 'string', default: '' },
    compare: { type: 'string' },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

/** From `.bench/bench`. */
const root = new URL('../..', import.meta.url).pathname;

function numberOf(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const number = Number(text);
  if (Number.isFinite(number) && number > 0) return number;
  throw new RangeError(`--${name} wants a number above 0, got ${text}`);
}

const listOf = (name: string, text: string | undefined, otherwise: readonly number[]): readonly number[] =>
  text === undefined ? otherwise : text.split(',').map((part) => numberOf(name, part, 0));

/** As few as give a verdict. */
const compareRounds = 5;

const settingsOf = (): BenchSettings => ({
  ...defaultSettings,
  rounds: numberOf('rounds', values.rounds, values.compare === undefined ? defaultSettings.rounds : compareRounds),
  windowMs: numberOf('window-ms', values['window-ms'], defaultSettings.windowMs),
  warmMs: numberOf('warm-ms', values['warm-ms'], defaultSettings.warmMs),
  widths: listOf('widths', values.widths, defaultSettings.widths),
  crowds: listOf('crowds', values.crowds, defaultSettings.crowds),
  kills: numberOf('kills', values.kills, defaultSettings.kills),
  locks: numberOf('locks', values.locks, defaultSettings.locks),
  minutes: numberOf('minutes', values.minutes, defaultSettings.minutes),
});

function chosenWorkloads(): readonly Workload[] {
  if (values.only === '') return workloads;
  return values.only.split(',').map((name) => {
    const found = [...workloads, ...onlyByName].find((workload) => workload.name === name);
    if (found === undefined) throw new RangeError(`there is no workload called ${name}; see --help`);
    return found;
  });
}

function chosenSubjects(): readonly Subject[] {
  const all = [holdfast('holdfast', root), ...(values.peers ? peersOf(root) : [])];
  if (values.subjects === '') return all;
  const names = values.subjects.split(',');
  const unknown = names.find((name) => all.every((subject) => subject.name !== name));
  if (unknown === undefined) return all.filter(({ name }) => names.includes(name));
  throw new RangeError(`nothing to measure is called ${unknown}; there are ${namesOf(all).join(', ')}`);
}

/** Progress goes to the error output, so that the table can be kept. */
const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** The names of what `--compare` holds against each other. */
const [head, base] = ['head', 'base'];

async function measure(folder: string, subjects: readonly Subject[]): Promise<Figures> {
  const journal = new Journal(values.out ?? join(root, '.bench/results', `${Date.now()}.jsonl`));
  const { figures, failure } = await runRounds({
    subjects,
    workloads: chosenWorkloads(),
    settings: settingsOf(),
    folder,
    journal,
    say,
  });
  console.log(figuresTable(figures, namesOf(subjects)));
  console.log(`\n${journal.path}`);
  if (failure !== undefined) throw failure;
  return figures;
}

const namesOf = (subjects: readonly Subject[]): readonly string[] => subjects.map(({ name }) => name);

async function measureAll(folder: string, subjects: readonly Subject[]): Promise<void> {
  const figures = await measure(folder, subjects);
  const [ours] = namesOf(subjects);
  if (values.peers && ours !== undefined) console.log(`\n${againstTable(figures, ours, subjects)}`);
}

async function compare(folder: string, name: string): Promise<void> {
  say(`building ${name}`);
  await using revision = await Revision.of(root, name, join(folder, 'revision'));
  const figures = await measure(folder, [holdfast(head, root), holdfast(base, revision.root)]);
  console.log(`\n${ratiosTable(figures, head, base)}`);
}

async function run(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  dieTogether(() => rmSync(folder, { recursive: true, force: true }));
  try {
    if (values.compare === undefined) await measureAll(folder, chosenSubjects());
    else await compare(folder, values.compare);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (values.help) {
  console.log(usage);
} else {
  await run();
}
