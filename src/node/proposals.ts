import type { Core, ProposalAnswer } from '../../raft/index.ts';
import type { Clock } from '../clock/index.ts';
import { type Command, commandTuple } from '../table/index.ts';
import { encodeBatch } from './batch-codec.ts';
import type { Receipt } from './tickets.ts';

/** Who handed commands to the leader, told once what became of them. */
export type ReceiptHandler = (receipt: Receipt) => void;

/** Commands in one entry; a turn with more makes several entries. */
const batchCommandsMax = 4_096;

/** An upper bound of what one command's tuple takes, when encoded, besides its strings and the parts of a long one. */
const commandBytes = 64;

/** How many values that covers, and what each further one takes. */
const covered = { values: 8, bytesBeyond: 9 };

/** Gathers the commands of a turn into log entries: one entry carries all of them (ARCHITECTURE 2). */
export class Proposals {
  readonly #core: Core;
  readonly #clock: Clock;
  readonly #batchBytesMax: number;
  readonly #answered = new Map<number, ReceiptHandler[]>();
  #waiting: { readonly command: Command; readonly handler: ReceiptHandler }[] = [];
  #nextId = 1;

  constructor(core: Core, clock: Clock, batchBytesMax: number) {
    this.#core = core;
    this.#clock = clock;
    this.#batchBytesMax = batchBytesMax;
  }

  /** `handler` is called once for each log entry that took in some of `commands`. */
  add(commands: readonly Command[], handler: ReceiptHandler): void {
    for (const command of commands) this.#waiting.push({ command, handler });
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** An id for an input of another kind that is answered among the proposals. */
  takeId(): number {
    const id = this.#nextId;
    this.#nextId += 1;
    return id;
  }

  /** Hands everything gathered to the core, within the turn. */
  flush(now: number): void {
    const stamp = Math.round(this.#clock.wall());
    let tuples: (readonly unknown[])[] = [];
    let handlers: ReceiptHandler[] = [];
    let bytes = 0;
    const propose = (): void => {
      if (tuples.length === 0) return;
      const id = this.takeId();
      this.#answered.set(id, handlers);
      this.#core.step({ kind: 'propose', id, payload: encodeBatch(stamp, tuples) }, now);
      tuples = [];
      handlers = [];
      bytes = 0;
    };
    for (const { command, handler } of this.#waiting) {
      const tuple = commandTuple(command);
      const size = sizeOf(tuple);
      if (tuples.length >= batchCommandsMax || bytes + size > this.#batchBytesMax) propose();
      tuples.push(tuple);
      if (handlers.at(-1) !== handler) handlers.push(handler);
      bytes += size;
    }
    propose();
    this.#waiting = [];
  }

  /** True if `answer` was to one of our entries. */
  answered(answer: ProposalAnswer): boolean {
    const handlers = this.#answered.get(answer.id);
    if (handlers === undefined) return false;
    this.#answered.delete(answer.id);
    const receipt = receiptOf(answer);
    for (const handler of handlers) handler(receipt);
    return true;
  }
}

function receiptOf(answer: ProposalAnswer): Receipt {
  if (answer.kind === 'accepted') return 'accepted';
  return answer.reason === 'not-leader' ? 'try-there' : 'slow-down';
}

function sizeOf(tuple: readonly unknown[]): number {
  let size = commandBytes + Math.max(0, tuple.length - covered.values) * covered.bytesBeyond;
  for (const field of tuple) if (typeof field === 'string') size += field.length * 3;
  return size;
}
