import type { Entry, LogWrite, Message, Persist } from '../../raft/index.ts';
import type { Store } from '../../storage/index.ts';
import type { Clock } from '../clock/index.ts';

interface DiskHandlers {
  /** All writes up to this one are durable; their messages may leave now. */
  durable(write: number, released: readonly Message[]): void;
  /** A snapshot became the table on disk, with the write that `durable` reports next. */
  installed(write: LogWrite): void;
  failed(error: Error): void;
}

/**
 * One write at a time; what is asked meanwhile joins the next one. Group commit falls out of that: the slower the
 * disk, the larger the batches.
 */
export class Disk {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #handlers: DiskHandlers;
  #waiting: Persist[] = [];
  #busySince: number | undefined;
  #isClosed = false;

  constructor(store: Store, clock: Clock, handlers: DiskHandlers) {
    this.#store = store;
    this.#clock = clock;
    this.#handlers = handlers;
  }

  /** Milliseconds that the write under way has taken so far; 0 when there is none. */
  get busyMs(): number {
    return this.#busySince === undefined ? 0 : this.#clock.now() - this.#busySince;
  }

  get isIdle(): boolean {
    return this.#busySince === undefined && this.#waiting.length === 0;
  }

  ask(persist: Persist): void {
    this.#waiting.push(persist);
    if (this.#busySince === undefined) this.#start();
  }

  /** Nothing more is started or reported. */
  close(): void {
    this.#isClosed = true;
    this.#waiting = [];
  }

  #start(): void {
    const batch = takeBatch(this.#waiting);
    const last = batch.at(-1);
    if (last === undefined || this.#isClosed) return;
    this.#waiting = this.#waiting.slice(batch.length);
    this.#busySince = this.#clock.now();
    const write = mergeWrites(batch.map((persist) => persist.write));
    try {
      this.#write(write, batch, last.id);
    } catch (error) {
      // A store throws when it is asked for what makes no sense: as much an end as a failed write.
      this.#handlers.failed(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #write(write: LogWrite, batch: readonly Persist[], lastId: number): void {
    this.#store.write(write, (outcome) => {
      this.#busySince = undefined;
      if (this.#isClosed) return;
      if (!outcome.ok) return this.#handlers.failed(outcome.error);
      if (write.install !== undefined) this.#handlers.installed(write);
      this.#handlers.durable(lastId, stillTrue(batch, write));
      if (this.#busySince === undefined) this.#start();
    });
  }
}

/** An installation goes alone: it replaces what stands before it, and what follows refers to what it leaves. */
function takeBatch(waiting: readonly Persist[]): readonly Persist[] {
  const first = waiting.findIndex((persist) => persist.write.install !== undefined);
  if (first === -1) return waiting;
  return waiting.slice(0, Math.max(1, first));
}

/**
 * Of what the parts of a write may say once it is durable, all that no later part has made void: what was accepted in a
 * term that has passed meanwhile may have been truncated in the same write, and was never on this disk (S32).
 */
const stillTrue = (batch: readonly Persist[], { hardState }: LogWrite): readonly Message[] => {
  const term = hardState?.term ?? 0;
  return batch.flatMap(({ thenSend }) => thenSend.filter((message) => message.term >= term));
};

/** One write with the effect of all, in their order. */
export function mergeWrites(writes: readonly LogWrite[]): LogWrite {
  const [first] = writes;
  if (first !== undefined && writes.length === 1) return first;
  let entries: Entry[] = [];
  let merged: Omit<LogWrite, 'entries'> = noChange;
  for (const write of writes) {
    const from = write.truncateFrom;
    if (from !== undefined) entries = entries.filter((entry) => entry.index < from);
    for (const entry of write.entries) entries.push(entry);
    merged = {
      hardState: write.hardState ?? merged.hardState,
      install: write.install ?? merged.install,
      base: write.base ?? merged.base,
      truncateFrom: smaller(merged.truncateFrom, from),
    };
  }
  return { ...merged, entries };
}

const noChange = { hardState: undefined, install: undefined, base: undefined, truncateFrom: undefined };

function smaller(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}
