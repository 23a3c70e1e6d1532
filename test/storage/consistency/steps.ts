import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Entry, LogWrite, Position, SnapshotHead } from '../../../raft/index.ts';
import { encodeChunk } from '../../../storage/chunk.ts';
import { addChunk, noChunks } from '../../../storage/index.ts';
import { genesis, headAt, positionOf, start } from '../samples.ts';
import { type Chronicle, genesisState, type LogState, stateAfter, type TableState } from './chronicle.ts';

const program = fileURLToPath(new URL('../programs/steps.mjs', import.meta.url));
const built = fileURLToPath(new URL('../../../dist/storage/index.js', import.meta.url));

/** One thing that a process is told to do to its store; `programs/steps.mjs` reads it as a line of JSON. */
interface Step {
  readonly kind: 'open' | 'form' | 'write' | 'checkpoint' | 'receive' | 'use up descriptors';
  readonly [field: string]: unknown;
}

const atFirst = { logs: 1, tables: 1 };

const base64 = (text: string | Uint8Array): string => Buffer.from(text).toString('base64');

/** Steps for a process of its own, and what each of them promises once it is acknowledged. */
export class Script {
  readonly #steps: Step[] = [{ kind: 'open' }, { kind: 'form', genesis }];
  /** How many states of log and table there are once so many steps are acknowledged. */
  readonly #states: { readonly logs: number; readonly tables: number }[] = [atFirst, atFirst];
  readonly #logs: LogState[] = [genesisState];
  readonly #tables: TableState[] = [{ table: 1, position: start, rows: {} }];

  get length(): number {
    return this.#steps.length;
  }

  get log(): LogState {
    return this.#logs.at(-1) ?? genesisState;
  }

  get last(): Position {
    return this.log.entries.at(-1) ?? this.log.base;
  }

  at(index: number): Position {
    const entry = this.log.entries.find((candidate) => candidate.index === index);
    if (entry === undefined) throw new Error(`no entry ${index}`);
    return positionOf(entry);
  }

  write(changes: Partial<LogWrite>): void {
    const table = changes.install === undefined ? this.log.table : this.log.table + 1;
    this.#logs.push(stateAfter(this.log, changes, table));
    const entries = changes.entries?.map((entry: Entry) => ({ ...entry, payload: base64(entry.payload) }));
    this.#add({ kind: 'write', ...changes, entries });
  }

  checkpoint(position: Position, rows: Readonly<Record<string, string>>): void {
    const former = this.#tables.findLast(({ table }) => table === this.log.table)?.rows ?? {};
    this.#tables.push({ table: this.log.table, position: positionOf(position), rows: { ...former, ...rows } });
    const packed = Object.entries(rows).map(([key, value]) => ({ key: base64(key), value: base64(value) }));
    this.#add({ kind: 'checkpoint', head: headAt(position), rows: packed });
  }

  /** A snapshot arrives row by row, and is installed. */
  install(position: Position, rows: Readonly<Record<string, string>>): void {
    const head: SnapshotHead = headAt(position);
    const chunks = Object.entries(rows).map(([key, value]) =>
      encodeChunk([{ key: Buffer.from(key), value: Buffer.from(value) }]),
    );
    this.#add({ kind: 'receive', head, chunks: chunks.map(base64), total: chunks.reduce(addChunk, noChunks) });
    // It counts only with the write that installs it; until then the log names another table.
    this.#tables.push({ table: this.log.table + 1, position: positionOf(position), rows });
    this.write({ install: { snapshot: head, keepsSuffix: false } });
  }

  useUpDescriptors(): void {
    this.#add({ kind: 'use up descriptors' });
  }

  /** What is promised after so many acknowledged steps; all later steps may be there or not. */
  promisedAfter(steps: number): Chronicle {
    const { logs, tables } = this.#states[steps - 1] ?? atFirst;
    const acknowledged = logs - 1;
    return { logs: this.#logs, tables: this.#tables, floor: acknowledged, acknowledged, checkpointed: tables - 1 };
  }

  /** One line a step; in the one that `death` names the process kills itself, after so many turns of its event loop. */
  lines(death?: { readonly step: number; readonly turns: number }): string {
    return this.#steps
      .map((step, at) => JSON.stringify(at === death?.step ? { ...step, killedAfterTurns: death.turns } : step))
      .join('\n');
  }

  #add(step: Step): void {
    this.#steps.push(step);
    this.#states.push({ logs: this.#logs.length, tables: this.#tables.length });
  }
}

/** What became of a process that was given steps. */
export interface Performance {
  /** Steps that were acknowledged. */
  readonly acknowledged: number;
  /** What the store said of the step that failed, if one did. */
  readonly error: string | undefined;
  /** It did not come to its end. */
  readonly isKilled: boolean;
}

/** Gives `lines` to a process that works in `dataDir`, under the limits that `limits` sets in a shell. */
export async function perform(dataDir: string, lines: string, limits = ':'): Promise<Performance> {
  const child = spawn('sh', ['-c', `${limits}; exec "$0" "$@"`, process.execPath, program, built, dataDir], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  // Whoever dies in the middle does not read the rest.
  child.stdin.on('error', () => undefined);
  child.stdin.end(`${lines}\n`);
  let acknowledged = 0;
  let error: string | undefined;
  for await (const line of createInterface(child.stdout)) {
    if (line.startsWith('error')) error = line;
    else acknowledged = Number(line) + 1;
  }
  await ended(child);
  return { acknowledged, error, isKilled: child.signalCode === 'SIGKILL' };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
