import { type Summary, summaryOf } from './statistics.ts';

/** What is measured, of whichever subject. */
export interface Metric {
  readonly workload: string;
  /** Where and under which load, such as `leader x 256`. */
  readonly point: string;
  readonly figure: string;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
}

/** One measured value. */
export interface Sample extends Metric {
  readonly subject: string;
  readonly round: number;
  readonly value: number;
}

/** All rounds of one metric of one subject. */
export interface Figure extends Metric, Summary {
  readonly subject: string;
  readonly values: readonly number[];
}

const keyOf = (metric: Metric): string => [metric.workload, metric.point, metric.figure].join('\n');

/** Gathers what the rounds of a run measure. */
export class Figures {
  readonly #metrics: Map<string, Metric> = new Map();
  readonly #samples: Map<string, Map<string, Sample[]>> = new Map();
  readonly #hear: (sample: Sample) => void;

  /** `hear` gets every sample at once, so that a run that is stopped leaves what it measured. */
  constructor(hear: (sample: Sample) => void = () => undefined) {
    this.#hear = hear;
  }

  /** In the order of their first samples. */
  get metrics(): readonly Metric[] {
    return [...this.#metrics.values()];
  }

  add(sample: Sample): void {
    if (!Number.isFinite(sample.value)) return;
    const { workload, point, figure, unit, better } = sample;
    const key = keyOf(sample);
    if (!this.#metrics.has(key)) this.#metrics.set(key, { workload, point, figure, unit, better });
    const bySubject = this.#samples.get(key) ?? new Map<string, Sample[]>();
    this.#samples.set(key, bySubject);
    bySubject.set(sample.subject, [...(bySubject.get(sample.subject) ?? []), sample]);
    this.#hear(sample);
  }

  /** Undefined if this subject has no sample of it. */
  of(subject: string, metric: Metric): Figure | undefined {
    const samples = this.#samples.get(keyOf(metric))?.get(subject);
    if (samples === undefined) return undefined;
    const values = samples.map(({ value }) => value);
    return { ...metric, subject, values, ...summaryOf(values) };
  }

  /** All of them, by metric and then by subject. */
  all(subjects: readonly string[]): readonly Figure[] {
    return this.metrics.flatMap((metric) =>
      subjects.flatMap((subject) => {
        const figure = this.of(subject, metric);
        return figure === undefined ? [] : [figure];
      }),
    );
  }

  /** By round: `over` through `under`, for the rounds that both have. */
  ratios(over: string, under: string, metric: Metric): readonly number[] {
    const bySubject = this.#samples.get(keyOf(metric));
    const [top, bottom] = [bySubject?.get(over) ?? [], bySubject?.get(under) ?? []];
    const pairs = Math.min(top.length, bottom.length);
    return Array.from({ length: pairs }, (_, at) => (top[at]?.value ?? Number.NaN) / (bottom[at]?.value ?? Number.NaN));
  }
}
