import { setTimeout as pause } from 'node:timers/promises';
import { nowMs } from '../clock.ts';
import type { Answers, Orders } from './messages.ts';
import type { Held, LockPort } from './port.ts';
import { Troubles } from './troubles.ts';

/** Given up and asked again soon: a request that was under way at a kill must not hide the next one. */
const patienceMs = 250;

const troublePauseMs = 2;
const rememberedMax = 10_000;

/** Workers that acquire and release for as long as it takes, each its own lock, so that a dead holder hides nothing. */
export class Watch {
  readonly #port: LockPort;
  readonly #work: readonly Promise<void>[];
  readonly #troubles: Troubles = new Troubles();
  readonly #recent: { readonly askedAt: number; readonly grantedAt: number }[] = [];
  #grants = 0;
  #isStopping = false;

  constructor(port: LockPort, { workers, name }: Orders['watch']) {
    this.#port = port;
    this.#work = Array.from({ length: workers }, (_, worker) => this.#loop(`${name}/${worker}`));
  }

  since(atMs: number): number | undefined {
    return this.#recent.find(({ askedAt }) => askedAt >= atMs)?.grantedAt;
  }

  async stop(): Promise<Answers['unwatch']> {
    this.#isStopping = true;
    await Promise.all(this.#work);
    return { grants: this.#grants, troubles: this.#troubles.count };
  }

  async #loop(name: string): Promise<void> {
    for (let turn = 0; !this.#isStopping; ) {
      const askedAt = nowMs();
      try {
        const held = await this.#acquired(`${name}/${turn}`);
        this.#remember(askedAt);
        await withinPatience(held.release());
      } catch (error) {
        this.#troubles.add(error);
        // Nobody knows what became of a request that a kill interrupted; its lock may be held by nobody alive.
        turn += 1;
        await pause(troublePauseMs);
      }
    }
  }

  /** What comes too late is released again. */
  async #acquired(name: string): Promise<Held> {
    const acquiring = this.#port.acquire(name, patienceMs);
    try {
      return await withinPatience(acquiring);
    } catch (error) {
      acquiring.then((held) => held.release()).catch(() => undefined);
      throw error;
    }
  }

  #remember(askedAt: number): void {
    this.#grants += 1;
    this.#recent.push({ askedAt, grantedAt: nowMs() });
    if (this.#recent.length > rememberedMax) this.#recent.splice(0, rememberedMax / 2);
  }
}

/** Not every service has a limit of its own for a call. */
async function withinPatience<T>(work: Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = pause(2 * patienceMs, undefined, { signal: over.signal }).then(() => {
    throw new Error(`no answer within ${2 * patienceMs} ms`);
  });
  // Once the work is done, nobody listens to the timer any more.
  late.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    over.abort();
  }
}
