import type { Figures, Metric } from './figures.ts';
import { median } from './statistics.ts';
import type { Subject } from './subjects/subject.ts';
import { figureText, textTable } from './text-table.ts';

/** The best of some rivals in one metric, by the median of its rounds. */
interface Best {
  readonly subject: string;
  /** Where it was measured: the place that comes closest to ours. */
  readonly metric: Metric;
}

/** Ours through the best of the others that are replicated as ours is, and through each other one. */
export function againstTable(figures: Figures, ours: string, subjects: readonly Subject[]): string {
  const others = subjects.filter(({ name }) => name !== ours);
  const equals = others.filter(({ isReplicated }) => isReplicated).map(({ name }) => name);
  const rest = others.filter(({ isReplicated }) => !isReplicated).map(({ name }) => name);
  const rows = figures.metrics.flatMap((metric) => {
    if (figures.of(ours, metric) === undefined) return [];
    const best = bestOf(figures, equals, metric);
    const cells = [...(equals.length > 0 ? [best] : []), ...rest.map((name) => bestOf(figures, [name], metric))];
    if (cells.every((cell) => cell === undefined)) return [];
    return [[`${metric.point}: ${metric.figure}`, ...cells.map((cell) => ratioCell(figures, { ours, metric, cell }))]];
  });
  return textTable([`${ours} /`, ...(equals.length > 0 ? ['best replicated'] : []), ...rest], rows);
}

function bestOf(figures: Figures, names: readonly string[], metric: Metric): Best | undefined {
  // Others have no client away from all servers: the nearest is one that talks to a follower.
  const there = { ...metric, point: metric.point.replace('remote', 'follower') };
  const medians = names.flatMap((subject) => {
    const figure = figures.of(subject, there);
    return figure === undefined ? [] : [{ subject, value: figure.median }];
  });
  const sign = metric.better === 'lower' ? 1 : -1;
  const [first] = medians.toSorted((a, b) => sign * (a.value - b.value));
  return first === undefined ? undefined : { subject: first.subject, metric: there };
}

function ratioCell(
  figures: Figures,
  { ours, metric, cell }: { readonly ours: string; readonly metric: Metric; readonly cell: Best | undefined },
): string {
  if (cell === undefined) return '-';
  const own = figures.of(ours, metric)?.values ?? [];
  const other = figures.of(cell.subject, cell.metric)?.values ?? [];
  const ratios = Array.from(
    { length: Math.min(own.length, other.length) },
    (_, at) => (own[at] ?? 0) / (other[at] ?? 0),
  ).filter(Number.isFinite);
  // Of nothing there is no ratio: a service in memory flushes no disk.
  if (ratios.length === 0) return '-';
  const range = `${figureText(Math.min(...ratios))}..${figureText(Math.max(...ratios))}`;
  return `${figureText(median(ratios))} (${range}) ${cell.subject}`;
}
