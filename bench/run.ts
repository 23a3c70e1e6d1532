import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Figures } from './figures.ts';
import { circumstances, type Journal, load1m } from './journal.ts';
import type { BenchSettings } from './settings.ts';
import type { Arena, Subject } from './subjects/subject.ts';
import type { Workload } from './workloads/round.ts';

/** What to run, and where. */
export interface Run {
  readonly subjects: readonly Subject[];
  readonly workloads: readonly Workload[];
  readonly settings: BenchSettings;
  /** Everything that services write goes below it. */
  readonly folder: string;
  readonly journal: Journal;
  readonly say: (line: string) => void;
}

/** What was measured, also if the run was ended by a failure. */
export interface RunOutcome {
  readonly figures: Figures;
  readonly failure: unknown;
}

interface Contender {
  readonly subject: Subject;
  readonly arena: Arena;
}

/**
 * All rounds of all workloads. The subjects take turns within each workload, and another one begins in each round: what
 * drifts meanwhile hits all alike.
 */
export async function runRounds(run: Run): Promise<RunOutcome> {
  const { journal, settings, subjects } = run;
  const figures = new Figures((sample) => journal.write({ line: 'sample', load1m: load1m(), ...sample }));
  const names = subjects.map(({ name }) => name);
  journal.write({ line: 'run', ...circumstances(names, settings) });
  const contenders: Contender[] = [];
  try {
    for (const subject of subjects) await enter(run, subject, contenders);
    for (let round = 0; round < settings.rounds; round += 1) await runRound(run, { round, contenders, figures });
  } catch (failure) {
    return { figures, failure };
  } finally {
    for (const { arena } of contenders) await arena.close();
    for (const figure of figures.all(names)) journal.write({ line: 'figure', ...figure });
  }
  return { figures, failure: undefined };
}

async function enter(run: Run, subject: Subject, contenders: Contender[]): Promise<void> {
  const place = join(run.folder, subject.name);
  await mkdir(place, { recursive: true });
  await unlessOther(run, subject, async () => {
    const reason = subject.missing?.();
    if (reason !== undefined) throw new Error(reason);
    run.say(`starting ${subject.name}`);
    contenders.push({ subject, arena: await subject.start(place) });
  });
}

/** What another service cannot do is said and left out; what ours cannot do ends the run. */
async function unlessOther({ journal, say }: Run, subject: Subject, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (subject.missing === undefined) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    journal.write({ line: 'skipped', subject: subject.name, reason });
    say(`${subject.name} skipped: ${reason}`);
  }
}

async function runRound(
  run: Run,
  { round, contenders, figures }: { round: number; contenders: readonly Contender[]; figures: Figures },
): Promise<void> {
  const { workloads, settings, folder, say } = run;
  for (const workload of workloads) {
    for (const { subject, arena } of rotated(contenders, round)) {
      say(`round ${round + 1} of ${settings.rounds}: ${workload.name}, ${subject.name} (load ${load1m()})`);
      await unlessOther(run, subject, () => workload.run({ subject, arena, settings, figures, round, folder, say }));
    }
  }
}

const rotated = <T>(list: readonly T[], by: number): readonly T[] => [
  ...list.slice(by % list.length),
  ...list.slice(0, by % list.length),
];
