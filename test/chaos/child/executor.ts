import type { DeadlockError, HoldfastClient, HoldfastNode, LockHandle, ReaderWriterHandle } from 'holdfast';
import type { Answer, Question, Report } from '../messages.ts';
import { seek } from './seek.ts';

type Provider = HoldfastNode | HoldfastClient;

/** A handle, and until when it promised to be held. */
interface Kept {
  readonly handle: LockHandle;
  /** Milliseconds of `performance.now`; the true deadline is never earlier. */
  heldUntil: number;
}

/** Carries out what the harness asks, and decides nothing. */
export class Executor {
  readonly #providers: readonly Provider[];
  readonly #tell: (report: Report) => void;
  /** By the number of the question and, of several locks, the place of each. */
  readonly #kept: Map<string, Kept> = new Map();

  constructor(providers: readonly Provider[], tell: (report: Report) => void) {
    this.#providers = providers;
    this.#tell = tell;
  }

  /** Never rejects: an error is an answer, too. */
  async answer(id: number, question: Question): Promise<Answer> {
    try {
      return await this.#answer(id, question);
    } catch (error) {
      return errorAnswer(error);
    }
  }

  async #answer(id: number, question: Question): Promise<Answer> {
    switch (question.kind) {
      case 'acquire': {
        const { name, timeout } = question;
        return this.#keep(id, await this.#at(question.seat).acquireLock(name, { timeout }));
      }
      case 'try':
        return this.#keep(id, await this.#at(question.seat).tryAcquireLock(question.name));
      case 'acquire-parts': {
        const handles = await seek(this.#at(question.seat), question);
        const [first] = handles ?? [];
        if (handles === null || first === undefined) return { kind: 'busy' };
        for (const [at, handle] of handles.entries()) this.#keep(id, handle, at);
        return { kind: 'granted', token: first.fencingToken };
      }
      case 'upgrade':
        return await this.#upgrade(question);
      case 'downgrade':
        await readerWriter(this.#at0(question.hold)).downgrade(question.to);
        return { kind: 'done' };
      case 'limit':
        await this.#at(question.seat).changeSemaphoreLimit(question.name, question.limit);
        return { kind: 'done' };
      case 'release':
        return await this.#release(keyOf(question));
      case 'check':
        return { kind: 'checked', isHeld: this.#check(keyOf(question)) };
      case 'inspect': {
        const { holders } = await this.#at(question.seat).inspect(question.name);
        return { kind: 'holders', holders: holders.map(({ token, label, node }) => ({ token, home: node ?? label })) };
      }
      case 'clock':
        return { kind: 'clock', wallMs: Date.now(), monotonicMs: performance.now() };
      case 'status': {
        const { role, term } = await this.#at(0).status();
        return { kind: 'status', role, term };
      }
      default:
        return question satisfies never;
    }
  }

  #at(seat: number): Provider {
    const provider = this.#providers[seat % this.#providers.length];
    if (provider === undefined) throw new Error('this process has no connection');
    return provider;
  }

  #at0(hold: number): LockHandle {
    const kept = this.#kept.get(keyOf({ hold }));
    if (kept === undefined) throw new Error(`no hold ${hold} in this process`);
    return kept.handle;
  }

  async #upgrade({ hold, timeout }: Extract<Question, { readonly kind: 'upgrade' }>): Promise<Answer> {
    const handle = readerWriter(this.#at0(hold));
    if (timeout === 0) {
      if (!(await handle.tryUpgrade())) return { kind: 'busy' };
    } else await handle.upgrade({ timeout });
    return { kind: 'granted', token: handle.fencingToken };
  }

  #keep(id: number, handle: LockHandle | null, part = 0): Answer {
    if (handle === null) return { kind: 'busy' };
    const kept = { handle, heldUntil: performance.now() + handle.remaining() };
    this.#kept.set(keyOf({ hold: id, part }), kept);
    handle.on('recovered', (remainingMs) => {
      kept.heldUntil = Math.max(kept.heldUntil, performance.now() + remainingMs);
    });
    handle.on('lost', ({ reason }) => this.#lost(kept, reason));
    return { kind: 'granted', token: handle.fencingToken };
  }

  #check(hold: string): boolean {
    const kept = this.#kept.get(hold);
    if (kept?.handle.isHeld !== true) return false;
    kept.heldUntil = Math.max(kept.heldUntil, performance.now() + kept.handle.remaining());
    return true;
  }

  async #release(hold: string): Promise<Answer> {
    const kept = this.#kept.get(hold);
    if (kept === undefined) throw new Error(`no hold ${hold} in this process`);
    this.#check(hold);
    this.#kept.delete(hold);
    try {
      await kept.handle.release();
    } catch (error) {
      if (error instanceof Error && 'reason' in error) this.#lost(kept, String(error.reason));
      throw error;
    }
    return { kind: 'released' };
  }

  /** A hold is gone. Before its deadline only this process itself may have ended it. */
  #lost({ handle, heldUntil }: Kept, reason: string): void {
    const leftMs = heldUntil - performance.now();
    const { name, fencingToken: token } = handle;
    if (reason === 'session' && leftMs > 1) this.#tell({ kind: 'early-loss', name, token, leftMs });
  }
}

const keyOf = ({ hold, part = 0 }: { readonly hold: number; readonly part?: number | undefined }): string =>
  `${hold} ${part}`;

/** By its shape: the class is that of the library under test, which this program does not load itself. */
function readerWriter(handle: LockHandle): ReaderWriterHandle {
  if (handle.kind !== 'reader-writer') throw new Error(`${handle.name} is not held as a reader-writer lock`);
  return handle as ReaderWriterHandle;
}

/** Only the library's own errors say what became of the call; of any other, nothing is known. */
function errorAnswer(error: unknown): Answer {
  if (!(error instanceof Error)) return { kind: 'error', code: 'UNKNOWN', outcome: 'unknown', text: String(error) };
  const { message } = error;
  const code = 'code' in error ? String(error.code) : error.name;
  const outcome = 'outcome' in error ? error.outcome : 'unknown';
  const isSure = outcome === 'not-applied' || outcome === 'applied';
  const cycle = 'cycle' in error ? (error as DeadlockError).cycle : undefined;
  const limit = 'actual' in error && typeof error.actual === 'number' ? error.actual : undefined;
  return { kind: 'error', code, outcome: isSure ? outcome : 'unknown', text: message, cycle, limit };
}
