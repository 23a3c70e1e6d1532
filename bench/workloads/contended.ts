import type { Metric } from '../figures.ts';
import { jainIndex } from '../statistics.ts';
import { runLoad } from './load.ts';
import { note, type Round, type Workload } from './round.ts';

/** One lock, wanted by many in three processes at once. */
export const contended: Workload = {
  name: 'contended',
  about: 'one lock, 16 and 64 waiters spread over three processes: hand-offs, fairness, longest wait',
  run: async (round) => {
    for (const crowd of round.settings.crowds) await measure(round, crowd);
  },
};

async function measure(round: Round, crowd: number): Promise<void> {
  const { three } = round.arena;
  const workers = new Map(three.map((station, at) => [station, share(crowd, three.length, at)]));
  const { reports, seconds } = await runLoad(round, { workers, naming: 'shared', name: 'bench/contended' });
  const grants = reports.flatMap((report) => report.grants);
  const metric = (figure: string, unit: string, better: Metric['better']): Metric => ({
    ...{ workload: 'contended', point: `${crowd} waiters`, figure, unit, better },
  });
  note(round, metric('hand-offs/s', '/s', 'higher'), grants.reduce((sum, count) => sum + count, 0) / seconds);
  note(round, metric('Jain index', '', 'higher'), jainIndex(grants));
  note(round, metric('longest wait', 'ms', 'lower'), Math.max(...reports.map((report) => report.longestWaitMs)));
}

/** The part of `whole` that the one at `at` of `parts` gets; no two differ by more than one. */
export const share = (whole: number, parts: number, at: number): number =>
  Math.floor(whole / parts) + (at < whole % parts ? 1 : 0);
