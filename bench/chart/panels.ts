import type { Figure } from '../figures.ts';
import type { Panel } from './svg.ts';

/** What a chart shows of a run; the table has the rest. */
const shown: readonly (readonly [workload: string, figure: string])[] = [
  ['pairs', 'pair p50'],
  ['pairs', 'pairs/s'],
  ['contended', 'hand-offs/s'],
  ['failover', 'kill -> next acquire'],
  ['holder', 'kill -> waiter has it'],
  ['restart', 'start -> waiter has it'],
];

/** Points that only say the same again. */
const pointsShown = /^(?!.*pair p50)|x 1$/;

/** A panel for each figure worth showing that was measured. */
export function panelsOf(figures: readonly Figure[]): readonly Panel[] {
  const subjects = [...new Set(figures.map(({ subject }) => subject))];
  return shown.flatMap(([workload, name]) => {
    const chosen = figures.filter(
      ({ workload: of, figure, point }) => of === workload && figure === name && pointsShown.test(`${name} ${point}`),
    );
    const [first] = chosen;
    if (first === undefined) return [];
    const title = `${workload}: ${name} [${first.unit}], ${first.better} is better`;
    const bars = chosen.map(({ subject, point, median, min, max }) => ({
      ...{ label: subjects.length === 1 ? point : `${point}, ${subject}`, median, min, max },
      hue: subjects.indexOf(subject),
    }));
    return [{ title, bars }];
  });
}
