import type { CycleStep, F, Holder, Mode, PlainRefusal } from './history.ts';

/** The first line of a history, as it is written. */
export interface MetaToWrite {
  readonly sessions: 'strict' | 'any' | 'none';
  readonly ttl_ms: number;
  readonly ttl_slack_ms?: number;
  readonly tokens?: 'per-lock' | 'global';
  readonly default: SettingsToWrite;
  readonly locks?: Readonly<Record<string, SettingsToWrite>>;
  /** By the beginnings of names. */
  readonly prefixes?: Readonly<Record<string, SettingsToWrite>>;
}

/** One lock of it. */
export interface SettingsToWrite {
  readonly kind: 'mutex' | 'rw' | 'semaphore';
  readonly permits?: number;
  readonly reentrant?: 'no' | 'idempotent' | 'count';
  readonly max_count?: number;
  readonly fair?: boolean;
  readonly read_tokens?: 'unique' | 'shared';
}

interface ClientCall<N extends F> {
  readonly f: N;
  /** `p<process>` when absent. */
  readonly client?: string;
}

interface Named {
  readonly name: string;
}

/** One lock of a request. */
export interface PartToWrite extends Named {
  readonly mode?: Mode;
  readonly permits?: number;
  readonly limit?: number;
}

interface Asking {
  readonly owner?: string;
  readonly wait_ms?: number;
}

/** What a process asks, as it is written. */
export type CallToWrite =
  | (ClientCall<'open'> & { readonly ttl_ms?: number })
  | ClientCall<'keepalive' | 'close'>
  | (ClientCall<'acquire' | 'tryAcquire'> & PartToWrite & Asking & { readonly reenters?: boolean })
  | (ClientCall<'acquireAll' | 'tryAcquireAll'> & Asking & { readonly parts: readonly PartToWrite[] })
  | (ClientCall<'upgrade'> & Named & { readonly token: number; readonly wait_ms?: number })
  | (ClientCall<'downgrade'> & Named & { readonly token: number; readonly to: 'u' | 'r' })
  | (ClientCall<'setLimit'> & Named & { readonly permits: number })
  | (ClientCall<'release'> & Named & { readonly token: number; readonly permits?: number })
  | (ClientCall<'validate' | 'guard'> & Named & { readonly token: number })
  | (Named & { readonly f: 'holder'; readonly consistency?: 'linearizable' | 'stale' })
  | (Named & { readonly f: 'forceRelease' });

/** What an operation that went well says. */
export type ResultToWrite =
  | { readonly client?: string }
  | { readonly reason?: 'session' }
  | { readonly granted: true; readonly token: number }
  | { readonly granted: false; readonly reason: PlainRefusal }
  | { readonly granted: false; readonly reason: 'deadlock'; readonly cycle: readonly CycleStep[] }
  | { readonly granted: false; readonly reason: 'wrong-limit'; readonly limit: number }
  | { readonly done: boolean; readonly reason?: string }
  | { readonly released: boolean; readonly reason?: string }
  | { readonly held: boolean }
  | { readonly holders: readonly Holder[]; readonly limit?: number }
  | { readonly accepted: boolean };

/**
 * Writes a history as it happens: one JSON line for each call of a method, handed to `sink` before the method returns.
 * Call `invoke` before the request is handed over and the completion after it is settled, never the other way round.
 * Throws when a process invokes a second operation while one is open, or completes what it has not invoked.
 */
export class Recorder {
  readonly #now: () => bigint;
  readonly #sink: (line: string) => void;
  readonly #open = new Set<number>();

  /** `now`: nanoseconds of one monotonic clock, such as `process.hrtime.bigint`. `sink` gets lines that end in a newline. */
  constructor(options: {
    readonly meta: MetaToWrite;
    readonly now: () => bigint;
    readonly sink: (line: string) => void;
  }) {
    this.#now = options.now;
    this.#sink = options.sink;
    this.#write({ type: 'meta', version: 1, ...options.meta });
  }

  /** The process asks now. */
  invoke(process: number, call: CallToWrite): void {
    if (this.#open.has(process)) throw new Error(`process ${process} invokes ${call.f} while an operation is open`);
    this.#open.add(process);
    this.#stamp({ type: 'invoke', process, ...call });
  }

  /** The outcome of its operation is known. */
  ok(process: number, result: ResultToWrite = {}): void {
    this.#complete('ok', process, { ...result });
  }

  /** Its operation surely had no effect: it was rejected before it was proposed. When in doubt, `unknown`. */
  fail(process: number, error?: string): void {
    this.#complete('fail', process, error === undefined ? {} : { error });
  }

  /** Anything else: time-out, connection lost, process killed. */
  unknown(process: number, error?: string): void {
    this.#complete('info', process, error === undefined ? {} : { error });
  }

  /** Whether an operation of the process is open. */
  isOpen(process: number): boolean {
    return this.#open.has(process);
  }

  /** The cluster, not a local guess, said that the client's session is dead. */
  expired(client: string): void {
    this.#stamp({ type: 'notice', f: 'expired', client });
  }

  /** A fault begins (`start`) or ends (`stop`). */
  nemesis(fault: { readonly f: string; readonly phase?: 'start' | 'stop'; readonly node?: string }): void {
    this.#stamp({ type: 'nemesis', ...fault });
  }

  /** `healed`: faults are over and everything runs again. */
  mark(mark: string): void {
    this.#stamp({ type: 'mark', mark });
  }

  #complete(type: 'ok' | 'fail' | 'info', process: number, result: Readonly<Record<string, unknown>>): void {
    if (!this.#open.delete(process)) throw new Error(`process ${process} completes what it has not invoked`);
    this.#stamp({ type, process, ...result });
  }

  #stamp(line: Readonly<Record<string, unknown>>): void {
    this.#write({ ...line, time: `${this.#now()}` });
  }

  #write(line: Readonly<Record<string, unknown>>): void {
    this.#sink(`${JSON.stringify(line)}\n`);
  }
}
