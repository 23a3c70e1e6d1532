import type { Figure, Figures, Metric } from './figures.ts';
import { summaryOf } from './statistics.ts';
import { figureText, textTable } from './text-table.ts';

/** Marks a figure whose rounds differ too much. */
const noiseMark = '~';

/** All figures as text: one column a subject, or with a single subject the median, least and largest of the rounds. */
export function figuresTable(figures: Figures, subjects: readonly string[]): string {
  const [only] = subjects;
  const isSingle = subjects.length === 1 && only !== undefined;
  return byWorkload(figures, (metrics) => {
    if (!isSingle) {
      const rows = metrics.map((metric) => [
        rowName(metric),
        ...subjects.map((name) => cell(figures.of(name, metric))),
      ]);
      return textTable(['', ...subjects], rows);
    }
    const rows = metrics.map((metric) => [rowName(metric), ...columns(figures.of(only, metric))]);
    return textTable(['', 'median', 'min', 'max', 'rounds', 'spread'], rows);
  });
}

/** By round, `over` through `under`: what changed between two that ran in turn. */
export function ratiosTable(figures: Figures, over: string, under: string): string {
  return byWorkload(figures, (metrics) => {
    const rows = metrics.map((metric) => {
      const ratios = figures.ratios(over, under, metric);
      const { median, min, max, isNoisy } = summaryOf(ratios);
      const numbers = [median, min, max].map(figureText);
      return [rowName(metric), ...numbers, isNoisy ? noiseMark : '', verdictOf(ratios, metric)];
    });
    return textTable([`${over} / ${under}`, 'median', 'min', 'max', '', 'verdict'], rows);
  });
}

/** Two that are alike agree in so many rounds in one figure of sixteen. */
const verdictRoundsMin = 5;

function verdictOf(ratios: readonly number[], { better }: Metric): string {
  if (ratios.length < verdictRoundsMin) return 'too few rounds';
  const isAbove = ratios.every((ratio) => ratio > 1);
  const isBelow = ratios.every((ratio) => ratio < 1);
  if (!isAbove && !isBelow) return 'no change';
  return isAbove === (better === 'higher') ? 'better' : 'worse';
}

function byWorkload(figures: Figures, table: (metrics: readonly Metric[]) => string): string {
  const workloads = [...new Set(figures.metrics.map(({ workload }) => workload))];
  return workloads
    .map((workload) => `${workload}\n${table(figures.metrics.filter((metric) => metric.workload === workload))}`)
    .join('\n\n');
}

const rowName = ({ point, figure, unit }: Metric): string => `${point}: ${figure}${unit === '' ? '' : ` [${unit}]`}`;

function columns(figure: Figure | undefined): readonly string[] {
  if (figure === undefined) return ['-'];
  const { median, min, max, rounds, spread, isNoisy } = figure;
  const percent = Number.isFinite(spread) ? `${Math.round(spread * 100)} %` : '-';
  return [...[median, min, max].map(figureText), `${rounds}`, `${isNoisy ? `${noiseMark} ` : ''}${percent}`];
}

function cell(figure: Figure | undefined): string {
  if (figure === undefined) return '-';
  const { median, min, max, rounds, isNoisy } = figure;
  if (rounds === 1) return figureText(median);
  return `${isNoisy ? noiseMark : ''}${figureText(median)} (${figureText(min)}..${figureText(max)})`;
}
