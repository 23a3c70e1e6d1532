import type { Course } from './course.ts';
import { faultKinds } from './faults/fault.ts';
import { kindClasses, missedGates } from './gates.ts';
import type { JournalCounts } from './node-journals.ts';

/** What `--json` prints. */
export interface Summary {
  readonly ok: boolean;
  readonly verdict: string;
  readonly seed: number;
  readonly nodes: number;
  readonly seconds: number;
  readonly operations: number;
  readonly acquires: number;
  readonly contended: number;
  readonly handOvers: number;
  readonly refused: number;
  readonly failed: number;
  readonly unknown: number;
  readonly losses: number;
  readonly staleWrites: number;
  readonly locks: number;
  /** How often what was asked for came to what, in words such as `upgrade granted`. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly journals: JournalCounts;
  /** Those that acted. */
  readonly faults: Readonly<Record<string, number>>;
  readonly shapes: Readonly<Record<string, { readonly tried: number; readonly acted: number }>>;
  readonly problems: readonly string[];
  readonly missedGates: readonly string[];
  readonly history: string;
  /** Present when the folder was kept. */
  readonly folder?: string | undefined;
}

export function summaryOf(course: Course): Summary {
  const { tally, faults, seed, nodes, locks, journals, verdict, outcomes, folder } = course;
  const missed = missedGates(course);
  const problems = course.problems.map(({ kind, text }) => `${kind}: ${text}`);
  return {
    ok: problems.length === 0 && missed.length === 0,
    ...{ verdict, seed, nodes, locks, outcomes, journals, folder, problems },
    seconds: Math.round(course.seconds),
    ...tally,
    faults: Object.fromEntries(faultKinds.map((kind) => [kind, faults.of(kind).acted])),
    shapes: faults.shapes,
    missedGates: missed,
    history: course.historyPath,
  };
}

/** The same for people. */
export function summaryText(summary: Summary): string {
  const { faults, shapes, journals } = summary;
  const rows: readonly (readonly [string, string])[] = [
    ['verdict', summary.verdict],
    ['operations', `${summary.operations} in ${summary.seconds} s on ${summary.locks} locks`],
    ['acquires', `${summary.acquires} granted, ${summary.contended} of them contended, ${summary.refused} refused`],
    ['hand-overs', `${summary.handOvers} to another process`],
    ['unknown', `${summary.unknown} outcomes; ${summary.failed} calls surely did nothing`],
    ['losses', `${summary.losses} holds lost; ${summary.staleWrites} late writes refused by their token`],
    ...kindsOf(summary.outcomes),
    [
      'journals',
      `${journals.entries} entries and ${journals.states} states of the table compared over ${journals.nodes} nodes`,
    ],
    [
      'faults',
      Object.entries(faults)
        .map(([kind, count]) => `${count} ${kind}`)
        .join(', '),
    ],
    ...Object.entries(shapes).map(([what, { tried, acted }]) => ['', `${acted} of ${tried}  ${what}`] as const),
    ['seed', `${summary.seed}`],
  ];
  const wrong = [...summary.problems, ...summary.missedGates.map((gate) => `too little: ${gate}`)];
  const kept = summary.folder === undefined ? [] : [`kept: ${summary.folder}, history ${summary.history}`];
  return [
    ...rows.map(([name, value]) => `  ${name.padEnd(12)}${value}`),
    ...wrong.map((line) => `  WRONG       ${line}`),
    ...kept.map((line) => `  ${line}`),
    summary.ok ? 'Everything held.' : 'Something did not hold.',
  ].join('\n');
}

/** A row for each class of outcomes that the gates ask for. */
const kindsOf = (outcomes: Summary['outcomes']): readonly (readonly [string, string])[] =>
  kindClasses.map((words, at) => [at === 0 ? 'kinds' : '', `${outcomes[words] ?? 0}  ${words}`]);
