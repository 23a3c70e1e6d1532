import type { Figures, Metric } from '../figures.ts';
import type { BenchSettings } from '../settings.ts';
import type { Arena, Subject } from '../subjects/subject.ts';

/** One subject in one round: what a workload works on, and where its figures go. */
export interface Round {
  readonly subject: Subject;
  readonly arena: Arena;
  readonly settings: BenchSettings;
  readonly figures: Figures;
  readonly round: number;
  /** On the disk that the service writes to. */
  readonly folder: string;
  /** A line for whoever watches. */
  readonly say: (line: string) => void;
}

/** A kind of load. Rounds of all subjects take turns. */
export interface Workload {
  readonly name: string;
  /** One sentence for the help. */
  readonly about: string;
  run(round: Round): Promise<void>;
}

/** Adds a sample of `metric` to the figures of this round. */
export const note = ({ figures, subject, round }: Round, metric: Metric, value: number): void =>
  figures.add({ ...metric, subject: subject.name, round, value });
