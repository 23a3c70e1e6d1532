import type { z } from 'zod';
import type { F, History, LockSettings, Mark, Meta, Nemesis, Notice, Operation, Outcome, Results } from './history.ts';
import { forms, type InvokeLine, type MetaLine, type OkLine, results, type SettingsLine } from './lines.ts';

/** A history that does not have the form of version 1; `line` counts from 1. */
export class HistoryFormatError extends Error {
  readonly line: number;

  constructor(line: number, text: string) {
    super(`line ${line}: ${text}`);
    this.line = line;
  }

  override get name(): string {
    return 'HistoryFormatError';
  }
}

/**
 * Reads a recorded run: its text, or its lines. Operations of one process stand in their order; lines of different
 * processes may be merged in any. Throws a `HistoryFormatError` that names the line.
 */
export function parseHistory(source: string | Iterable<string>): History {
  const reading = new Reading();
  const lines = typeof source === 'string' ? source.split('\n') : source;
  let number = 0;
  for (const line of lines) {
    number += 1;
    if (line.trim() !== '') reading.take(line, number);
  }
  return reading.finish(number);
}

interface Open {
  readonly invoke: InvokeLine;
  readonly at: bigint;
  readonly line: number;
}

class Reading {
  #meta: Meta | undefined;
  readonly #open = new Map<number, Open>();
  readonly #lastAt = new Map<number, bigint>();
  readonly #operations: Operation[] = [];
  readonly #notices: Notice[] = [];
  readonly #nemeses: Nemesis[] = [];
  readonly #marks: Mark[] = [];

  take(text: string, line: number): void {
    const value = objectOf(text, line);
    const type = value['type'];
    if (this.#meta === undefined) {
      if (type !== 'meta') throw new HistoryFormatError(line, `the first line is of type "meta", not ${shown(type)}`);
      this.#meta = metaOf(formed(forms.meta, value, line));
      return;
    }
    switch (type) {
      case 'invoke':
        return this.#invoked(value, line);
      case 'ok':
      case 'fail':
      case 'info':
        return this.#completed(type, value, line);
      case 'notice': {
        const { client, time } = formed(forms.notice, value, line);
        this.#notices.push({ client, at: BigInt(time), line });
        return;
      }
      case 'nemesis': {
        const { f, phase, node, time } = formed(forms.nemesis, value, line);
        this.#nemeses.push({ f, phase, node, at: BigInt(time) });
        return;
      }
      case 'mark': {
        const { mark, time } = formed(forms.mark, value, line);
        this.#marks.push({ mark, at: BigInt(time) });
        return;
      }
      case 'meta':
        throw new HistoryFormatError(line, 'a second meta line');
      default:
        throw new HistoryFormatError(
          line,
          `unknown type ${shown(type)}; known are meta, invoke, ok, fail, info, notice, nemesis, mark`,
        );
    }
  }

  finish(line: number): History {
    if (this.#meta === undefined) throw new HistoryFormatError(line, 'there is no meta line');
    for (const open of this.#open.values()) this.#operations.push(operationOf(open, { kind: 'unknown' }));
    return {
      meta: this.#meta,
      operations: this.#operations.sort((a, b) => compare(a.invokedAt, b.invokedAt) || a.line - b.line),
      notices: this.#notices,
      nemeses: this.#nemeses.sort((a, b) => compare(a.at, b.at)),
      marks: this.#marks.sort((a, b) => compare(a.at, b.at)),
    };
  }

  #invoked(value: Readonly<Record<string, unknown>>, line: number): void {
    const f = value['f'];
    if (typeof f !== 'string' || !Object.hasOwn(results, f)) {
      throw new HistoryFormatError(line, `unknown f ${shown(f)}; known are ${Object.keys(results).join(', ')}`);
    }
    const invoke = formed(forms.invoke, value, line);
    const before = this.#open.get(invoke.process);
    if (before !== undefined) {
      throw new HistoryFormatError(
        line,
        `process ${invoke.process} invokes ${f} while its ${before.invoke.f} of line ${before.line} is open`,
      );
    }
    this.#open.set(invoke.process, { invoke, at: this.#goOn(invoke.process, invoke.time, line), line });
  }

  #completed(type: 'ok' | 'fail' | 'info', value: Readonly<Record<string, unknown>>, line: number): void {
    const process = value['process'];
    const open = typeof process === 'number' ? this.#open.get(process) : undefined;
    if (typeof process !== 'number' || open === undefined) {
      throw new HistoryFormatError(line, `process ${shown(process)} completes what it has not invoked`);
    }
    const { f } = open.invoke;
    const form = type === 'ok' ? results[f] : forms[type];
    const done = formed<z.ZodType<OkLine | z.infer<typeof forms.fail>>>(form, value, line);
    if (done.f !== undefined && done.f !== f) {
      throw new HistoryFormatError(
        line,
        `process ${process} completes ${done.f}, but ${f} of line ${open.line} is open`,
      );
    }
    const at = this.#goOn(process, done.time, line);
    this.#open.delete(process);
    this.#operations.push(operationOf(open, outcomeOf(done, at)));
  }

  #goOn(process: number, time: string, line: number): bigint {
    const at = BigInt(time);
    const last = this.#lastAt.get(process);
    if (last !== undefined && at < last) {
      throw new HistoryFormatError(line, `time of process ${process} goes back from ${last} to ${at}`);
    }
    this.#lastAt.set(process, at);
    return at;
  }
}

function objectOf(text: string, line: number): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new HistoryFormatError(line, `no JSON: ${error.message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new HistoryFormatError(line, `an object is expected, not ${shown(value)}`);
  }
  return Object.fromEntries(Object.entries(value));
}

function formed<T extends z.ZodType>(form: T, value: unknown, line: number): z.infer<T> {
  const result = form.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.map(({ path, message }) => `${path.join('.') || 'the line'}: ${message}`);
  throw new HistoryFormatError(line, issues.join('; '));
}

function metaOf(line: MetaLine): Meta {
  const base = settingsFrom(line.default);
  return {
    sessions: line.sessions,
    ttlMs: line.ttl_ms,
    ttlSlackMs: line.ttl_slack_ms ?? 0,
    tokens: line.tokens ?? 'per-lock',
    default: base,
    locks: settingsByName(line.locks),
    prefixes: settingsByName(line.prefixes),
  };
}

const settingsByName = (lines: Readonly<Record<string, SettingsLine>> = {}): ReadonlyMap<string, LockSettings> =>
  new Map(Object.entries(lines).map(([name, settings]) => [name, settingsFrom(settings)]));

const settingsFrom = (line: SettingsLine): LockSettings => ({
  kind: line.kind,
  permits: line.permits ?? 1,
  reentrant: line.reentrant ?? 'no',
  maxCount: line.max_count ?? Number.MAX_SAFE_INTEGER,
  fair: line.fair ?? true,
  readTokens: line.read_tokens ?? 'unique',
});

type Done = OkLine | z.infer<typeof forms.fail>;

function outcomeOf(done: Done, at: bigint): Outcome<OkLine> {
  switch (done.type) {
    case 'ok':
      return { kind: 'ok', result: done, at };
    case 'fail':
      return { kind: 'fail' };
    case 'info':
      return { kind: 'unknown' };
    default:
      return done satisfies never;
  }
}

/** The form of the result was chosen by the name of the call, which the compiler cannot see. */
function operationOf({ invoke, at, line }: Open, outcome: Outcome<Results[F]>): Operation {
  const { process, f } = invoke;
  const isAnonymous = f === 'holder' || f === 'forceRelease';
  const named = outcome.kind === 'ok' && 'client' in outcome.result ? outcome.result.client : undefined;
  const client = isAnonymous ? {} : { client: named ?? invoke.client ?? `p${process}` };
  const defaults = { mode: 'w', permits: 1 };
  const wants =
    f === 'acquire' || f === 'tryAcquire' ? defaults : f === 'holder' ? { consistency: 'linearizable' } : {};
  const parts = 'parts' in invoke ? { parts: invoke.parts.map((part) => ({ ...defaults, ...part })) } : {};
  const call = { ...wants, ...invoke, ...client, ...parts };
  return { f, call, outcome, process, invokedAt: at, line } as unknown as Operation;
}

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

const shown = (value: unknown): string => JSON.stringify(value) ?? 'nothing';
