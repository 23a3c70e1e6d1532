import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { dirname } from 'node:path';
import type { Figure, Sample } from './figures.ts';
import type { BenchSettings } from './settings.ts';

/** One line of a file of results. */
export type JournalLine =
  | ({ readonly line: 'run' } & Circumstances)
  | ({ readonly line: 'sample'; readonly load1m: number } & Sample)
  | ({ readonly line: 'figure' } & Figure)
  | { readonly line: 'skipped'; readonly subject: string; readonly reason: string };

/** Under which circumstances a run was made. */
export interface Circumstances {
  readonly startedAt: string;
  readonly subjects: readonly string[];
  readonly settings: BenchSettings;
  readonly node: string;
  readonly system: string;
  readonly cores: number;
  readonly processor: string;
  readonly memoryGiB: number;
  /** Processes that wanted a core in the last minute, before the run began: above 0.5 it is not alone. */
  readonly load1m: number;
}

export const circumstances = (subjects: readonly string[], settings: BenchSettings): Circumstances => ({
  startedAt: new Date().toISOString(),
  subjects,
  settings,
  node: process.version,
  system: `${process.platform} ${release()} ${process.arch}`,
  cores: availableParallelism(),
  processor: cpus()[0]?.model ?? 'unknown',
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  load1m: load1m(),
});

export const load1m = (): number => Math.round((loadavg()[0] ?? 0) * 100) / 100;

/** A file of results: JSON, one line each, written at once, so that a run that is stopped leaves what it measured. */
export class Journal {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, '');
  }

  write(line: JournalLine): void {
    appendFileSync(this.path, `${JSON.stringify(line)}\n`);
  }
}
